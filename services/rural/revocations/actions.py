"""The action on revocations: revoke a recognition. One transaction; its rules are checked under the lock of the feed."""

import uuid

from services.rural.criteria.sets import CriteriaSets
from services.rural.models import Recognition, Revocation
from services.rural.recognitions import store
from services.rural.recognitions.actions import (
    LEVELS,
    find_recognitions_of_land,
    read_recognition,
    to_event_data,
)
from services.rural.revocations.rules import (
    RecognitionRevoked,
    find_broken_rules,
    find_revocation_faults,
    refuse_replaced,
    refuse_required_by_higher,
)
from services.rural.revocations.schemas import RevocationIn
from services.rural.rules import DecisionDays, accept_exception
from shared.kit.canonical_text import canonicalize
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
)
from shared.territory.villages.store import with_villages


async def revoke(
    context: ReportingContext, recognition_id: uuid.UUID, draft: PartialBody[RevocationIn], sets: CriteriaSets
) -> RegisterResult[Recognition]:
    """Insert the revocation of a recognition, or return the recognition where the same revocation exists."""
    at = await lock_feed(context.session, context.clock)
    row = await store.find_recognition(context.session, recognition_id)
    if row is None:
        raise store.RecognitionNotFound(recognition=str(recognition_id))
    body, criteria_set = draft.body, sets.get(row.criteria_set)
    decision, ends_on, unmet = body.decision, body.ends_on, sorted(set(body.unmet))
    faults = [
        *draft.faults,
        *find_revocation_faults(
            DecisionDays(row.decision_date, row.effective_on),
            DecisionDays(decision.date, ends_on),
            body.unmet,
            criteria_set,
            draft.unread,
        ),
    ]
    if "decision" not in draft.unread:
        faults += find_future_date_faults(decision.date, context)
    raise_if_any(faults)
    territory = await with_villages(context.session, context.territory, [row.unit])
    unit = locate_unit(territory, row.unit, row.decision_date, levels=LEVELS)
    assert isinstance(unit, UnitOnDay), "a recognized unit exists on the day of its decision"
    require_granted(context, unit)

    if row.revocation is not None:
        if _is_same(row.revocation, body):
            return RegisterResult(row, created=False)
        revoked_on = row.revocation.effective_on.isoformat()
        raise RecognitionRevoked(recognition=str(row.id), revoked_on=revoked_on)
    registered = store.to_registered(await find_recognitions_of_land(context, unit, row.decision_date))
    recognition = next(other for other in registered if other.id == str(row.id))
    refuse_replaced(recognition, ends_on)
    refuse_required_by_higher(recognition, ends_on, registered, sets)
    broken = find_broken_rules(criteria_set, unmet, decision.date)
    reason = accept_exception(broken, body.exception_reason, context.caller.scopes)
    context.session.add(
        Revocation(
            recognition_id=row.id,
            decision_number=decision.number,
            decision_date=decision.date,
            effective_on=ends_on,
            reason=body.reason,
            unmet=unmet,
            exceptions=[rule.code for rule in broken],
            exception_reason=reason,
            client_id=context.caller.client_id,
            recorded_at=at,
        )
    )
    await context.session.flush()
    revoked_by = {
        "number": decision.number,
        "date": decision.date.isoformat(),
        "effective_on": ends_on.isoformat(),
    }
    data = {**to_event_data(row), "revoked_by": revoked_by}
    event = Event("unit.recognition_revoked", f"recognitions/{row.id}", data)
    await publish_events(context.session, at, [event])
    return RegisterResult(await read_recognition(context, row.id), created=True)


def _is_same(row: Revocation, body: RevocationIn) -> bool:
    number = canonicalize(row.decision_number)
    return (number, row.decision_date, row.effective_on, row.reason, row.unmet) == (
        canonicalize(body.decision.number),
        body.decision.date,
        body.ends_on,
        body.reason,
        sorted(set(body.unmet)),
    )
