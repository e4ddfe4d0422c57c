"""The figures that count valid OCOP products, for the reporting engine."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.ocop.dated_rules import OcopRules
from services.rural.ocop.store import PATH, select_valid_columns
from shared.reporting.engine import CountScope, RegisterCount, RegisterCounter
from shared.reporting.register_rows import format_lineage

EVENT_TYPES = frozenset({"product.evaluated"})
"""Types of the events that may change a figure."""

FIVE_STARS = 5


def make_product_counter(rules: OcopRules) -> RegisterCounter:
    """Return the function that counts the valid products of a scope by figure. One statement."""

    async def count_products(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        rows = select_valid_columns(rules, scope.units, scope.on, scope.as_of).subquery()
        counts = select(
            func.count(),
            func.count().filter(rows.c.stars == FIVE_STARS),
            func.count().filter(rows.c.potential_five_star),
        ).select_from(rows)
        valid, five_star, potential = (await session.execute(counts)).one()
        on = scope.on.isoformat()
        return {
            "ocop_products_valid": RegisterCount(valid, format_lineage(PATH, scope, valid_on=on)),
            "ocop_products_five_star": RegisterCount(
                five_star, format_lineage(PATH, scope, valid_on=on, stars=str(FIVE_STARS))
            ),
            "ocop_products_potential_five_star": RegisterCount(
                potential, format_lineage(PATH, scope, valid_on=on, potential_five_star="true")
            ),
        }

    return count_products
