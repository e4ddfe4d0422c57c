"""The action on OCOP products: record an evaluation. A re-evaluation is another row; the history stays."""

from datetime import date

from services.rural.models import OcopEvaluation
from services.rural.ocop.dated_rules import OcopRules
from services.rural.ocop.rules import ProductExists, find_decision_faults
from services.rural.ocop.schemas import ProductIn
from services.rural.ocop.store import find_product_evaluations
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, locate_body_unit, require_valid
from shared.territory.rights import is_granted
from shared.territory.units import Level, NoCounterpartOnMap, SplitWithoutWeight, UnitNotGranted

LEVELS: tuple[Level, ...] = ("commune", "district", "province")
"""Levels of the unit of a product: the lowest unit that the decision names."""


async def record_evaluation(
    context: ReportingContext, draft: PartialBody[ProductIn], rules: OcopRules
) -> RegisterResult[OcopEvaluation]:
    """Insert the evaluation of a product, or return the one with the same content. Raise every fault of the body.

    A re-evaluation requires that the caller was granted the unit of the latest evaluation as well.
    """
    body = draft.body
    on = body.decision.date
    located = await locate_body_unit(context, draft, body.unit, on, levels=LEVELS, dated_by="decision")
    faults = find_decision_faults(body.to_decision(), rules, draft.unread)
    unit = require_valid(context, draft, located, faults, decided_on=on)

    at = await lock_feed(context.session, context.clock)
    row = OcopEvaluation(
        id=uuid7(at),
        code=body.code,
        code_key=canonicalize(body.code),
        name=body.name,
        **unit.to_columns(),
        owner_kind=body.owner_kind,
        owner_name=body.owner_name,
        product_group=body.group,
        stars=body.stars,
        score=body.score,
        score_parts=body.list_parts(),
        potential_five_star=body.potential_five_star,
        decision_number=body.decision.number,
        decision_date=body.decision.date,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    evaluations = await find_product_evaluations(context.session, row.code_key)
    same_day = next((evaluation for evaluation in evaluations if evaluation.decision_date == on), None)
    if same_day is not None and _to_content(same_day) == _to_content(row):
        return RegisterResult(same_day, created=False)
    if evaluations:
        _require_latest_granted(context, evaluations[0], on)
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


def _require_latest_granted(context: ReportingContext, latest: OcopEvaluation, on: date) -> None:
    """Raise `UnitNotGranted` unless the caller was granted the unit of an evaluation on its own day or on `on`."""
    try:
        shares = context.territory.map_onto(latest.unit, latest.decision_date, on)
    except (NoCounterpartOnMap, SplitWithoutWeight):
        shares = ()
    territory, granted = context.territory, context.caller.units
    lines = [territory.line(share.unit.code, on) for share in shares]
    granted_on_day = bool(lines) and all(is_granted(territory, line, on, granted) for line in lines)
    if not granted_on_day and not is_granted(territory, latest.line, latest.decision_date, granted):
        raise UnitNotGranted(unit=latest.unit)


def _to_content(row: OcopEvaluation) -> tuple[object, ...]:
    """Return what a decision states in a row: two rows with the same content state the same evaluation."""
    parts = None if row.score_parts is None else tuple(row.score_parts)
    return (
        canonicalize(row.name),
        row.unit,
        row.owner_kind,
        None if row.owner_name is None else canonicalize(row.owner_name),
        row.product_group,
        row.stars,
        row.score,
        parts,
        row.potential_five_star,
        canonicalize(row.decision_number),
    )
