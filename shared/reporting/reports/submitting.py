"""Submitting a report: all of it is kept, or none and every fault is named.

The write order is taken before anything is read about standing reports, so what is read stays true to the commit.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from shared.kit.feed import publish, take_write_order
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, Invalid, Sentence, fault
from shared.periods import Period, local_day
from shared.reporting.desk import Desk
from shared.reporting.figures.over_time import stretches
from shared.reporting.models import Report
from shared.reporting.reports import store
from shared.reporting.reports.comparing import counts, differences
from shared.reporting.reports.problems import (
    ReportExists,
    ReportNotFound,
    SupersedesNotLatest,
    ValueStatedElsewhere,
)
from shared.reporting.reports.rules import Checked, Checker
from shared.reporting.reports.standing import happening, refresh_touched
from shared.reporting.statements import Stated, Statement, content_sha256, receipt_code

EVIDENCE_UNKNOWN = Sentence(
    "Chưa có tệp minh chứng với mã băm này; hãy gửi tệp trước.",
    "No file with this hash has been sent; send the file first.",
)
DIFFERENCES_SAID = 50
CONFLICTS_SAID = 50
_ORDINAL = re.compile("[0-9]{1,9}")
"""A step of a pointer that is a place in a list; a client may name a field with any other digits."""


@dataclass(frozen=True)
class Submitted:
    """A report that is kept, and whether this request made it."""

    report: Report
    created: bool


async def submit(
    desk: Desk,
    statement: Statement,
    *,
    supersedes: uuid.UUID | None,
    shape_faults: Collection[Fault] = (),
    unread: frozenset[str] = frozenset(),
) -> Submitted:
    """Keep a report whole, or refuse it naming every fault.

    An identical report that is live already is the answer itself. A correction names the latest live report.
    """
    engine, session = desk.engine, desk.session
    if any(it.pointer.startswith("/observations") for it in shape_faults):
        unread |= {"observations"}
    checker = Checker(engine.catalogue, desk.territory, local_day(desk.now))
    checked, faults = checker.check(statement, unread)
    faults += await _unknown_evidence(desk, statement)
    if checked is None or faults or shape_faults:
        raise Invalid(faults=sorted((*shape_faults, *faults), key=_reading_order))
    desk.require_unit(statement.unit, checked.period)
    said = content_sha256(replace(statement, period=str(checked.period), form=checked.form.code))

    at = await take_write_order(session, desk.now)
    live = await store.live_reports(session, statement.unit, str(checked.period), checked.form.code)
    same = next((it for it in live if it.content_sha256 == said), None)
    if same is not None and (supersedes is None or same is live[0]):
        return Submitted(same, created=False)
    before = await _latest(desk, live, supersedes, checked)
    await _refuse_double_count(desk, checked, but=[it.id for it in live])
    await _refuse_nil_beside_values(desk, checked, but=[it.id for it in live])

    old = await store.values_of(session, live[0]) if live else []
    report = _new_report(desk, checked, said, at, before, old)
    happenings = [happening("report.submitted", report)]
    if live:
        await store.end_standing(session, live[0], "provisional", at)
        if live[0].state == "submitted":  # it makes room first: one pending report of a unit, period and form
            await store.move(session, live[0], "superseded", at)
            await store.note_review(session, live[0], "superseded", desk.caller.client_id, at)
            happenings.append(happening("report.superseded", live[0]))
    session.add(report)
    await session.flush()
    await store.keep_values(session, report.id, checked)
    await store.begin_standing(session, report, "provisional", at)
    await store.note_review(session, report, "submitted", desk.caller.client_id, at)
    await refresh_touched(desk, checked.period, ["provisional"], [*old, *checked.said])
    await publish(session, at, happenings)
    return Submitted(report, created=True)


async def _unknown_evidence(desk: Desk, statement: Statement) -> list[Fault]:
    named = [it["sha256"] for it in statement.evidence]
    known = await store.known_evidence(desk.session, named) if named else frozenset()
    return [
        fault(f"/evidence/{at}/sha256", "evidence_unknown", EVIDENCE_UNKNOWN)
        for at, sha256 in enumerate(named)
        if sha256 not in known
    ]


async def _latest(
    desk: Desk, live: list[Report], supersedes: uuid.UUID | None, checked: Checked
) -> uuid.UUID | None:
    """Give the report that this one supersedes, or refuse."""
    if live:
        latest = live[0]
        if supersedes is None:
            raise ReportExists(report=_named(latest))
        if supersedes != latest.id:
            found = differences(checked.said, await store.values_of(desk.session, latest))
            raise SupersedesNotLatest(
                latest=str(latest.id), report=_named(latest), differences=found[:DIFFERENCES_SAID]
            )
        return latest.id
    if supersedes is None:
        return None
    named = await store.report(desk.session, supersedes)
    key = (checked.statement.unit, str(checked.period), checked.form.code)
    if named is None or (named.unit, named.period, named.form) != key:
        raise ReportNotFound(report=str(supersedes))
    return named.id


async def _refuse_double_count(desk: Desk, checked: Checked, *, but: Collection[uuid.UUID]) -> None:
    """Refuse values that another live report states at the same unit, above it or below it.

    For the same period, any value. For a period that holds this one or lies in it, a flow: what happened in a month has
    happened in its year, and is stated once. For any other part of the year, a stock at another level: the last of
    the year is looked for unit by unit, and a district's January would stand beside its communes' February.
    """
    on, territory = checked.period.ends_on, desk.territory
    stated = {(it.unit, it.indicator) for it in checked.said}
    units = {unit for unit, _ in stated}
    lines = {unit: (unit, *(above.code for above in territory.ancestors(unit, on))) for unit in units}
    at_or_below: dict[tuple[str, str], list[str]] = defaultdict(list)
    for unit, indicator in sorted(stated):
        for code in lines[unit]:
            at_or_below[code, indicator].append(unit)
    below = {one.code for unit in units for one in territory.descendants(unit, on) if one.level != "village"}
    nearby = await store.standing_nearby(
        desk.session,
        year=checked.period.year,
        periods=[
            str(one) for one in stretches(Period(checked.period.year)) if one.kind in checked.form.periods
        ],
        units=below.union(*lines.values()),
        indicators={indicator for _, indicator in stated},
        but=but,
    )
    flows = {
        code
        for _, code in stated
        if (one := desk.engine.catalogue.indicator(code, on)) is not None and one.flow
    }

    def concerned(it: store.Nearby) -> Iterator[str]:
        """Give the units of this report that the value is said of, above or below."""
        line = (it.unit, *(above.code for above in territory.ancestors(it.unit, on)))
        holding = (code for code in line if (code, it.indicator) in stated)
        yield from dict.fromkeys((*at_or_below[it.unit, it.indicator], *holding))

    conflicts = [
        {
            "unit": unit,
            "indicator": it.indicator,
            "stated_at": it.unit,
            "period": it.period,
            "report": str(it.report_id),
            "reported_by": it.reported_by,
        }
        for it in nearby
        for unit in concerned(it)
        if _counts_twice(checked.period, unit, it, flow=it.indicator in flows)
    ]
    if conflicts:
        raise ValueStatedElsewhere(conflicts=conflicts[:CONFLICTS_SAID], conflicts_count=len(conflicts))


def _counts_twice(period: Period, unit: str, there: store.Nearby, *, flow: bool) -> bool:
    if there.period == str(period):
        return True
    return Period.parse(there.period).overlaps(period) if flow else there.unit != unit


async def _refuse_nil_beside_values(desk: Desk, checked: Checked, *, but: Collection[uuid.UUID]) -> None:
    """Refuse to say that nothing happened where another live report states values, and values where one says so."""
    statement, on = checked.statement, checked.period.ends_on
    period, form = str(checked.period), checked.form.code
    units = {statement.unit, *(it.unit for it in statement.values)}
    units |= {above.code for unit in units for above in desk.territory.ancestors(unit, on)}
    said: list[tuple[str, str | None, uuid.UUID, str]]
    if statement.nil:
        values = await store.standing_nearby(
            desk.session,
            year=checked.period.year,
            periods=[period],
            units={*units, *(it.code for it in desk.territory.descendants(statement.unit, on))},
            indicators={it.code for it in desk.engine.catalogue.indicators_of(form, on)},
            but=but,
        )
        said = [(it.unit, it.indicator, it.report_id, it.reported_by) for it in values]
    else:
        # Whoever stated nothing below a unit of which a value speaks is named as well.
        units |= {
            it.code
            for unit in {it.unit for it in statement.values}
            for it in desk.territory.descendants(unit, on)
        }
        nil = await store.standing_nil(desk.session, period=period, form=form, units=units, but=but)
        said = [(unit, None, report_id, unit) for unit, report_id in nil]
    conflicts = [
        {
            "unit": statement.unit,
            "indicator": indicator,
            "stated_at": unit,
            "period": period,
            "report": str(report_id),
            "reported_by": reported_by,
        }
        for unit, indicator, report_id, reported_by in sorted(said, key=str)
    ]
    if conflicts:
        raise ValueStatedElsewhere(conflicts=conflicts[:CONFLICTS_SAID], conflicts_count=len(conflicts))


def _new_report(
    desk: Desk,
    checked: Checked,
    said: str,
    at: datetime,
    supersedes: uuid.UUID | None,
    old: Collection[Stated],
) -> Report:
    report_id = uuid7(at)
    return Report(
        id=report_id,
        year=checked.period.year,
        unit=checked.statement.unit,
        period=str(checked.period),
        form=checked.form.code,
        state="submitted",
        client_id=desk.caller.client_id,
        received_at=at,
        state_at=at,
        content_sha256=said,
        receipt_code=receipt_code(desk.engine.catalogue.program, report_id),
        supersedes=supersedes,
        nil=checked.statement.nil,
        note=checked.statement.note,
        document=checked.statement.document,
        evidence=list(checked.statement.evidence),
        counts=counts(checked.statement.values, old),
    )


def _named(report: Report) -> dict[str, str]:
    return {
        "id": str(report.id),
        "state": report.state,
        "received_at": report.received_at.isoformat().replace("+00:00", "Z"),
        "content_sha256": report.content_sha256,
    }


def _reading_order(one: Fault) -> tuple[object, ...]:
    """Order faults as the body is read: by the steps of their pointers, numbers as numbers."""
    steps = one.pointer.split("/")[1:]
    return tuple((1, int(step), "") if _ORDINAL.fullmatch(step) else (0, 0, step) for step in steps)
