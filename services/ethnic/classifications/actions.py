"""The action on classifications: classify a commune."""

from collections.abc import Collection

from services.ethnic.area_laws import AreaFacts
from services.ethnic.classifications.rules import ClassificationExists, Region, find_decision_faults
from services.ethnic.classifications.schemas import ClassificationIn
from services.ethnic.classifications.store import find_same_decision
from services.ethnic.models import Classification
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, locate_body_unit, require_valid


async def classify(
    context: ReportingContext,
    draft: PartialBody[ClassificationIn],
    regions: Collection[Region],
    area_facts: AreaFacts,
) -> RegisterResult[Classification]:
    """Insert a classification, or return the same one. Raise every fault of the body.

    A later row for the same day, under another decision, replaces an earlier one. It ends with the lists of its law.
    """
    decision = draft.body.to_decision()
    located = await locate_body_unit(
        context,
        draft,
        decision.unit,
        decision.effective_on,
        levels=("commune",),
        dated_by="effective_on",
    )
    faults = find_decision_faults(decision, regions, draft.unread)
    unit = require_valid(context, draft, located, faults, decided_on=decision.decided_on)

    at = await lock_feed(context.session, context.clock)
    same = await find_same_decision(context.session, decision)
    if same is not None:
        content = (same.region, same.specially_difficult)
        if content != (decision.region, decision.specially_difficult):
            raise ClassificationExists(classification=str(same.id))
        return RegisterResult(same, created=False)
    law = next(iter(area_facts.list_laws("region", "commune", decision.effective_on)), None)
    row = Classification(
        id=uuid7(at),
        **unit.to_columns(),
        region=decision.region,
        specially_difficult=decision.specially_difficult,
        decision_number=decision.decision_number,
        decision_key=canonicalize(decision.decision_number),
        decision_date=decision.decided_on,
        effective_on=decision.effective_on,
        ends_on=law.lists_end_on if law else None,
        law=law.code if law else None,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    context.session.add(row)
    await context.session.flush()
    data = {
        "unit": row.unit,
        "region": row.region,
        "specially_difficult": row.specially_difficult,
        "effective_on": row.effective_on.isoformat(),
        "decision": {"number": row.decision_number, "date": row.decision_date.isoformat()},
    }
    event = Event("commune.classified", f"classifications/{row.id}", data)
    await publish_events(context.session, at, [event])
    return RegisterResult(row, created=True)
