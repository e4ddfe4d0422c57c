"""What people do with products: state an evaluation. Evaluating a product again is another row; its history stays."""

from datetime import date

from services.rural.models import OcopEvaluation
from services.rural.ocop import store
from services.rural.ocop.dated_rules import OcopRules
from services.rural.ocop.rules import ProductExists, faults_of
from services.rural.ocop.schemas import ProductIn
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, locate_body_unit, require_valid
from shared.territory.units import Level, NoCounterpartOnMap, SplitWithoutWeight, UnitNotGranted

LEVELS: tuple[Level, ...] = ("commune", "district", "province")
"""A product's owner is known to be in one of these; the lowest that a paper names."""


async def certify(
    context: ReportingContext, draft: PartialBody[ProductIn], rules: OcopRules
) -> RegisterResult[OcopEvaluation]:
    """Keep a decision on a product's stars, or refuse it naming every fault. Stating it again answers what is kept.

    Who evaluates a product again has to be granted the place to which it belongs so far, too.
    """
    body = draft.body
    on = body.decision.date
    found = await locate_body_unit(context, draft, body.unit, on, levels=LEVELS, dated_by="decision")
    found = require_valid(context, draft, found, faults_of(body.stated(), rules, draft.unread), decided_on=on)

    at = await lock_feed(context.session, context.clock)
    row = OcopEvaluation(
        id=uuid7(at),
        code=body.code,
        name=body.name,
        **found.columns(),
        owner_kind=body.owner_kind,
        owner_name=body.owner_name,
        product_group=body.group,
        stars=body.stars,
        score=body.score,
        score_parts=body.parts(),
        potential_five_star=body.potential_five_star,
        decision_number=body.decision.number,
        decision_date=body.decision.date,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    before = await store.of_product(context.session, body.code)
    same_day = next((it for it in before if it.decision_date == on), None)
    if same_day is not None and _content(same_day) == _content(row):
        return RegisterResult(same_day, created=False)
    if before:
        _require_granted(context, before[0], on)
    if same_day is not None:
        raise ProductExists(product=body.code, date=on.isoformat())
    context.session.add(row)
    await context.session.flush()
    data = {
        "code": row.code,
        "unit": row.unit,
        "stars": row.stars,
        "potential_five_star": row.potential_five_star,
        "decision": {"number": row.decision_number, "date": row.decision_date.isoformat()},
    }
    await publish_events(context.session, at, [Event("product.evaluated", f"ocop/products/{row.code}", data)])
    return RegisterResult(row, created=True)


def _require_granted(context: ReportingContext, last: OcopEvaluation, on: date) -> None:
    """Refuse to evaluate again what belongs to a place that was not granted, as it lay then or as it lies on a day."""
    try:
        shares = context.territory.map_onto(last.unit, last.decision_date, on)
    except (NoCounterpartOnMap, SplitWithoutWeight):
        shares = ()
    lines = [
        {it.unit.code, *(above.code for above in context.territory.ancestors(it.unit.code, on))}
        for it in shares
    ]
    granted = context.caller.units
    here = bool(lines) and not any(granted.isdisjoint(line) for line in lines)
    if not here and granted.isdisjoint(last.line):
        raise UnitNotGranted(unit=last.unit)


def _content(it: OcopEvaluation) -> tuple[object, ...]:
    parts = None if it.score_parts is None else tuple(it.score_parts)
    return (
        it.name,
        it.unit,
        it.owner_kind,
        it.owner_name,
        it.product_group,
        it.stars,
        it.score,
        parts,
        it.potential_five_star,
        it.decision_number,
    )
