"""The values of a unit and of the units below it, for tables with a row for each of them."""

from collections.abc import Collection

from shared.periods import Period
from shared.reporting.context import ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.unit_reading import find_projection, read_projected_values
from shared.reporting.observations.values import EffectiveValue
from shared.territory.units import Unit


async def read_values_by_unit(
    context: ReportingContext,
    query: FigureQuery,
    units: Collection[Unit],
    indicators: frozenset[str] | None = None,
) -> dict[str, list[EffectiveValue]]:
    """Return the values in effect of some units within the unit of a query: of each itself and of what is below it.

    One statement; it reads the observations, so it costs what the values below the unit cost.
    """
    on = query.period.ends_on
    by_unit: dict[str, list[EffectiveValue]] = {unit.code: [] for unit in units}
    for value in await read_projected_values(context, query, find_projection(context, query), indicators):
        line = {value.unit, *(above.code for above in context.territory.ancestors(value.unit, on))}
        for code in line & by_unit.keys():
            by_unit[code].append(value)
    return by_unit


def list_unit_and_children(context: ReportingContext, root: str, period: Period) -> list[Unit]:
    """Return the units directly below a unit, without villages, and the unit itself last."""
    on = period.ends_on
    below = [unit for unit in context.territory.children(root, on) if unit.level != "village"]
    return [*below, context.territory.unit(root, on)]
