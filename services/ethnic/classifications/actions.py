"""What people do with classifications: state one."""

from collections.abc import Collection

from services.ethnic.classifications import store
from services.ethnic.classifications.rules import ClassificationExists, Region, faults_of
from services.ethnic.classifications.schemas import ClassificationIn
from services.ethnic.models import Classification
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, locate_body_unit, require_valid


async def classify(
    context: ReportingContext, draft: PartialBody[ClassificationIn], regions: Collection[Region]
) -> RegisterResult[Classification]:
    """Keep what a decision says of a commune, or refuse it naming every fault.

    Saying the same again answers what is kept. A later row for the same day, under another decision, takes its place.
    """
    stated = draft.body.stated()
    on = stated.effective_on
    found = await locate_body_unit(
        context, draft, stated.unit, on, levels=("commune",), dated_by="effective_on"
    )
    faults = faults_of(stated, regions, draft.unread)
    found = require_valid(context, draft, found, faults, decided_on=stated.decided_on)

    at = await lock_feed(context.session, context.clock)
    before = await store.by_decision(context.session, stated)
    if before is not None:
        if (before.region, before.specially_difficult) != (stated.region, stated.specially_difficult):
            raise ClassificationExists(classification=str(before.id))
        return RegisterResult(before, created=False)
    row = Classification(
        id=uuid7(at),
        **found.columns(),
        region=stated.region,
        specially_difficult=stated.specially_difficult,
        decision_number=stated.decision_number,
        decision_date=stated.decided_on,
        effective_on=stated.effective_on,
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
    await publish_events(
        context.session, at, [Event("commune.classified", f"classifications/{row.id}", data)]
    )
    return RegisterResult(row, created=True)
