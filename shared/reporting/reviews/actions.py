"""Actions that accept, return and withdraw reports. Each records who did it, when and why; only they change accepted figures."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Literal

from shared.kit.change_feed import lock_feed, publish_events
from shared.kit.problems import Forbidden, Invalid, Sentence, make_fault
from shared.periods import Period
from shared.reporting.catalogue.definitions import Form, ReviewStep
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.report_content import StatedValue
from shared.reporting.reports import store
from shared.reporting.reports.personal_data import require_no_personal_data
from shared.reporting.reports.problems import (
    AcceptedAbove,
    ContentChanged,
    NotReviewable,
    OwnReport,
    ReportNotFound,
    StepMissing,
    StepOfLevel,
    StepPassed,
    StepUnknown,
)
from shared.reporting.reports.writing.overlaps import require_no_overlap_with
from shared.reporting.reports.writing.report_rows import to_event
from shared.reporting.reports.writing.sql import lock_unit_year, lock_years
from shared.reporting.reviews.rules import (
    find_certifying_level,
    find_granted_levels,
    find_passing_level,
    may_accept,
)
from shared.reporting.rollups.refresh import RollUpRefresh, list_series_of_nil
from shared.territory.units import LEVEL_NAMES

Verdict = Literal["accept", "return"]
REASON_REQUIRED = Sentence(
    "Người duyệt rút báo cáo phải nêu lý do.", "A reviewer who withdraws a report must give a reason."
)
REVIEWER_WITHDRAWS = Sentence(
    "báo cáo đã duyệt phải do người duyệt rút", "an accepted report is withdrawn by a reviewer"
)


async def lock_years_of_reports(context: ReportingContext, report_ids: Collection[uuid.UUID]) -> None:
    """Lock the years of these reports, before the first review locks the change feed (see ADR 0003)."""
    await lock_years(context.session, await store.read_years(context.session, report_ids))


async def review(
    context: ReportingContext, report_id: uuid.UUID, verdict: Verdict, *, seen_sha256: str, reason: str | None
) -> Report:
    """Accept or return a submitted report whose content the reviewer saw."""
    require_no_personal_data(reason)
    at, report, period = await _lock_pending(context, report_id, seen_sha256, f"{verdict}ed")
    if verdict == "accept":
        _require_level_above(context, report, period)
        await _find_passed_steps(context, report)
    accepted = await _find_other_accepted(context, report)
    values = await _read_all_values(context, report, accepted)
    if verdict == "accept":
        await _accept(context, report, accepted, at)
        await _refresh_roll_ups(context, report, values, "accepted")
    else:
        await _take_out_of_effect(context, report, accepted, "returned", at, reason)
        await _refresh_roll_ups(context, report, values, "provisional")
    events = [to_event("report.accepted" if verdict == "accept" else "report.returned", report)]
    if verdict == "accept" and accepted:
        events.append(to_event("report.superseded", accepted))
    await publish_events(context.session, at, events)
    return report


async def pass_step(
    context: ReportingContext, report_id: uuid.UUID, step: str, *, seen_sha256: str
) -> Report:
    """Record that a submitted report passed a step of its form. The steps are passed in their order, each once."""
    at, report, period = await _lock_pending(context, report_id, seen_sha256, "passed")
    steps = {review_step.code: review_step for review_step in _find_form(context, report).steps}
    if step not in steps:
        raise StepUnknown(step=step, steps=", ".join(steps) or "-")
    _require_level(context, report, period, steps[step])
    if step in await _find_passed_steps(context, report, before=step):
        raise StepPassed(step=step, report=str(report.id))
    await store.record_review(context.session, report, "passed", context.caller.client_id, at, step=step)
    await publish_events(context.session, at, [to_event("report.passed", report)])
    return report


async def withdraw(
    context: ReportingContext, report_id: uuid.UUID, *, seen_sha256: str, reason: str | None
) -> Report:
    """Withdraw a report. Its unit may while it is pending; after its acceptance whoever may accept it, with a reason.

    What was accepted before an accepted report is put back: the report that this one had replaced is accepted again.
    """
    require_no_personal_data(reason)
    at, report, period = await _lock_report(context, report_id)
    if report.state == "accepted":
        _require_may_withdraw_accepted(context, report, period, reason)
    elif report.state != "submitted":
        raise NotReviewable(report=str(report.id), state=report.state, action="withdrawn")
    elif "report" not in context.caller.scopes:
        _require_reason(reason)
    _require_same_content(report, seen_sha256)
    if report.state == "accepted":
        await _withdraw_accepted(context, report, period, at, reason)
        return report
    accepted = await _find_other_accepted(context, report)
    values = await _read_all_values(context, report, accepted)
    await _take_out_of_effect(context, report, accepted, "withdrawn", at, reason)
    await _refresh_roll_ups(context, report, values, "provisional")
    await publish_events(context.session, at, [to_event("report.withdrawn", report)])
    return report


async def _withdraw_accepted(
    context: ReportingContext, report: Report, period: Period, at: datetime, reason: str | None
) -> None:
    """Withdraw an accepted report, and put back the one that it had replaced, if it had replaced one.

    Raise `ValueStatedElsewhere` where another report states by now what would be put back.
    """
    session = context.session
    earlier = await store.find_replaced(session, report)
    values = await _read_all_values(context, report, earlier)
    if earlier is not None:
        await require_no_overlap_with(context, earlier, period)
    await store.end_effect(session, report, "accepted", at)
    await _take_out_of_effect(context, report, earlier, "withdrawn", at, reason)
    events = [to_event("report.withdrawn", report)]
    if earlier is not None:
        await store.begin_effect(session, earlier, "accepted", at)
        await store.move_to_state(session, earlier, "accepted", at)
        await store.record_review(session, earlier, "reinstated", context.caller.client_id, at, reason)
        events.append(to_event("report.accepted", earlier, reinstated_after=str(report.id)))
    await _refresh_roll_ups(context, report, values, "provisional", "accepted")
    await publish_events(session, at, events)


def _require_may_withdraw_accepted(
    context: ReportingContext, report: Report, period: Period, reason: str | None
) -> None:
    if "review" not in context.caller.scopes:
        raise Forbidden(reason=REVIEWER_WITHDRAWS, scopes=["review"])
    if report.client_id == context.caller.client_id:
        raise OwnReport
    _require_level_above(context, report, period)
    _require_reason(reason)


def _require_reason(reason: str | None) -> None:
    if reason is None:
        raise Invalid(faults=[make_fault("/reason", "reason_required", REASON_REQUIRED)])


def _require_same_content(report: Report, seen_sha256: str) -> None:
    if report.content_sha256 != seen_sha256:
        raise ContentChanged(report=str(report.id), content_sha256=report.content_sha256)


async def _lock_pending(
    context: ReportingContext, report_id: uuid.UUID, seen_sha256: str, action: str
) -> tuple[datetime, Report, Period]:
    """Lock a report; raises a problem unless it is pending, another client's, and what the reviewer saw."""
    at, report, period = await _lock_report(context, report_id)
    if report.client_id == context.caller.client_id:
        raise OwnReport
    if report.state != "submitted":
        raise NotReviewable(report=str(report.id), state=report.state, action=action)
    _require_same_content(report, seen_sha256)
    return at, report, period


async def _lock_report(context: ReportingContext, report_id: uuid.UUID) -> tuple[datetime, Report, Period]:
    """Lock the unit and year of a report, then the change feed; return the instant of the change, and the report.

    A report that the caller may not read is not found.
    """
    report = await store.find_report(context.session, report_id)
    if report is None or not context.may_read(report.unit, Period.parse(report.period)):
        raise ReportNotFound(report=str(report_id))
    period = Period.parse(report.period)
    context.require_unit(report.unit, period)
    await lock_unit_year(context.session, context.territory, report.unit, period)
    await context.session.refresh(report)  # another transaction may have changed it before the lock
    at = await lock_feed(context.session, context.clock)
    return at, report, period


def _find_form(context: ReportingContext, report: Report) -> Form:
    return context.engine.catalogue.forms[report.form]


def _require_level(context: ReportingContext, report: Report, period: Period, step: ReviewStep) -> None:
    """Raise `StepOfLevel` for a caller that was granted no unit of the level that passes a step."""
    territory, on = context.territory, period.ends_on
    level = find_passing_level(step, territory.unit(report.unit, on).level)
    granted = find_granted_levels(territory, report.unit, context.caller.units, on)
    if level is not None and level not in granted:
        raise StepOfLevel(step=step.code, level=LEVEL_NAMES[level])


def _require_level_above(context: ReportingContext, report: Report, period: Period) -> None:
    """Raise `AcceptedAbove` for a caller that was granted no unit above those that pass the steps."""
    territory, on = context.territory, period.ends_on
    level = find_certifying_level(_find_form(context, report), territory.unit(report.unit, on).level)
    granted = find_granted_levels(territory, report.unit, context.caller.units, on)
    if level is not None and not may_accept(granted, level):
        raise AcceptedAbove(level=LEVEL_NAMES[level])


async def _find_passed_steps(
    context: ReportingContext, report: Report, *, before: str | None = None
) -> set[str | None]:
    """Return the passed steps; raises `StepMissing` unless all steps before the named one, or all steps, are passed."""
    form = _find_form(context, report)
    if not form.steps:
        return set()
    passed = {review.step for review in await store.read_reviews(context.session, report.id)}
    for step in form.steps:
        if step.code == before:
            break
        if step.code not in passed:
            raise StepMissing(step=step.code, report=str(report.id))
    return passed


async def _find_other_accepted(context: ReportingContext, report: Report) -> Report | None:
    """Return the accepted report of the same unit, period, form and standard, if it is another one."""
    live = await store.read_live_reports(context.session, *report.key)
    return next((other for other in live if other.state == "accepted" and other.id != report.id), None)


async def _read_all_values(
    context: ReportingContext, report: Report, accepted: Report | None
) -> list[StatedValue]:
    """Return the values of a report and of the accepted one, and what they state by nil where that decides sums."""
    catalogue, territory, period = context.engine.catalogue, context.territory, Period.parse(report.period)
    values = await store.read_values(context.session, report)
    if accepted is not None:
        values += await store.read_values(context.session, accepted)
    if report.nil or (accepted is not None and accepted.nil):
        values += list_series_of_nil(catalogue, territory, report.form, report.unit, period)
    return values


async def _refresh_roll_ups(
    context: ReportingContext, report: Report, values: Collection[StatedValue], *bases: str
) -> None:
    roll_ups = RollUpRefresh.for_values(
        context.engine.catalogue,
        context.territory,
        period=Period.parse(report.period),
        standard=report.standard,
        values=values,
    )
    for basis in bases:
        await roll_ups.refresh(context.session, basis)


async def _accept(context: ReportingContext, report: Report, accepted: Report | None, at: datetime) -> None:
    """Accept a report in place of the accepted one."""
    if accepted is not None:
        await store.end_effect(context.session, accepted, "accepted", at)
        await store.move_to_state(context.session, accepted, "superseded", at)
        await store.record_review(context.session, accepted, "superseded", context.caller.client_id, at)
    await store.begin_effect(context.session, report, "accepted", at)
    await store.move_to_state(context.session, report, "accepted", at)
    await store.record_review(context.session, report, "accepted", context.caller.client_id, at)


async def _take_out_of_effect(
    context: ReportingContext,
    report: Report,
    accepted: Report | None,
    state: Literal["returned", "withdrawn"],
    at: datetime,
    reason: str | None,
) -> None:
    """End the provisional effect of a report; the accepted report is in effect again."""
    ended = await store.end_effect(context.session, report, "provisional", at)
    if ended and accepted is not None:
        await store.begin_effect(context.session, accepted, "provisional", at)
    await store.move_to_state(context.session, report, state, at)
    await store.record_review(context.session, report, state, context.caller.client_id, at, reason)
