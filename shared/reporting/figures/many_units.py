"""Read what is stated of many units at once, each exactly as it is read alone: the statements of one reading for all of them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from shared.periods import Period
from shared.reporting.context import ReportingContext
from shared.reporting.figures import store
from shared.reporting.figures.coverage import CoverageCalculator, NilReport
from shared.reporting.figures.map_projection import MapProjection, SourceMap, project_unit, project_values
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.unit_reading import UnitReading, read_values_on, select_reportable
from shared.reporting.observations.values import EffectiveValue, prefer_official, to_measures
from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight, Unit

PlacedValues = Mapping[tuple[date, str], Sequence[EffectiveValue]]
"""Values by a day of the map on which they were stated, and unit."""


async def read_units(
    context: ReportingContext, query: FigureQuery, units: Sequence[Unit], indicators: frozenset[str]
) -> dict[str, UnitReading | None]:
    """Return what is stated of each unit by its code; None where land of it was divided without weights.

    One statement for each map on which a part of the period ended, and one for nil, whatever the number of units. Of the
    query the unit is not read.
    """
    map_on = query.map_on or query.period.ends_on
    projections = {unit.code: _project(context, unit.code, query.period, map_on) for unit in units}
    projected = [projection for projection in projections.values() if projection is not None]
    values = await _read_values(context, query, projected, indicators)
    above = {
        unit.code: {upper.code for upper in context.territory.ancestors(unit.code, map_on)} for unit in units
    }
    nil_reports = await store.read_nil_reports(
        context.session,
        parts={
            part
            for projection in projected
            for source in projection.source_maps
            for part in select_reportable(context, source)
        },
        basis=query.basis,
        standards=query.select_standards(context.engine.catalogue),
        units=frozenset().union(*above.values(), *(_list_places(projection) for projection in projected)),
        as_of=query.as_of,
        official_only=query.official_only,
    )
    nil_by_unit: dict[str, list[NilReport]] = defaultdict(list)
    for report in nil_reports:
        nil_by_unit[report.unit].append(report)
    readings: dict[str, UnitReading | None] = {}
    for code, projection in projections.items():
        places = () if projection is None else above[code] | _list_places(projection)
        nil_of_unit = [report for place in places if place in nil_by_unit for report in nil_by_unit[place]]
        readings[code] = (
            None
            if projection is None
            else _make_reading(context, replace(query, unit=code), projection, values, nil_of_unit)
        )
    return readings


def _project(context: ReportingContext, code: str, period: Period, map_on: date) -> MapProjection | None:
    try:
        return project_unit(context.territory, code, period, map_on)
    except (SplitWithoutWeight, NoCounterpartOnMap):
        return None


def _list_places(projection: MapProjection) -> frozenset[str]:
    """Return the units of every map of the period with land in the unit that is read."""
    return frozenset().union(*(source.units for source in projection.source_maps))


async def _read_values(
    context: ReportingContext,
    query: FigureQuery,
    projections: Collection[MapProjection],
    indicators: frozenset[str],
) -> PlacedValues:
    placed: dict[tuple[date, str], list[EffectiveValue]] = defaultdict(list)
    for source in _merge_sources(projections):
        for value in await read_values_on(context, query, source, indicators):
            placed[source.on, value.unit].append(value)
    return placed


def _merge_sources(projections: Collection[MapProjection]) -> Iterator[SourceMap]:
    """Yield the maps of all projections, each with the units of all."""
    units: dict[date, set[str]] = defaultdict(set)
    parts: dict[date, tuple[Period, ...]] = {}
    for projection in projections:
        for source in projection.source_maps:
            units[source.on] |= source.units
            parts[source.on] = source.parts
    for on, codes in sorted(units.items()):
        if parts[on]:
            yield SourceMap(on, parts[on], frozenset(codes))


def _make_reading(
    context: ReportingContext,
    query: FigureQuery,
    projection: MapProjection,
    placed: PlacedValues,
    nil_reports: Sequence[NilReport],
) -> UnitReading | None:
    """Return the reading of one unit; None where a unit that stated a value in it was divided without weights."""
    catalogue, territory = context.engine.catalogue, context.territory
    stated = [
        value
        for source in projection.source_maps
        for code in source.units
        for value in placed.get((source.on, code), ())
    ]
    is_flow = catalogue.find_flows(query.period.ends_on).__contains__
    try:
        values = project_values(territory, projection, prefer_official(territory, stated), is_flow)
    except (SplitWithoutWeight, NoCounterpartOnMap):
        return None
    measures = to_measures(catalogue, query.period, values, projection.unit.code)
    own_values = None if _is_read_from_roll_ups(query, projection, placed, nil_reports) else values
    coverage = CoverageCalculator(catalogue, territory, projection, own_values, nil_reports)
    return UnitReading(query, projection, measures, values, coverage)


def _is_read_from_roll_ups(
    query: FigureQuery, projection: MapProjection, placed: PlacedValues, nil_reports: Sequence[NilReport]
) -> bool:
    """Whether the unit alone is read from roll-ups, whose coverage is counted in whole units."""
    return (
        query.as_of is None
        and not query.official_only
        and projection.is_on_own_map
        and projection.unit.level in ("province", "district")
        and all(report.period in projection.read_map.parts for report in nil_reports)
        and not any((source.on, code) in placed for source in projection.others for code in source.units)
    )
