"""The figures that count valid OCOP products, for the reporting engine."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.ocop.dated_rules import OcopRules
from services.rural.ocop.store import PATH, select_valid_columns
from shared.reporting.engine import CountScope, RegisterCount, RegisterCounter, ScopesCounter
from shared.reporting.register_rows import format_lineage

EVENT_TYPES = frozenset({"product.evaluated"})
"""Types of the events that may change a figure."""

FIVE_STARS = 5


def make_product_counters(rules: OcopRules) -> tuple[RegisterCounter, ScopesCounter]:
    """Return the functions that count the valid products of a scope, and of many, by figure. One statement each."""

    async def count_products_in_scopes(
        session: AsyncSession, scopes: Sequence[CountScope]
    ) -> list[dict[str, RegisterCount]]:
        first = scopes[0]
        units = frozenset().union(*(scope.units for scope in scopes))
        rows = select_valid_columns(rules, units, first.on, first.as_of).subquery()
        counts = (
            select(
                rows.c.unit_of_day,
                func.count(),
                func.count().filter(rows.c.stars == FIVE_STARS),
                func.count().filter(rows.c.potential_five_star),
            )
            .select_from(rows)
            .group_by(rows.c.unit_of_day)
        )
        by_unit = {unit: numbers for unit, *numbers in await session.execute(counts)}
        return [_sum_products(scope, by_unit) for scope in scopes]

    async def count_products(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        (counted,) = await count_products_in_scopes(session, [scope])
        return counted

    return count_products, count_products_in_scopes


def _sum_products(scope: CountScope, by_unit: Mapping[str, Sequence[int]]) -> dict[str, RegisterCount]:
    """Return the counts of a scope from those of its units: all valid products, those of five stars, those that may become so."""
    of_scope = [by_unit[unit] for unit in scope.units if unit in by_unit]
    valid, five_star, potential = (sum(numbers[index] for numbers in of_scope) for index in range(3))
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
