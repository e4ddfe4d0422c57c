"""What people do with recognitions: recognize. It is one transaction, its rules looked at under the write order."""

import uuid
from dataclasses import dataclass
from typing import Any

from services.rural.criteria.sets import CriteriaSet, Sets
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
from shared.kit.bodies import Draft
from shared.kit.feed import Happening, publish, take_write_order
from shared.kit.ids import uuid7
from shared.kit.problems import refuse
from shared.periods import Period
from shared.reporting.desk import Desk
from shared.reporting.obligations.rules import live_day
from shared.reporting.obligations.store import live_days
from shared.reporting.registers import Place, place_of, same_land, settle
from shared.territory.units import Level

LEVELS: tuple[Level, ...] = ("commune", "village")
"""Whom a recognition is of."""


@dataclass(frozen=True)
class Kept:
    """A recognition that is kept, and whether this request changed it."""

    row: Recognition
    created: bool


async def recognize(desk: Desk, draft: Draft[RecognitionIn], sets: Sets) -> Kept:
    """Keep a recognition, or refuse it: every fault of the body first, then a duplicate, then every broken rule."""
    stated = draft.body.stated()
    found = await place_of(desk, draft, stated.unit, stated.decided_on, levels=LEVELS, dated_by="decision")
    unit = (found.unit.level, found.unit.kind) if isinstance(found, Place) else None
    faults = faults_of(stated, sets, unit, draft.unread)
    found = settle(desk, draft, found, faults, decided_on=stated.decided_on)

    at = await take_write_order(desk.session, desk.clock)
    before = await store.of_unit(desk.session, found, stated.decided_on)
    for row in before:
        if _same_decision(row, stated):
            if _same_content(row, stated):
                return Kept(row, created=False)
            raise RecognitionExists(recognition=str(row.id))
    others = store.known(before)
    refuse_duplicate(stated, others)
    under = sets[stated.criteria_set]
    basis, reports = await _basis(desk, found, stated, under)
    refuse([*grounds_faults(stated, draft.body.grounds, others), *assessment_faults(stated, basis)])
    broken = broken_rules(stated, under, others, basis)
    reason = excused(broken, draft.body.excuse, desk.caller.scopes)
    row = Recognition(
        id=uuid7(at),
        unit=stated.unit,
        unit_level=found.unit.level,
        land=found.land[0],
        land_since=found.land[1],
        line=list(found.line),
        level=stated.level,
        field=stated.field,
        criteria_set=stated.criteria_set,
        decision_number=stated.decision_number,
        decision_date=stated.decided_on,
        year=stated.year,
        grounds=draft.body.grounds,
        assessments=reports,
        exceptions=[it.code for it in broken],
        exception_reason=reason,
        client_id=desk.caller.client_id,
        recorded_at=at,
    )
    desk.session.add(row)
    await desk.session.flush()
    await publish(desk.session, at, [Happening("unit.recognized", f"recognitions/{row.id}", facts(row))])
    return Kept(await whole(desk, row.id), created=True)


async def whole(desk: Desk, recognition_id: uuid.UUID) -> Recognition:
    """Give a recognition that was kept just now with what ended it."""
    found = await store.find(desk.session, recognition_id)
    assert found is not None, "it was kept just now"
    return found


async def _basis(
    desk: Desk, found: Place, stated: Stated, under: CriteriaSet
) -> tuple[Basis, list[uuid.UUID]]:
    """Give what the recognition can be held to, with the reports that say it. Two statements."""
    if under.assessed_by is None:
        return Basis(None, gone_live=False), []
    last = Period(stated.year).ends_on
    live_on = live_day(found.line, await live_days(desk.session), desk.engine.live_on)
    code = same_land(desk.territory, stated.unit, stated.decided_on, last)
    if code is None:
        return Basis(None, gone_live=False), []
    assessed, reports = await store.assessed(desk.session, code, stated.year)
    return Basis(assessed, gone_live=live_on is not None and live_on <= last), reports


def _same_decision(row: Recognition, stated: Stated) -> bool:
    return (row.unit, row.level, row.criteria_set, row.decision_number, row.decision_date) == (
        stated.unit,
        stated.level,
        stated.criteria_set,
        stated.decision_number,
        stated.decided_on,
    )


def _same_content(row: Recognition, stated: Stated) -> bool:
    return (row.field, row.year) == (stated.field, stated.year)


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
