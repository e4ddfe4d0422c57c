"""What people do with products: state an evaluation. Evaluating a product again is another row; its history stays."""

from services.rural.models import OcopEvaluation
from services.rural.ocop import store
from services.rural.ocop.book import Book
from services.rural.ocop.rules import ProductExists, faults_of
from services.rural.ocop.schemas import ProductIn
from shared.kit.bodies import Draft
from shared.kit.feed import Happening, publish, take_write_order
from shared.kit.ids import uuid7
from shared.reporting.desk import Desk
from shared.reporting.registers import Kept, place_of, settle
from shared.territory.units import Level

LEVELS: tuple[Level, ...] = ("commune", "district", "province")
"""A product's owner is known to be in one of these; the lowest that a paper names."""


async def certify(desk: Desk, draft: Draft[ProductIn], book: Book) -> Kept[OcopEvaluation]:
    """Keep a decision on a product's stars, or refuse it naming every fault. Stating it again answers what is kept."""
    body = draft.body
    on = body.decision.date
    found = await place_of(desk, draft, body.unit, on, levels=LEVELS, dated_by="decision")
    found = settle(desk, draft, found, faults_of(body.stated(), book, draft.unread), decided_on=on)

    at = await take_write_order(desk.session, desk.clock)
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
        client_id=desk.caller.client_id,
        recorded_at=at,
    )
    for before in await store.of_product(desk.session, body.code):
        if before.decision_date == row.decision_date:
            if _content(before) == _content(row):
                return Kept(before, created=False)
            raise ProductExists(product=body.code, date=body.decision.date.isoformat())
    desk.session.add(row)
    await desk.session.flush()
    data = {
        "code": row.code,
        "unit": row.unit,
        "stars": row.stars,
        "potential_five_star": row.potential_five_star,
        "decision": {"number": row.decision_number, "date": row.decision_date.isoformat()},
    }
    await publish(desk.session, at, [Happening("product.evaluated", f"ocop/products/{row.code}", data)])
    return Kept(row, created=True)


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
