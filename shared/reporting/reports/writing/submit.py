"""Submitting a report: all of it is kept, or none and every fault is named.

What depends on nobody else is done first. The place of the report is taken before it is found out what stands there, so
that stays true to the commit. Its values and the sums that they touch are written then: nobody sees them before the
commit. Last of all, the answer kept already, the write order is taken, and the report stands.
"""

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace

from shared.kit.change_feed import lock_feed
from shared.kit.cooperative import Step, yield_to_event_loop
from shared.kit.database import put_last
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, Invalid, Sentence, make_fault
from shared.periods import local_day
from shared.reporting.content_hash import content_sha256, receipt_code
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.report_content import ReportContent, StatedValue
from shared.reporting.reports import store
from shared.reporting.reports.checking.checker import CheckedReport, ReportChecker
from shared.reporting.reports.differences import count_changes, find_differences
from shared.reporting.reports.problems import ReportExists, ReportNotFound, SupersedesNotLatest
from shared.reporting.reports.standing import report_event, roll_ups_of
from shared.reporting.reports.writing import sql
from shared.reporting.reports.writing.locks import lock_unit_year
from shared.reporting.reports.writing.overlaps import OverlapSearch
from shared.reporting.rollups.refresh import RollUpRefresh

EVIDENCE_UNKNOWN = Sentence(
    "Chưa có tệp minh chứng với mã băm này; hãy gửi tệp trước.",
    "No file with this hash has been sent; send the file first.",
)
DIFFERENCES_SAID = 50
"""The refusal of a correction shows so many of what differs, and how many there are."""
_ORDINAL = re.compile("[0-9]{1,9}")
"""A step of a pointer that is a place in a list; a client may name a field with any other digits."""


@dataclass(frozen=True)
class Submitted:
    """A report that is kept, and whether this request made it."""

    report: Report
    created: bool


@dataclass(frozen=True)
class _Ready:
    """A checked report, and all that can be found before anybody waits for it."""

    id: uuid.UUID
    said: str
    """Its fingerprint."""
    checked: CheckedReport
    vicinity: OverlapSearch
    touched: RollUpRefresh


async def submit(
    context: ReportingContext,
    statement: ReportContent,
    *,
    supersedes: uuid.UUID | None,
    shape_faults: Collection[Fault] = (),
    unread: frozenset[str] = frozenset(),
) -> Submitted:
    """Keep a report whole, or refuse it naming every fault.

    An identical report that is live already is the answer itself. A correction names the latest live report.
    """
    engine, session = context.engine, context.session
    if any(it.pointer.startswith("/observations") for it in shape_faults):
        unread |= {"observations"}
    await yield_to_event_loop()
    checker = ReportChecker(engine.catalogue, context.territory, local_day(context.now))
    checked, faults = checker.check(statement, unread)
    faults += await _unknown_evidence(context, statement)
    if checked is None or faults or shape_faults:
        raise Invalid(faults=sorted((*shape_faults, *faults), key=_reading_order))
    context.require_unit(statement.unit, checked.period)
    await yield_to_event_loop()
    said = content_sha256(replace(statement, period=str(checked.period), form=checked.form.code))
    ready = _Ready(
        uuid7(context.now),
        said,
        checked,
        OverlapSearch(engine.catalogue, context.territory, checked),
        RollUpRefresh(
            engine.catalogue,
            context.territory,
            period=checked.period,
            units=checked.units,
            indicators=checked.indicators,
        ),
    )
    await yield_to_event_loop()
    async with context.turn.of(Step.PLACE):
        await lock_unit_year(session, context.territory, statement.unit, checked.period)
    first = await _where_nothing_stands(context, ready) if supersedes is None else None
    return first or await _beside_what_stands(context, ready, supersedes)


async def _where_nothing_stands(context: ReportingContext, ready: _Ready) -> Submitted | None:
    """Keep a report that is the first of its place, for all of it; None where it is not."""
    nearby = ready.vicinity.nearby
    if nearby is None:
        return None
    report = _new_report(context, ready)
    if not await sql.keep_first(context.session, report, ready.checked, ready.touched, nearby):
        return None
    _stand_at_last(context, report, ready.touched)
    return Submitted(report, created=True)


async def _beside_what_stands(
    context: ReportingContext, ready: _Ready, supersedes: uuid.UUID | None
) -> Submitted:
    """Look at what stands, and keep the report, in place of the live one where it corrects it, or refuse it."""
    session, checked = context.session, ready.checked
    around = await ready.vicinity.look(session)
    live = await store.live_reports(session, *checked.key) if around.replaced else []
    same = next((it for it in live if it.content_sha256 == ready.said), None)
    if same is not None and (supersedes is None or same is live[0]):
        return Submitted(same, created=False)
    before = await _latest(context, live, supersedes, checked)
    around.refuse()

    latest = live[0] if live else None
    old = await store.values_of(session, latest) if latest else []
    report = _new_report(context, ready, before, old)
    touched = roll_ups_of(context, checked.period, [*old, *checked.said]) if old else ready.touched
    await sql.keep_values(session, report, checked)
    await touched.add_up(session, "provisional", ceased=bool(old), coming=report, leaving=latest)
    _stand_at_last(context, report, touched, latest)
    return Submitted(report, created=True)


def _stand_at_last(
    context: ReportingContext, report: Report, touched: RollUpRefresh, latest: Report | None = None
) -> None:
    """Keep a report itself, which stands from then on, when the write order is its; in place of the latest one."""

    async def stand() -> None:
        session = context.session
        async with context.turn.of(Step.WRITE_ORDER):
            at = report.state_at = await lock_feed(session, context.clock)
        happenings = [report_event("report.submitted", report)]
        if latest is not None:
            await store.end_standing(session, latest, "provisional", at)
            if latest.state == "submitted":  # it makes room: one pending report of a unit, period and form
                await store.move(session, latest, "superseded", at)
                await store.note_review(session, latest, "superseded", context.caller.client_id, at)
                happenings.append(report_event("report.superseded", latest))
        await sql.keep_report(session, report, happenings)
        await touched.refresh_made(session, "provisional")

    put_last(context.session, stand)


async def _unknown_evidence(context: ReportingContext, statement: ReportContent) -> list[Fault]:
    named = [it["sha256"] for it in statement.evidence]
    known = await store.known_evidence(context.session, named) if named else frozenset()
    return [
        make_fault(f"/evidence/{at}/sha256", "evidence_unknown", EVIDENCE_UNKNOWN)
        for at, sha256 in enumerate(named)
        if sha256 not in known
    ]


async def _latest(
    context: ReportingContext, live: list[Report], supersedes: uuid.UUID | None, checked: CheckedReport
) -> uuid.UUID | None:
    """Give the report that this one supersedes, or refuse."""
    if live:
        latest = live[0]
        if supersedes is None:
            raise ReportExists(report=_named(latest))
        if supersedes != latest.id:
            found = find_differences(checked.said, await store.values_of(context.session, latest))
            raise SupersedesNotLatest(
                latest=str(latest.id),
                report=_named(latest),
                differences=found[:DIFFERENCES_SAID],
                differences_count=len(found),
            )
        return latest.id
    if supersedes is None:
        return None
    named = await store.report(context.session, supersedes)
    if named is None or (named.unit, named.period, named.form) != checked.key:
        raise ReportNotFound(report=str(supersedes))
    return named.id


def _new_report(
    context: ReportingContext,
    ready: _Ready,
    supersedes: uuid.UUID | None = None,
    old: Collection[StatedValue] = (),
) -> Report:
    """Give the report as it came; the instant of its state is known when it stands."""
    checked = ready.checked
    return Report(
        id=ready.id,
        year=checked.period.year,
        unit=checked.statement.unit,
        period=str(checked.period),
        form=checked.form.code,
        state="submitted",
        client_id=context.caller.client_id,
        received_at=context.now,
        content_sha256=ready.said,
        receipt_code=receipt_code(context.engine.catalogue.program, ready.id),
        supersedes=supersedes,
        nil=checked.statement.nil,
        note=checked.statement.note,
        document=checked.statement.document,
        evidence=list(checked.statement.evidence),
        counts=count_changes(checked.statement.values, old),
        units=sorted(checked.units),
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
