"""The action on recognitions: recognize a unit. One transaction; its rules are checked under the lock of the feed."""

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from services.rural.assessments.store import find_accepted_assessment, find_accepted_reports
from services.rural.criteria.sets import CriteriaSet, CriteriaSets
from services.rural.models import Recognition
from services.rural.recognitions import store
from services.rural.recognitions.rules import (
    AssessmentBasis,
    RecognitionDecision,
    RecognitionExists,
    find_assessment_faults,
    find_broken_rules,
    find_decision_faults,
    find_grounds_faults,
    refuse_duplicate,
)
from services.rural.recognitions.schemas import RecognitionIn
from services.rural.rules import accept_exception
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.periods import Period, local_day
from shared.reporting.catalogue.standards import NO_STANDARD
from shared.reporting.context import ReportingContext
from shared.reporting.obligations.live_days import LiveDays
from shared.reporting.obligations.store import read_live_days
from shared.reporting.registers import (
    RegisterResult,
    UnitOnDay,
    find_unchanged_counterpart,
    locate_body_unit,
    locate_unit,
    require_valid,
)
from shared.territory.units import Level
from shared.territory.villages.store import with_villages

LEVELS: tuple[Level, ...] = ("commune", "village")
"""Levels of the units that are recognized."""


async def recognize(
    context: ReportingContext, draft: PartialBody[RecognitionIn], sets: CriteriaSets
) -> RegisterResult[Recognition]:
    """Insert a recognition, or return the one that states the same decision.

    Raise all faults of the body first, then a duplicate, then every broken rule.
    """
    decision, grounds = draft.body.to_decision(), draft.body.grounds
    located = await locate_body_unit(
        context, draft, decision.unit, decision.decided_on, levels=LEVELS, dated_by="decision"
    )
    level_and_kind = (located.unit.level, located.unit.kind) if isinstance(located, UnitOnDay) else None
    faults = find_decision_faults(decision, sets, level_and_kind, draft.unread)
    unit = require_valid(context, draft, located, faults, decided_on=decision.decided_on)

    at = await lock_feed(context.session, context.clock)
    rows = await find_recognitions_of_land(context, unit, decision.decided_on)
    if (same := _find_same_decision(rows, decision, grounds)) is not None:
        return RegisterResult(same, created=False)
    registered, criteria_set = store.to_registered(rows), sets[decision.criteria_set]
    refuse_duplicate(decision, registered)
    basis = await _read_assessment_basis(context, decision, criteria_set)
    raise_if_any(
        [
            *find_grounds_faults(decision, grounds, registered),
            *find_assessment_faults(decision, basis),
        ]
    )
    broken = find_broken_rules(decision, criteria_set, registered, basis)
    reason = accept_exception(broken, draft.body.exception_reason, context.caller.scopes)
    row = Recognition(
        id=uuid7(at),
        **unit.to_columns(),
        unit_level=unit.unit.level,
        level=decision.level,
        field=decision.field,
        criteria_set=decision.criteria_set,
        decision_number=decision.decision_number,
        decision_key=canonicalize(decision.decision_number),
        decision_date=decision.decided_on,
        effective_on=decision.effective_on,
        year=decision.year,
        grounds=grounds,
        assessments=list(basis.assessment.reports) if basis.assessment else [],
        exceptions=[rule.code for rule in broken],
        exception_reason=reason,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    context.session.add(row)
    await context.session.flush()
    event = Event("unit.recognized", f"recognitions/{row.id}", to_event_data(row))
    await publish_events(context.session, at, [event])
    return RegisterResult(await read_recognition(context, row.id), created=True)


async def find_recognitions_of_land(
    context: ReportingContext, unit: UnitOnDay, on: date
) -> list[Recognition]:
    """Return every recognition of the land of a unit of a day, also under the codes that it had since until today."""
    territory = await with_villages(context.session, context.territory, [unit.unit.code])
    today = local_day(context.now)
    code = find_unchanged_counterpart(territory, unit.unit.code, on, today)
    if code is None:
        return await store.find_unit_recognitions(context.session, unit, on)
    unit_today = locate_unit(territory, code, today, levels=LEVELS)
    assert isinstance(unit_today, UnitOnDay), "the counterpart of today exists today"
    return await store.find_unit_recognitions(context.session, unit_today, today)


async def read_recognition(context: ReportingContext, recognition_id: uuid.UUID) -> Recognition:
    """Return a recognition that this transaction wrote, with its revocation."""
    recognition = await store.find_recognition(context.session, recognition_id)
    assert recognition is not None, "this transaction wrote it"
    return recognition


def to_event_data(row: Recognition) -> dict[str, Any]:
    """Return the data of an event about a recognition, as followers of the feed read it."""
    return {
        "unit": row.unit,
        "unit_level": row.unit_level,
        "line": row.line,
        "level": row.level,
        "field": row.field,
        "criteria_set": row.criteria_set,
        "year": row.year,
        "decision": {"number": row.decision_number, "date": row.decision_date.isoformat()},
        "effective_on": row.effective_on.isoformat(),
    }


async def _read_assessment_basis(
    context: ReportingContext, decision: RecognitionDecision, criteria_set: CriteriaSet
) -> AssessmentBasis:
    """Return the assessment that a recognition is based on, and whether there must be one. Three statements."""
    none_required = AssessmentBasis(None, required=False)
    if criteria_set.assessed_by is None:
        return none_required
    territory, last_day = context.territory, Period(decision.year).ends_on
    code = find_unchanged_counterpart(territory, decision.unit, decision.decided_on, last_day)
    if code is None:
        return none_required
    assessment = await find_accepted_assessment(
        context.session, code, decision.year, criteria_set.standard or NO_STANDARD
    )
    line = (code, *(above.code for above in territory.ancestors(code, last_day)))
    reports = await find_accepted_reports(context.session, line, criteria_set.assessed_by, decision.year)
    reported = any(
        find_unchanged_counterpart(territory, reporter, period.ends_on, last_day) == reporter
        for reporter, period in reports
    )
    stated, engine = await read_live_days(context.session), context.engine
    live_days = LiveDays(territory, stated, engine.live_on, engine.province)
    live_on = live_days.find(territory.unit(code, last_day), last_day)
    live = live_on is not None and live_on <= last_day
    return AssessmentBasis(assessment, required=reported or live)


def _find_same_decision(
    rows: Iterable[Recognition], decision: RecognitionDecision, grounds: str | None
) -> Recognition | None:
    """Return the row of the same decision, or None; raise `RecognitionExists` where it states something else."""
    number = canonicalize(decision.decision_number)
    key = (decision.level, decision.criteria_set, number, decision.decided_on)
    for row in rows:
        row_number = canonicalize(row.decision_number)
        same = (row.level, row.criteria_set, row_number, row.decision_date) == key
        if same and row.unit == decision.unit:
            content = (decision.field, decision.year, grounds, decision.effective_on)
            if (row.field, row.year, row.grounds, row.effective_on) != content:
                raise RecognitionExists(recognition=str(row.id))
            return row
    return None
