"""Accepting, returning and withdrawing reports. A figure moves only here, and every move says who, when and why."""

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
from shared.reporting.reports import store
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
from shared.reporting.reports.standing import report_event, roll_ups_of
from shared.reporting.reports.writing.locks import lock_unit_year, lock_years
from shared.reporting.reviews.rules import accepted_above, levels_granted, may_accept, passed_at
from shared.territory.units import LEVEL_NAMES

Verdict = Literal["accept", "return"]
REASON_REQUIRED = Sentence(
    "Người duyệt rút báo cáo phải nêu lý do.", "A reviewer who withdraws a report gives a reason."
)
REVIEWER_WITHDRAWS = Sentence(
    "báo cáo đã duyệt phải do người duyệt rút", "an accepted report is withdrawn by a reviewer"
)


async def take_places(context: ReportingContext, report_ids: Collection[uuid.UUID]) -> None:
    """Wait for every place of these reports, before the first review takes the write order."""
    await lock_years(context.session, await store.years_of(context.session, report_ids))


async def review(
    context: ReportingContext, report_id: uuid.UUID, verdict: Verdict, *, seen_sha256: str, reason: str | None
) -> Report:
    """Accept or return a submitted report; the reviewer says which content was seen."""
    at, report, period = await _pending(context, report_id, seen_sha256, f"{verdict}ed")
    if verdict == "accept":
        _require_above(context, report, period)
        await _require_steps(context, report)
    accepted = await _accepted_beside(context, report)
    values = await store.values_of(context.session, report)
    if verdict == "accept":
        await _accept(context, report, accepted, at)
    else:
        await _step_back(context, report, accepted, "returned", at, reason)
    old = await store.values_of(context.session, accepted) if accepted else []
    basis = "accepted" if verdict == "accept" else "provisional"
    await roll_ups_of(context, period, [*old, *values]).refresh(
        context.session, basis, ceased=verdict == "return" or accepted is not None
    )
    happenings = [report_event("report.accepted" if verdict == "accept" else "report.returned", report)]
    if verdict == "accept" and accepted:
        happenings.append(report_event("report.superseded", accepted))
    await publish_events(context.session, at, happenings)
    return report


async def pass_step(
    context: ReportingContext, report_id: uuid.UUID, step: str, *, seen_sha256: str
) -> Report:
    """Pass a submitted report through a step of its form's review chain; steps go in their order, each once."""
    at, report, period = await _pending(context, report_id, seen_sha256, "passed")
    steps = {it.code: it for it in _form_of(context, report).steps}
    if step not in steps:
        raise StepUnknown(step=step, steps=", ".join(steps) or "-")
    _require_level(context, report, period, steps[step])
    if step in await _require_steps(context, report, before=step):
        raise StepPassed(step=step, report=str(report.id))
    await store.note_review(context.session, report, "passed", context.caller.client_id, at, step=step)
    await publish_events(context.session, at, [report_event("report.passed", report)])
    return report


async def withdraw(
    context: ReportingContext, report_id: uuid.UUID, *, seen_sha256: str, reason: str | None
) -> Report:
    """Take a report back: its unit while it is pending; once accepted whoever might accept it.

    A reviewer gives a reason, as for a return.
    """
    at, report, period = await _taken_up(context, report_id)
    if report.state == "accepted":
        _require_taker_back(context, report, period, reason)
    elif report.state != "submitted":
        raise NotReviewable(report=str(report.id), state=report.state, action="withdrawn")
    elif "report" not in context.caller.scopes:
        _require_reason(reason)
    if report.content_sha256 != seen_sha256:
        raise ContentChanged(report=str(report.id), content_sha256=report.content_sha256)
    values = await store.values_of(context.session, report)
    accepted = None
    if report.state == "submitted":
        accepted = await _accepted_beside(context, report)
        bases = ["provisional"]
    else:
        await store.end_standing(context.session, report, "accepted", at)
        bases = ["accepted", "provisional"]
    await _step_back(context, report, accepted, "withdrawn", at, reason)
    old = await store.values_of(context.session, accepted) if accepted else []
    touched = roll_ups_of(context, period, [*old, *values])
    for basis in bases:
        await touched.refresh(context.session, basis)
    await publish_events(context.session, at, [report_event("report.withdrawn", report)])
    return report


def _require_taker_back(
    context: ReportingContext, report: Report, period: Period, reason: str | None
) -> None:
    """Refuse whoever may not take an accepted report out of the figures, or says not why."""
    if "review" not in context.caller.scopes:
        raise Forbidden(reason=REVIEWER_WITHDRAWS, scopes=["review"])
    if report.client_id == context.caller.client_id:
        raise OwnReport
    _require_above(context, report, period)
    _require_reason(reason)


def _require_reason(reason: str | None) -> None:
    if reason is None:
        raise Invalid(faults=[make_fault("/reason", "reason_required", REASON_REQUIRED)])


async def _pending(
    context: ReportingContext, report_id: uuid.UUID, seen_sha256: str, action: str
) -> tuple[datetime, Report, Period]:
    """Take up a submitted report of another client whose content the reviewer saw."""
    at, report, period = await _taken_up(context, report_id)
    if report.client_id == context.caller.client_id:
        raise OwnReport
    if report.state != "submitted":
        raise NotReviewable(report=str(report.id), state=report.state, action=action)
    if report.content_sha256 != seen_sha256:
        raise ContentChanged(report=str(report.id), content_sha256=report.content_sha256)
    return at, report, period


def _form_of(context: ReportingContext, report: Report) -> Form:
    return context.engine.catalogue.forms[report.form]


def _require_level(context: ReportingContext, report: Report, period: Period, step: ReviewStep) -> None:
    """Refuse a caller that was granted no unit of the level to which a step belongs."""
    territory, on = context.territory, period.ends_on
    level = passed_at(step, territory.unit(report.unit, on).level)
    if level is not None and level not in levels_granted(territory, report.unit, context.caller.units, on):
        raise StepOfLevel(step=step.code, level=LEVEL_NAMES[level])


def _require_above(context: ReportingContext, report: Report, period: Period) -> None:
    """Refuse a caller that was granted no unit above those that pass the steps of the chain."""
    territory, on = context.territory, period.ends_on
    level = accepted_above(_form_of(context, report), territory.unit(report.unit, on).level)
    granted = levels_granted(territory, report.unit, context.caller.units, on)
    if level is not None and not may_accept(granted, level):
        raise AcceptedAbove(level=LEVEL_NAMES[level])


async def _require_steps(
    context: ReportingContext, report: Report, *, before: str | None = None
) -> set[str | None]:
    """Refuse when a step of the chain, up to the one named, has not been passed; give those that were."""
    form = _form_of(context, report)
    if not form.steps:
        return set()
    passed = {it.step for it in await store.reviews_of(context.session, report.id)}
    for step in form.steps:
        if step.code == before:
            break
        if step.code not in passed:
            raise StepMissing(step=step.code, report=str(report.id))
    return passed


async def _taken_up(context: ReportingContext, report_id: uuid.UUID) -> tuple[datetime, Report, Period]:
    report = await store.report(context.session, report_id)
    if report is None:
        raise ReportNotFound(report=str(report_id))
    period = Period.parse(report.period)
    context.require_unit(report.unit, period)
    await lock_unit_year(context.session, context.territory, report.unit, period)
    await context.session.refresh(report)  # another may have moved it since
    at = await lock_feed(context.session, context.clock)
    return at, report, period


async def _accepted_beside(context: ReportingContext, report: Report) -> Report | None:
    live = await store.live_reports(context.session, report.unit, report.period, report.form)
    return next((it for it in live if it.state == "accepted" and it.id != report.id), None)


async def _accept(context: ReportingContext, report: Report, accepted: Report | None, at: datetime) -> None:
    if accepted is not None:
        await store.end_standing(context.session, accepted, "accepted", at)
        await store.move(context.session, accepted, "superseded", at)
        await store.note_review(context.session, accepted, "superseded", context.caller.client_id, at)
    await store.begin_standing(context.session, report, "accepted", at)
    await store.move(context.session, report, "accepted", at)
    await store.note_review(context.session, report, "accepted", context.caller.client_id, at)


async def _step_back(
    context: ReportingContext,
    report: Report,
    accepted: Report | None,
    state: Literal["returned", "withdrawn"],
    at: datetime,
    reason: str | None,
) -> None:
    """End the provisional standing; what was accepted before stands again."""
    stood = await store.end_standing(context.session, report, "provisional", at)
    if stood and accepted is not None:
        await store.begin_standing(context.session, accepted, "provisional", at)
    await store.move(context.session, report, state, at)
    await store.note_review(context.session, report, state, context.caller.client_id, at, reason)
