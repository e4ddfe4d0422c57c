"""Accepting, returning and withdrawing reports. A figure moves only here, and every move says who, when and why."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Literal

from shared.kit.change_feed import lock_feed, publish_events
from shared.kit.problems import Forbidden, Invalid, Sentence, make_fault
from shared.periods import Period
from shared.reporting.catalogue import Form, Step
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.reports import store
from shared.reporting.reports.locks import lock_unit_year, lock_years
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
from shared.reporting.reports.review_steps import accepted_above, levels_granted, may_accept, passed_at
from shared.reporting.reports.standing import report_event, roll_ups_of
from shared.territory.units import LEVEL_NAMES

Verdict = Literal["accept", "return"]
REASON_REQUIRED = Sentence(
    "Người duyệt rút báo cáo phải nêu lý do.", "A reviewer who withdraws a report gives a reason."
)
REVIEWER_WITHDRAWS = Sentence(
    "báo cáo đã duyệt phải do người duyệt rút", "an accepted report is withdrawn by a reviewer"
)


async def take_places(desk: ReportingContext, report_ids: Collection[uuid.UUID]) -> None:
    """Wait for every place of these reports, before the first review takes the write order."""
    await lock_years(desk.session, await store.years_of(desk.session, report_ids))


async def review(
    desk: ReportingContext, report_id: uuid.UUID, verdict: Verdict, *, seen_sha256: str, reason: str | None
) -> Report:
    """Accept or return a submitted report; the reviewer says which content was seen."""
    at, report, period = await _pending(desk, report_id, seen_sha256, f"{verdict}ed")
    if verdict == "accept":
        _require_above(desk, report, period)
        await _require_steps(desk, report)
    accepted = await _accepted_beside(desk, report)
    values = await store.values_of(desk.session, report)
    if verdict == "accept":
        await _accept(desk, report, accepted, at)
    else:
        await _step_back(desk, report, accepted, "returned", at, reason)
    old = await store.values_of(desk.session, accepted) if accepted else []
    basis = "accepted" if verdict == "accept" else "provisional"
    await roll_ups_of(desk, period, [*old, *values]).refresh(
        desk.session, basis, ceased=verdict == "return" or accepted is not None
    )
    happenings = [report_event("report.accepted" if verdict == "accept" else "report.returned", report)]
    if verdict == "accept" and accepted:
        happenings.append(report_event("report.superseded", accepted))
    await publish_events(desk.session, at, happenings)
    return report


async def pass_step(desk: ReportingContext, report_id: uuid.UUID, step: str, *, seen_sha256: str) -> Report:
    """Pass a submitted report through a step of its form's review chain; steps go in their order, each once."""
    at, report, period = await _pending(desk, report_id, seen_sha256, "passed")
    steps = {it.code: it for it in _form_of(desk, report).steps}
    if step not in steps:
        raise StepUnknown(step=step, steps=", ".join(steps) or "-")
    _require_level(desk, report, period, steps[step])
    if step in await _require_steps(desk, report, before=step):
        raise StepPassed(step=step, report=str(report.id))
    await store.note_review(desk.session, report, "passed", desk.caller.client_id, at, step=step)
    await publish_events(desk.session, at, [report_event("report.passed", report)])
    return report


async def withdraw(
    desk: ReportingContext, report_id: uuid.UUID, *, seen_sha256: str, reason: str | None
) -> Report:
    """Take a report back: its unit while it is pending; once accepted whoever might accept it.

    A reviewer gives a reason, as for a return.
    """
    at, report, period = await _taken_up(desk, report_id)
    if report.state == "accepted":
        _require_taker_back(desk, report, period, reason)
    elif report.state != "submitted":
        raise NotReviewable(report=str(report.id), state=report.state, action="withdrawn")
    elif "report" not in desk.caller.scopes:
        _require_reason(reason)
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
    touched = roll_ups_of(desk, period, [*old, *values])
    for basis in bases:
        await touched.refresh(desk.session, basis)
    await publish_events(desk.session, at, [report_event("report.withdrawn", report)])
    return report


def _require_taker_back(desk: ReportingContext, report: Report, period: Period, reason: str | None) -> None:
    """Refuse whoever may not take an accepted report out of the figures, or says not why."""
    if "review" not in desk.caller.scopes:
        raise Forbidden(reason=REVIEWER_WITHDRAWS, scopes=["review"])
    if report.client_id == desk.caller.client_id:
        raise OwnReport
    _require_above(desk, report, period)
    _require_reason(reason)


def _require_reason(reason: str | None) -> None:
    if reason is None:
        raise Invalid(faults=[make_fault("/reason", "reason_required", REASON_REQUIRED)])


async def _pending(
    desk: ReportingContext, report_id: uuid.UUID, seen_sha256: str, action: str
) -> tuple[datetime, Report, Period]:
    """Take up a submitted report of another client whose content the reviewer saw."""
    at, report, period = await _taken_up(desk, report_id)
    if report.client_id == desk.caller.client_id:
        raise OwnReport
    if report.state != "submitted":
        raise NotReviewable(report=str(report.id), state=report.state, action=action)
    if report.content_sha256 != seen_sha256:
        raise ContentChanged(report=str(report.id), content_sha256=report.content_sha256)
    return at, report, period


def _form_of(desk: ReportingContext, report: Report) -> Form:
    return desk.engine.catalogue.forms[report.form]


def _require_level(desk: ReportingContext, report: Report, period: Period, step: Step) -> None:
    """Refuse a caller that was granted no unit of the level to which a step belongs."""
    territory, on = desk.territory, period.ends_on
    level = passed_at(step, territory.unit(report.unit, on).level)
    if level is not None and level not in levels_granted(territory, report.unit, desk.caller.units, on):
        raise StepOfLevel(step=step.code, level=LEVEL_NAMES[level])


def _require_above(desk: ReportingContext, report: Report, period: Period) -> None:
    """Refuse a caller that was granted no unit above those that pass the steps of the chain."""
    territory, on = desk.territory, period.ends_on
    level = accepted_above(_form_of(desk, report), territory.unit(report.unit, on).level)
    granted = levels_granted(territory, report.unit, desk.caller.units, on)
    if level is not None and not may_accept(granted, level):
        raise AcceptedAbove(level=LEVEL_NAMES[level])


async def _require_steps(
    desk: ReportingContext, report: Report, *, before: str | None = None
) -> set[str | None]:
    """Refuse when a step of the chain, up to the one named, has not been passed; give those that were."""
    form = _form_of(desk, report)
    if not form.steps:
        return set()
    passed = {it.step for it in await store.reviews_of(desk.session, report.id)}
    for step in form.steps:
        if step.code == before:
            break
        if step.code not in passed:
            raise StepMissing(step=step.code, report=str(report.id))
    return passed


async def _taken_up(desk: ReportingContext, report_id: uuid.UUID) -> tuple[datetime, Report, Period]:
    report = await store.report(desk.session, report_id)
    if report is None:
        raise ReportNotFound(report=str(report_id))
    period = Period.parse(report.period)
    desk.require_unit(report.unit, period)
    await lock_unit_year(desk.session, desk.territory, report.unit, period)
    await desk.session.refresh(report)  # another may have moved it since
    at = await lock_feed(desk.session, desk.clock)
    return at, report, period


async def _accepted_beside(desk: ReportingContext, report: Report) -> Report | None:
    live = await store.live_reports(desk.session, report.unit, report.period, report.form)
    return next((it for it in live if it.state == "accepted" and it.id != report.id), None)


async def _accept(desk: ReportingContext, report: Report, accepted: Report | None, at: datetime) -> None:
    if accepted is not None:
        await store.end_standing(desk.session, accepted, "accepted", at)
        await store.move(desk.session, accepted, "superseded", at)
        await store.note_review(desk.session, accepted, "superseded", desk.caller.client_id, at)
    await store.begin_standing(desk.session, report, "accepted", at)
    await store.move(desk.session, report, "accepted", at)
    await store.note_review(desk.session, report, "accepted", desk.caller.client_id, at)


async def _step_back(
    desk: ReportingContext,
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
