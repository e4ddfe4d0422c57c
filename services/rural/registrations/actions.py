"""The actions on registrations: register a unit, and take a step. One transaction each, under the lock of the feed."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.rural.assessments.rules import AcceptedAssessment
from services.rural.assessments.store import find_accepted_assessment
from services.rural.criteria.sets import CriteriaSets
from services.rural.models import Registration, RegistrationStep
from services.rural.recognitions.actions import LEVELS
from services.rural.recognitions.rules import RecognitionDecision, find_set_faults
from services.rural.registrations import store
from services.rural.registrations.rules import (
    AssessmentResult,
    RegistrationExists,
    Step,
    find_broken_rules,
    find_percent_faults,
    find_plan_faults,
    find_state,
    find_step_faults,
    require_next_step,
)
from services.rural.registrations.schemas import (
    AssessedIn,
    EndedIn,
    RegistrationIn,
    SubmittedIn,
    to_steps,
)
from services.rural.rules import accept_exception
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.periods import Period
from shared.reporting.catalogue.standards import NO_STANDARD
from shared.reporting.context import ReportingContext
from shared.reporting.registers import (
    RegisterResult,
    UnitOnDay,
    find_future_date_faults,
    find_unchanged_counterpart,
    locate_body_unit,
    locate_unit,
    require_granted,
    require_valid,
)
from shared.territory.villages.store import with_villages

StepIn = AssessedIn | SubmittedIn | EndedIn


@dataclass(frozen=True)
class StepContent:
    """What a step states besides its document."""

    unmet: list[int] | None = None
    assessments: list[uuid.UUID] = field(default_factory=list)
    overdue_debts_vnd: int | None = None
    residents_satisfied_percent: Decimal | None = None
    reason: str | None = None
    exceptions: list[str] = field(default_factory=list)
    exception_reason: str | None = None


async def register(
    context: ReportingContext, draft: PartialBody[RegistrationIn], sets: CriteriaSets
) -> RegisterResult[Registration]:
    """Insert a registration, or return the one of the same plan. Raise every fault of the body."""
    body = draft.body
    on = body.decision.date
    located = await locate_body_unit(context, draft, body.unit, on, levels=LEVELS, dated_by="decision")
    decision = RecognitionDecision(
        body.unit, body.level, None, body.criteria_set, body.decision.number, on, on, body.year
    )
    level_and_kind = (located.unit.level, located.unit.kind) if isinstance(located, UnitOnDay) else None
    faults = [*find_set_faults(decision, sets, level_and_kind, {*draft.unread, "field"})]
    if not {"decision", "year"} & draft.unread:
        faults += find_plan_faults(on, body.year)
    unit = require_valid(context, draft, located, faults, decided_on=on)

    at = await lock_feed(context.session, context.clock)
    row = Registration(
        id=uuid7(at),
        **unit.to_columns(),
        unit_level=unit.unit.level,
        level=body.level,
        criteria_set=body.criteria_set,
        year=body.year,
        decision_number=body.decision.number,
        decision_date=on,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    same = await store.find_same(context.session, row)
    if same is not None:
        if (canonicalize(same.decision_number), same.decision_date) != (
            canonicalize(row.decision_number),
            row.decision_date,
        ):
            raise RegistrationExists(registration=str(same.id))
        return RegisterResult(same, created=False)
    context.session.add(row)
    await context.session.flush()
    await publish_events(context.session, at, [_make_event("unit.registered", row)])
    return RegisterResult(row, created=True)


async def record_assessment(
    context: ReportingContext,
    registration_id: uuid.UUID,
    draft: PartialBody[AssessedIn],
    sets: CriteriaSets,
) -> RegisterResult[Registration]:
    """Record an assessment with the debts and the satisfaction that it found, beside the accepted criteria of the year."""
    registration = (await store.find_registration(context.session, registration_id))[0]
    percent = draft.body.residents_satisfied_percent
    if "residents_satisfied_percent" not in draft.unread:
        draft.faults = (*draft.faults, *find_percent_faults(percent))
    assessment = await _read_assessment(context, registration, sets)
    content = StepContent(
        unmet=list(assessment.unmet) if assessment else None,
        assessments=list(assessment.reports) if assessment else [],
        overdue_debts_vnd=draft.body.overdue_debts_vnd,
        residents_satisfied_percent=percent,
    )
    return await _take_step(context, registration_id, draft, "assessed", lambda _: content)


async def submit_dossier(
    context: ReportingContext,
    registration_id: uuid.UUID,
    draft: PartialBody[SubmittedIn],
    sets: CriteriaSets,
) -> RegisterResult[Registration]:
    """Record that a dossier is submitted; raise the rules that its assessment breaks, unless an exception sets them aside."""
    exception = draft.body.exception

    def make_content(registration: Registration) -> StepContent:
        assessed = next(step for step in reversed(registration.steps) if step.step == "assessed")
        result = AssessmentResult(
            None if assessed.unmet is None else tuple(assessed.unmet),
            assessed.overdue_debts_vnd or 0,
            assessed.residents_satisfied_percent or Decimal(0),
        )
        criteria_set = sets.get(registration.criteria_set)
        broken = (
            find_broken_rules(criteria_set, registration.year, result, draft.body.document.date)
            if criteria_set
            else []
        )
        reason = accept_exception(broken, exception.reason if exception else None, context.caller.scopes)
        return StepContent(exceptions=[rule.code for rule in broken], exception_reason=reason)

    return await _take_step(context, registration_id, draft, "submitted", make_content)


async def end_registration(
    context: ReportingContext, registration_id: uuid.UUID, draft: PartialBody[EndedIn], step: Step
) -> RegisterResult[Registration]:
    """Record that a registered unit is not recognized, or that its registration is withdrawn."""
    content = StepContent(reason=draft.body.reason)
    return await _take_step(context, registration_id, draft, step, lambda _: content)


async def _take_step(
    context: ReportingContext,
    registration_id: uuid.UUID,
    draft: PartialBody[Any],
    step: Step,
    make_content: Callable[[Registration], StepContent],
) -> RegisterResult[Registration]:
    """Insert a step, or return the registration where it is its last step. Raise the faults, then what does not follow."""
    at = await lock_feed(context.session, context.clock)
    registration, recognition = await store.find_registration(context.session, registration_id)
    document = draft.body.document
    last = registration.steps[-1] if registration.steps else None
    faults = [*draft.faults]
    if "document" not in draft.unread:
        faults += find_future_date_faults(document.date, context, "/document/date")
        faults += find_step_faults(document.date, last.taken_on if last else registration.decision_date)
    raise_if_any(faults)
    await _require_unit_granted(context, registration)
    if last is not None and _is_same(last, step, draft.body):
        return RegisterResult(registration, created=False)
    require_next_step(find_state(to_steps(registration), recognized=recognition is not None), step)
    content = make_content(registration)
    context.session.add(
        RegistrationStep(
            registration_id=registration.id,
            ordinal=last.ordinal + 1 if last else 1,
            step=step,
            document_number=document.number,
            taken_on=document.date,
            unmet=content.unmet,
            assessments=content.assessments,
            overdue_debts_vnd=content.overdue_debts_vnd,
            residents_satisfied_percent=content.residents_satisfied_percent,
            reason=content.reason,
            exceptions=content.exceptions,
            exception_reason=content.exception_reason,
            client_id=context.caller.client_id,
            recorded_at=at,
        )
    )
    await context.session.flush()
    await publish_events(context.session, at, [_make_event(f"registration.{step}", registration)])
    return RegisterResult((await store.find_registration(context.session, registration_id))[0], created=True)


async def _require_unit_granted(context: ReportingContext, registration: Registration) -> None:
    territory = await with_villages(context.session, context.territory, [registration.unit])
    unit = locate_unit(territory, registration.unit, registration.decision_date, levels=LEVELS)
    assert isinstance(unit, UnitOnDay), "a registered unit exists on the day of its plan"
    require_granted(context, unit)


async def _read_assessment(
    context: ReportingContext, registration: Registration, sets: CriteriaSets
) -> AcceptedAssessment | None:
    """Return the accepted assessment of the registered year; None without one, or where the set is not assessed."""
    criteria_set = sets.get(registration.criteria_set)
    if criteria_set is None or criteria_set.assessed_by is None:
        return None
    last_day = Period(registration.year).ends_on
    code = find_unchanged_counterpart(
        context.territory, registration.unit, registration.decision_date, last_day
    )
    if code is None:
        return None
    standard = criteria_set.standard or NO_STANDARD
    return await find_accepted_assessment(context.session, code, registration.year, standard)


def _is_same(last: RegistrationStep, step: Step, body: StepIn) -> bool:
    same_document = (last.step, canonicalize(last.document_number), last.taken_on) == (
        step,
        canonicalize(body.document.number),
        body.document.date,
    )
    if isinstance(body, AssessedIn):
        result = (body.overdue_debts_vnd, body.residents_satisfied_percent)
        return same_document and (last.overdue_debts_vnd, last.residents_satisfied_percent) == result
    return same_document and (not isinstance(body, EndedIn) or last.reason == body.reason)


def _make_event(kind: str, row: Registration) -> Event:
    data = {
        "unit": row.unit,
        "unit_level": row.unit_level,
        "level": row.level,
        "criteria_set": row.criteria_set,
        "year": row.year,
    }
    return Event(kind, f"registrations/{row.id}", data)
