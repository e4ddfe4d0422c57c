"""What people do with reports: submit, correct, accept, return, withdraw. Each is one transaction.

Every action takes the write order first, so what it reads about standing reports stays true to its commit.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.kit.feed import Happening, publish, take_write_order
from shared.kit.problems import Conflict, Fault, Forbidden, Invalid, NotFound, Sentence
from shared.periods import Period, local_day
from shared.reporting.desk import Desk
from shared.reporting.figures.rollups import refresh
from shared.reporting.models import Report
from shared.reporting.reports import store
from shared.reporting.reports.rules import Checked, Checker
from shared.reporting.statements import Stated, Statement, content_sha256, plain, receipt_code

DIFFERENCES_SAID = 50
CONFLICTS_SAID = 50


class ReportExists(Conflict):
    """A live report of this unit, period and form is there; a correction must name it."""

    code = "report_exists"
    detail = Sentence(
        "Đã có báo cáo của đơn vị này cho kỳ và biểu này; muốn sửa hãy gửi báo cáo với supersedes.",
        "A report of this unit, period and form exists; a correction names it in supersedes.",
    )


class SupersedesNotLatest(Conflict):
    """The report to be superseded is not the latest one."""

    code = "supersedes_not_latest"
    detail = Sentence(
        "Báo cáo được thay thế không phải là báo cáo mới nhất ({latest}).",
        "The report named in supersedes is not the latest one ({latest}).",
    )


class ValueStatedElsewhere(Conflict):
    """Another live report states the value, here or at another level of the tree."""

    code = "value_stated_elsewhere"
    detail = Sentence(
        "Một số giá trị đã được báo cáo khác nêu; không cộng hai lần.",
        "Another live report states some of these values, here or at another level; nothing counts twice.",
    )


class ReportNotFound(NotFound):
    """No report has this id."""

    code = "report_not_found"
    detail = Sentence("Không có báo cáo này.", "There is no such report.")


class NotReviewable(Conflict):
    """The report is not in a state that allows the action."""

    code = "report_state"
    detail = Sentence(
        "Báo cáo đang ở trạng thái {state}, không thể {action}.",
        "The report is {state}; it cannot be {action}.",
    )


class ContentChanged(Conflict):
    """The reviewer saw another content."""

    code = "content_changed"
    detail = Sentence(
        "Nội dung đã đọc không phải nội dung của báo cáo này.", "What was read is not what this report says."
    )


class OwnReport(Forbidden):
    """Nobody reviews a report of their own client."""

    code = "own_report"
    detail = Sentence("Không được tự duyệt báo cáo của mình.", "A client cannot review its own report.")


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
    if checked is None or shape_faults:
        raise Invalid(faults=sorted((*shape_faults, *faults), key=_reading_order))
    desk.require_unit(statement.unit, checked.period)
    said = content_sha256(_with_form(statement, checked))

    at = await take_write_order(session, desk.now)
    live = await store.live_reports(session, statement.unit, str(checked.period), checked.form.code)
    if live and live[0].content_sha256 == said:
        return Submitted(live[0], created=False)
    before = await _latest(desk, live, supersedes, checked)
    await _refuse_double_count(desk, checked, but=[it.id for it in live])

    old = await store.values_of(session, live[0]) if live else []
    report = _new_report(desk, checked, said, at, before, old)
    session.add(report)
    await session.flush()
    await store.keep_values(session, report.id, checked)
    happenings = [_happening("report.submitted", report)]
    if live:
        await store.end_standing(session, live[0], "provisional", at)
        if live[0].state == "submitted":
            await store.move(session, live[0], "superseded", at)
            await store.note_review(session, live[0], "superseded", desk.caller.client_id, at)
            happenings.append(_happening("report.superseded", live[0]))
    await store.begin_standing(session, report, "provisional", at)
    await store.note_review(session, report, "submitted", desk.caller.client_id, at)
    await _refresh(desk, checked.period, ["provisional"], [*old, *statement.values])
    await publish(session, at, happenings)
    return Submitted(report, created=True)


Verdict = Literal["accept", "return"]


async def review(
    desk: Desk, report_id: uuid.UUID, verdict: Verdict, *, seen_sha256: str, reason: str | None
) -> Report:
    """Accept or return a submitted report; the reviewer says which content was seen."""
    at, report, period = await _taken_up(desk, report_id)
    if report.client_id == desk.caller.client_id:
        raise OwnReport
    if report.state != "submitted":
        raise NotReviewable(report=str(report.id), state=report.state, action=f"{verdict}ed")
    if report.content_sha256 != seen_sha256:
        raise ContentChanged(report=str(report.id), content_sha256=report.content_sha256)
    accepted = await _accepted_beside(desk, report)
    values = await store.values_of(desk.session, report)
    if verdict == "accept":
        await _accept(desk, report, accepted, at)
    else:
        await _step_back(desk, report, accepted, "returned", at, reason)
    old = await store.values_of(desk.session, accepted) if accepted else []
    basis = "accepted" if verdict == "accept" else "provisional"
    await _refresh(desk, period, [basis], [*old, *values])
    happenings = [_happening("report.accepted" if verdict == "accept" else "report.returned", report)]
    if verdict == "accept" and accepted:
        happenings.append(_happening("report.superseded", accepted))
    await publish(desk.session, at, happenings)
    return report


async def withdraw(desk: Desk, report_id: uuid.UUID, *, seen_sha256: str, reason: str | None) -> Report:
    """Take a report back: its author while it is pending, a reviewer with a reason once it is accepted."""
    at, report, period = await _taken_up(desk, report_id)
    if report.state not in store.LIVE:
        raise NotReviewable(report=str(report.id), state=report.state, action="withdrawn")
    if report.state == "accepted" and "review" not in desk.caller.scopes:
        raise Forbidden(reason="an accepted report is withdrawn by a reviewer", scopes=["review"])
    if report.content_sha256 != seen_sha256:
        raise ContentChanged(report=str(report.id), content_sha256=report.content_sha256)
    values = await store.values_of(desk.session, report)
    accepted = None
    if report.state == "submitted":
        accepted = await _accepted_beside(desk, report)
        bases = ["provisional"]
    else:
        await store.end_standing(desk.session, report, "accepted", at)
        bases = ["accepted", "provisional"]
    await _step_back(desk, report, accepted, "withdrawn", at, reason)
    old = await store.values_of(desk.session, accepted) if accepted else []
    await _refresh(desk, period, bases, [*old, *values])
    await publish(desk.session, at, [_happening("report.withdrawn", report)])
    return report


async def _taken_up(desk: Desk, report_id: uuid.UUID) -> tuple[datetime, Report, Period]:
    at = await take_write_order(desk.session, desk.now)
    report = await store.report(desk.session, report_id)
    if report is None:
        raise ReportNotFound(report=str(report_id))
    period = Period.parse(report.period)
    desk.require_unit(report.unit, period)
    return at, report, period


async def _accepted_beside(desk: Desk, report: Report) -> Report | None:
    live = await store.live_reports(desk.session, report.unit, report.period, report.form)
    return next((it for it in live if it.state == "accepted" and it.id != report.id), None)


async def _accept(desk: Desk, report: Report, accepted: Report | None, at: datetime) -> None:
    if accepted is not None:
        await store.end_standing(desk.session, accepted, "accepted", at)
        await store.move(desk.session, accepted, "superseded", at)
        await store.note_review(desk.session, accepted, "superseded", desk.caller.client_id, at)
    await store.begin_standing(desk.session, report, "accepted", at)
    await store.move(desk.session, report, "accepted", at)
    await store.note_review(desk.session, report, "accepted", desk.caller.client_id, at)


async def _step_back(
    desk: Desk,
    report: Report,
    accepted: Report | None,
    state: Literal["returned", "withdrawn"],
    at: datetime,
    reason: str | None,
) -> None:
    """End the provisional standing; what was accepted before stands again."""
    stood = await store.end_standing(desk.session, report, "provisional", at)
    if stood and accepted is not None:
        await store.begin_standing(desk.session, accepted, "provisional", at)
    await store.move(desk.session, report, state, at)
    await store.note_review(desk.session, report, state, desk.caller.client_id, at, reason)


async def _latest(
    desk: Desk, live: list[Report], supersedes: uuid.UUID | None, checked: Checked
) -> uuid.UUID | None:
    """Give the report that this one supersedes, or refuse."""
    if live:
        latest = live[0]
        if supersedes is None:
            raise ReportExists(report=_named(latest))
        if supersedes != latest.id:
            differences = _differences(checked.statement, await store.values_of(desk.session, latest))
            raise SupersedesNotLatest(
                latest=str(latest.id), report=_named(latest), differences=differences[:DIFFERENCES_SAID]
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
    """Refuse values that another live report states at the same unit, above it or below it."""
    on = checked.period.ends_on
    stated = {(it.unit, it.indicator) for it in checked.statement.values}
    units = {unit for unit, _ in stated}
    lines = {unit: {unit, *(above.code for above in desk.territory.ancestors(unit, on))} for unit in units}
    below = {
        one.code
        for unit in units
        if desk.territory.unit(unit, on).level in ("province", "district")
        for one in desk.territory.descendants(unit, on)
    }
    nearby = await store.standing_nearby(
        desk.session,
        year=checked.period.year,
        period=str(checked.period),
        units=below.union(*lines.values()),
        indicators={indicator for _, indicator in stated},
        but=but,
    )
    conflicts = [
        {
            "unit": unit,
            "indicator": it.indicator,
            "stated_at": it.unit,
            "report": str(it.report_id),
            "reported_by": it.reported_by,
        }
        for it in nearby
        for unit, indicator in sorted(stated)
        if indicator == it.indicator
        and (it.unit in lines[unit] or desk.territory.is_within(it.unit, unit, on))
    ]
    if conflicts:
        raise ValueStatedElsewhere(conflicts=conflicts[:CONFLICTS_SAID], conflicts_count=len(conflicts))


async def _refresh(desk: Desk, period: Period, bases: Iterable[str], touched: Collection[Stated]) -> None:
    units = {it.unit for it in touched}
    indicators = {it.indicator for it in touched}
    for basis in bases:
        await refresh(
            desk.session,
            desk.engine.catalogue,
            desk.territory,
            basis=basis,
            period=period,
            units=units,
            indicators=indicators,
        )


def _with_form(statement: Statement, checked: Checked) -> Statement:
    return Statement(
        statement.unit,
        str(checked.period),
        checked.form.code,
        statement.values,
        statement.ordinals,
        statement.nil,
        statement.note,
        statement.document,
    )


def _new_report(
    desk: Desk,
    checked: Checked,
    said: str,
    at: datetime,
    supersedes: uuid.UUID | None,
    old: Collection[Stated],
) -> Report:
    report_id = _uuid7(at)
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
        counts=_counts(checked.statement.values, old),
    )


def _uuid7(at: datetime) -> uuid.UUID:
    """Make a time-ordered UUID (RFC 9562, version 7), so that rows of a time lie together."""
    milliseconds = int(at.timestamp() * 1000) & (1 << 48) - 1
    random = uuid.uuid4().int
    number = (
        milliseconds << 80 | 0x7 << 76 | (random >> 64 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return uuid.UUID(int=number)


def _counts(new: Collection[Stated], old: Collection[Stated]) -> dict[str, int]:
    """Count what a report changes against the one it supersedes; received = created + changed + unchanged."""
    before = {(it.unit, it.indicator): (it.value, it.status) for it in old}
    kinds = Counter(
        "created"
        if (it.unit, it.indicator) not in before
        else "unchanged"
        if before[it.unit, it.indicator] == (it.value, it.status)
        else "changed"
        for it in new
    )
    dropped = len(before.keys() - {(it.unit, it.indicator) for it in new})
    return {
        "received": len(new),
        "created": kinds["created"],
        "changed": kinds["changed"],
        "unchanged": kinds["unchanged"],
        "dropped": dropped,
    }


def _differences(statement: Statement, latest: Collection[Stated]) -> list[dict[str, Any]]:
    before = {(it.unit, it.indicator): it.value for it in latest}
    after = {(it.unit, it.indicator): it.value for it in statement.values}
    return [
        {
            "unit": unit,
            "indicator": indicator,
            "latest": plain(before[unit, indicator]) if (unit, indicator) in before else None,
            "yours": plain(after[unit, indicator]) if (unit, indicator) in after else None,
        }
        for unit, indicator in sorted({*before, *after})
        if before.get((unit, indicator)) != after.get((unit, indicator))
    ]


def _named(report: Report) -> dict[str, str]:
    return {
        "id": str(report.id),
        "state": report.state,
        "received_at": report.received_at.isoformat().replace("+00:00", "Z"),
        "content_sha256": report.content_sha256,
    }


def _happening(kind: str, report: Report) -> Happening:
    return Happening(
        kind,
        f"reports/{report.id}",
        {
            "unit": report.unit,
            "period": report.period,
            "form": report.form,
            "content_sha256": report.content_sha256,
        },
    )


def _reading_order(one: Fault) -> tuple[object, ...]:
    """Order faults as the body is read: by the steps of their pointers, numbers as numbers."""
    steps = one.pointer.split("/")[1:]
    return tuple((1, int(step), "") if step.isdigit() else (0, 0, step) for step in steps)
