"""What people do with revocations: revoke. It is one transaction, its rules looked at under the write order."""

import uuid

from services.rural.criteria.sets import CriteriaSets
from services.rural.exceptions.rules import excused
from services.rural.models import Recognition, Revocation
from services.rural.recognitions import store
from services.rural.recognitions.actions import LEVELS, facts, known_of, whole
from services.rural.revocations.rules import (
    AlreadyRevoked,
    broken_rules,
    faults_of,
    refuse_replaced,
    refuse_to_undercut,
)
from services.rural.revocations.schemas import RevocationIn
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.reporting.context import ReportingContext
from shared.reporting.registers import (
    RegisterResult,
    UnitOnDay,
    find_future_date_faults,
    locate_unit,
    require_granted,
    with_villages,
)


async def revoke(
    context: ReportingContext, recognition_id: uuid.UUID, draft: PartialBody[RevocationIn], sets: CriteriaSets
) -> RegisterResult[Recognition]:
    """End a recognition by a decision with its grounds. It is a row of its own; nothing is changed or removed."""
    at = await lock_feed(context.session, context.clock)
    row = await store.find(context.session, recognition_id)
    if row is None:
        raise store.RecognitionNotFound(recognition=str(recognition_id))
    body, under = draft.body, sets.get(row.criteria_set)
    decision, unmet = body.decision, sorted(set(body.unmet))
    faults = [
        *draft.faults,
        *faults_of(row.decision_date, decision.date, body.unmet, under, draft.unread),
    ]
    if "decision" not in draft.unread:
        faults += find_future_date_faults(decision.date, context)
    raise_if_any(faults)
    territory = await with_villages(context.session, context.territory, [row.unit])
    found = locate_unit(territory, row.unit, row.decision_date, levels=LEVELS)
    assert isinstance(found, UnitOnDay), "a unit that was recognized stood on that day"
    require_granted(context, found)

    if row.revocation is not None:
        if _same(row.revocation, body):
            return RegisterResult(row, created=False)
        raise AlreadyRevoked(recognition=str(row.id), revoked_on=row.revocation.decision_date.isoformat())
    known = store.known(await known_of(context, found, row.decision_date))
    own = next(it for it in known if it.id == str(row.id))
    refuse_replaced(own, decision.date)
    refuse_to_undercut(own, decision.date, known, sets)
    broken = broken_rules(under, unmet, decision.date)
    reason = excused(broken, body.excuse, context.caller.scopes)
    context.session.add(
        Revocation(
            recognition_id=row.id,
            decision_number=decision.number,
            decision_date=decision.date,
            reason=body.reason,
            unmet=unmet,
            exceptions=[it.code for it in broken],
            exception_reason=reason,
            client_id=context.caller.client_id,
            recorded_at=at,
        )
    )
    await context.session.flush()
    data = {**facts(row), "revoked_by": {"number": decision.number, "date": decision.date.isoformat()}}
    await publish_events(
        context.session, at, [Event("unit.recognition_revoked", f"recognitions/{row.id}", data)]
    )
    return RegisterResult(await whole(context, row.id), created=True)


def _same(ended: Revocation, body: RevocationIn) -> bool:
    return (ended.decision_number, ended.decision_date, ended.reason, ended.unmet) == (
        body.decision.number,
        body.decision.date,
        body.reason,
        sorted(set(body.unmet)),
    )
