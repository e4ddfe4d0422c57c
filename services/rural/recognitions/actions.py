"""What people do with recognitions: recognize, revoke. Each is one transaction, its rules looked at under the write order."""

import uuid
from dataclasses import dataclass
from typing import Any

from services.rural.criteria.sets import Sets
from services.rural.models import Recognition, Revocation
from services.rural.recognitions import store
from services.rural.recognitions.rules import (
    AlreadyRevoked,
    ExceptionNotAllowed,
    RecognitionExists,
    RuleBroken,
    Stated,
    broken_rules,
    faults_of,
    refuse_broken,
    refuse_duplicate,
    refuse_to_undercut,
    revocation_faults,
)
from services.rural.recognitions.schemas import RecognitionIn, RevocationIn
from shared.kit.bodies import Draft
from shared.kit.feed import Happening, publish, take_write_order
from shared.kit.ids import uuid7
from shared.kit.problems import NotFound, Sentence, refuse
from shared.reporting.desk import Desk
from shared.reporting.registers import (
    Place,
    dated_in_future,
    knowing_villages,
    place,
    place_of,
    require_granted,
    settle,
)
from shared.territory.units import Level

LEVELS: tuple[Level, ...] = ("commune", "village")
"""Whom a recognition is of."""


class RecognitionNotFound(NotFound):
    """No recognition has this id."""

    code = "recognition_not_found"
    detail = Sentence("Không có quyết định công nhận này.", "There is no such recognition.")


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
    others = [store.known(row) for row in before]
    refuse_duplicate(stated, others)
    under = sets[stated.criteria_set]
    unmet = []
    if under.assessed_by is not None:
        unmet = await store.unmet_criteria(desk.session, stated.unit, stated.year)
    broken = broken_rules(stated, under, others, unmet)
    reason = _excused(desk, draft.body, broken)
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
        exceptions=[it.code for it in broken],
        exception_reason=reason,
        client_id=desk.caller.client_id,
        recorded_at=at,
    )
    desk.session.add(row)
    await desk.session.flush()
    await publish(desk.session, at, [Happening("unit.recognized", f"recognitions/{row.id}", _facts(row))])
    return Kept(await _whole(desk, row.id), created=True)


async def revoke(desk: Desk, recognition_id: uuid.UUID, draft: Draft[RevocationIn], sets: Sets) -> Kept:
    """End a recognition by a decision with its grounds. It is a row of its own; nothing is changed or removed."""
    at = await take_write_order(desk.session, desk.clock)
    row = await store.find(desk.session, recognition_id)
    if row is None:
        raise RecognitionNotFound(recognition=str(recognition_id))
    decision, reason = draft.body.decision, draft.body.reason
    faults = list(draft.faults)
    if "decision" not in draft.unread:
        faults += dated_in_future(decision.date, desk)
        faults += revocation_faults(row.decision_date, decision.date)
    refuse(faults)
    territory = await knowing_villages(desk.session, desk.territory, [row.unit])
    found = place(territory, row.unit, row.decision_date, levels=LEVELS)
    assert isinstance(found, Place), "a unit that was recognized stood on that day"
    require_granted(desk, found)

    if row.revocation is not None:
        ended = row.revocation
        said = (ended.decision_number, ended.decision_date, ended.reason)
        if said == (decision.number, decision.date, reason):
            return Kept(row, created=False)
        raise AlreadyRevoked(recognition=str(row.id), revoked_on=ended.decision_date.isoformat())
    others = [store.known(it) for it in await store.of_unit(desk.session, found, decision.date)]
    refuse_to_undercut(store.known(row), decision.date, others, sets)
    desk.session.add(
        Revocation(
            recognition_id=row.id,
            decision_number=decision.number,
            decision_date=decision.date,
            reason=reason,
            client_id=desk.caller.client_id,
            recorded_at=at,
        )
    )
    await desk.session.flush()
    data = {**_facts(row), "revoked_by": {"number": decision.number, "date": decision.date.isoformat()}}
    await publish(desk.session, at, [Happening("unit.recognition_revoked", f"recognitions/{row.id}", data)])
    return Kept(await _whole(desk, row.id), created=True)


async def _whole(desk: Desk, recognition_id: uuid.UUID) -> Recognition:
    found = await store.find(desk.session, recognition_id)
    assert found is not None, "it was kept just now"
    return found


def _excused(desk: Desk, body: RecognitionIn, broken: list[RuleBroken]) -> str | None:
    """Give the reason of a recorded exception where rules are broken, or refuse."""
    if not broken:
        return None
    if body.exception is None:
        refuse_broken(broken)
        return None
    if "review" not in desk.caller.scopes:
        raise ExceptionNotAllowed(scopes=["register", "review"])
    return body.exception.reason


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


def _facts(row: Recognition) -> dict[str, Any]:
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
