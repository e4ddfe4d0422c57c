"""What people do with recognitions: recognize. It is one transaction, its rules looked at under the write order."""

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from services.rural.criteria.sets import CriteriaSet, CriteriaSets
from services.rural.exceptions.rules import excused
from services.rural.models import Recognition
from services.rural.recognitions import store
from services.rural.recognitions.rules import (
    Basis,
    RecognitionExists,
    Stated,
    assessment_faults,
    broken_rules,
    faults_of,
    grounds_faults,
    refuse_duplicate,
)
from services.rural.recognitions.schemas import RecognitionIn
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.periods import Period, local_day
from shared.reporting.context import ReportingContext
from shared.reporting.obligations.rules import find_live_day
from shared.reporting.obligations.store import read_live_days
from shared.reporting.registers import (
    RegisterResult,
    UnitOnDay,
    find_unchanged_counterpart,
    locate_body_unit,
    locate_unit,
    require_valid,
    with_villages,
)
from shared.territory.units import Level

LEVELS: tuple[Level, ...] = ("commune", "village")
"""Whom a recognition is of."""


async def recognize(
    context: ReportingContext, draft: PartialBody[RecognitionIn], sets: CriteriaSets
) -> RegisterResult[Recognition]:
    """Keep a recognition, or refuse it: every fault of the body first, then a duplicate, then every broken rule."""
    stated, grounds = draft.body.stated(), draft.body.grounds
    found = await locate_body_unit(
        context, draft, stated.unit, stated.decided_on, levels=LEVELS, dated_by="decision"
    )
    unit = (found.unit.level, found.unit.kind) if isinstance(found, UnitOnDay) else None
    faults = faults_of(stated, sets, unit, draft.unread)
    found = require_valid(context, draft, found, faults, decided_on=stated.decided_on)

    at = await lock_feed(context.session, context.clock)
    before = await known_of(context, found, stated.decided_on)
    if (row := _said_before(before, stated, grounds)) is not None:
        return RegisterResult(row, created=False)
    others, under = store.known(before), sets[stated.criteria_set]
    refuse_duplicate(stated, others)
    basis, reports = await _basis(context, found, stated, under)
    raise_if_any([*grounds_faults(stated, grounds, others), *assessment_faults(stated, basis)])
    broken = broken_rules(stated, under, others, basis)
    reason = excused(broken, draft.body.excuse, context.caller.scopes)
    row = Recognition(
        id=uuid7(at),
        **found.columns(),
        unit_level=found.unit.level,
        level=stated.level,
        field=stated.field,
        criteria_set=stated.criteria_set,
        decision_number=stated.decision_number,
        decision_date=stated.decided_on,
        year=stated.year,
        grounds=grounds,
        assessments=reports,
        exceptions=[it.code for it in broken],
        exception_reason=reason,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    context.session.add(row)
    await context.session.flush()
    await publish_events(
        context.session, at, [Event("unit.recognized", f"recognitions/{row.id}", facts(row))]
    )
    return RegisterResult(await whole(context, row.id), created=True)


async def known_of(context: ReportingContext, found: UnitOnDay, on: date) -> list[Recognition]:
    """Give every recognition of the land of a unit of a day, told from today: under whatever code it was, or is since."""
    territory = await with_villages(context.session, context.territory, [found.unit.code])
    today = local_day(context.now)
    code = find_unchanged_counterpart(territory, found.unit.code, on, today)
    here = found if code is None else locate_unit(territory, code, today, levels=LEVELS)
    assert isinstance(here, UnitOnDay), "the same land stands today"
    return await store.of_unit(context.session, here, on if code is None else today)


async def whole(context: ReportingContext, recognition_id: uuid.UUID) -> Recognition:
    """Give a recognition that was kept just now with what ended it."""
    found = await store.find(context.session, recognition_id)
    assert found is not None, "it was kept just now"
    return found


async def _basis(
    context: ReportingContext, found: UnitOnDay, stated: Stated, under: CriteriaSet
) -> tuple[Basis, list[uuid.UUID]]:
    """Give what the recognition can be held to, with the reports that say it. Three statements."""
    nothing = Basis(None, expected=False), list[uuid.UUID]()
    if under.assessed_by is None:
        return nothing
    last = Period(stated.year).ends_on
    code = find_unchanged_counterpart(context.territory, stated.unit, stated.decided_on, last)
    if code is None:
        return nothing
    assessed, reports = await store.assessed(context.session, code, stated.year)
    line = (code, *(above.code for above in context.territory.ancestors(code, last)))
    began = await store.assessed_by_then(context.session, line, under.assessed_by, stated.year)
    reported = any(
        find_unchanged_counterpart(context.territory, unit, it.ends_on, last) == unit for unit, it in began
    )
    live_on = find_live_day(found.line, await read_live_days(context.session), context.engine.live_on)
    return Basis(assessed, expected=reported or (live_on is not None and live_on <= last)), reports


def _said_before(before: Iterable[Recognition], stated: Stated, grounds: str | None) -> Recognition | None:
    """Find the same decision among what is kept of the unit; refuse it where it says something else."""
    decision = (stated.level, stated.criteria_set, stated.decision_number, stated.decided_on)
    for row in before:
        same = (row.level, row.criteria_set, row.decision_number, row.decision_date) == decision
        if same and row.unit == stated.unit:
            if (row.field, row.year, row.grounds) != (stated.field, stated.year, grounds):
                raise RecognitionExists(recognition=str(row.id))
            return row
    return None


def facts(row: Recognition) -> dict[str, Any]:
    """What another service needs to act: which unit, at which level, under which set, since when, by which decision."""
    return {
        "unit": row.unit,
        "unit_level": row.unit_level,
        "line": row.line,
        "level": row.level,
        "field": row.field,
        "criteria_set": row.criteria_set,
        "year": row.year,
        "decision": {"number": row.decision_number, "date": row.decision_date.isoformat()},
    }
