"""Starts in figures that are no longer the end before, because an end was corrected after the start was stated."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.kit.problems import Sentence
from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.context import ReportingContext
from shared.reporting.engine import Caveat
from shared.reporting.figures.map_projection import MapProjection
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.unit_reading import read_values_of_period
from shared.reporting.report_content import to_canonical_text

MAX_SHOWN = 5
"""A caveat names so many units; it counts the rest."""

START_DIFFERS = Sentence(
    "Số đầu kỳ khác số cuối kỳ {before}: {differences}.",
    "The start differs from the end of {before}: {differences}.",
)


@dataclass(frozen=True, slots=True)
class StartDifferences:
    """The starts that are not the end before, by indicator: the unit of each, and both values."""

    before: Period
    by_indicator: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    def make_caveats(self, units: Collection[str]) -> dict[str, Caveat]:
        """Return a caveat for each start that differs in some of these units, by indicator."""
        of_units = {
            code: [shown for unit, shown in differences if unit in units]
            for code, differences in self.by_indicator.items()
        }
        return {code: _make_caveat(self.before, shown) for code, shown in of_units.items() if shown}


async def find_start_differences(
    context: ReportingContext,
    query: FigureQuery,
    projection: MapProjection,
    figures: Collection[Figure],
) -> StartDifferences:
    """Return the starts among the inputs of figures that are not the end before in some unit of a projection.

    Two statements where a figure has such an input, else none. A start after a change of the map is not compared here.
    """
    catalogue, period = context.engine.catalogue, query.period
    pairs = {
        code: indicator.starts_from
        for figure in figures
        for code in figure.inputs
        if (indicator := catalogue.find_indicator(code, period.ends_on)) is not None
        and indicator.starts_from is not None
    }
    before = period.previous() if pairs else period
    on_one_map = context.territory.same_map(before.ends_on, period.ends_on)
    if not pairs or not on_one_map or not projection.is_on_own_map:
        return StartDifferences(before)
    starts = await read_values_of_period(context, query, projection, frozenset(pairs))
    earlier = replace(query, period=before, standards_on=query.standards_on or period.ends_on)
    ends = {
        (value.unit, value.indicator): value.value
        for value in await read_values_of_period(context, earlier, projection, frozenset(pairs.values()))
    }
    differences: dict[str, list[tuple[str, str]]] = {}
    for start in sorted(starts):
        end = ends.get((start.unit, pairs[start.indicator]))
        if end is not None and end != start.value:
            shown = f"{start.unit} {to_canonical_text(start.value)} ≠ {to_canonical_text(end)}"
            differences.setdefault(start.indicator, []).append((start.unit, shown))
    return StartDifferences(before, differences)


def _make_caveat(before: Period, differences: list[str]) -> Caveat:
    shown = ", ".join(differences[:MAX_SHOWN])
    if len(differences) > MAX_SHOWN:
        shown += f", … (+{len(differences) - MAX_SHOWN})"
    facts = {"before": str(before), "differences": shown}
    return Caveat(
        "start_differs", Sentence(START_DIFFERS.vi.format(**facts), START_DIFFERS.en.format(**facts))
    )
