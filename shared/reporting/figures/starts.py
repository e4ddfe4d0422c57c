"""Starts in figures that are no longer the end before, because an end was corrected after the start was stated."""

from collections.abc import Collection, Mapping
from dataclasses import replace

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


async def find_start_caveats(
    context: ReportingContext,
    query: FigureQuery,
    projection: MapProjection,
    figures: Collection[Figure],
) -> Mapping[str, Caveat]:
    """Return a caveat for each start among the inputs of figures that is not the end before in some unit, by indicator.

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
        return {}
    starts = await read_values_of_period(context, query, projection, frozenset(pairs))
    earlier = replace(query, period=before, standards_on=query.standards_on or period.ends_on)
    ends = {
        (value.unit, value.indicator): value.value
        for value in await read_values_of_period(context, earlier, projection, frozenset(pairs.values()))
    }
    differences: dict[str, list[str]] = {}
    for start in sorted(starts):
        end = ends.get((start.unit, pairs[start.indicator]))
        if end is not None and end != start.value:
            shown = f"{start.unit} {to_canonical_text(start.value)} ≠ {to_canonical_text(end)}"
            differences.setdefault(start.indicator, []).append(shown)
    return {code: _make_caveat(before, of_code) for code, of_code in differences.items()}


def _make_caveat(before: Period, differences: list[str]) -> Caveat:
    shown = ", ".join(differences[:MAX_SHOWN])
    if len(differences) > MAX_SHOWN:
        shown += f", … (+{len(differences) - MAX_SHOWN})"
    facts = {"before": str(before), "differences": shown}
    return Caveat(
        "start_differs", Sentence(START_DIFFERS.vi.format(**facts), START_DIFFERS.en.format(**facts))
    )
