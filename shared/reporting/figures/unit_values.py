"""Read figures of every unit of a level in a unit, for maps: each exactly as it is read alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.kit.change_feed import find_newest_included
from shared.kit.problems import Sentence
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import FromRegister
from shared.reporting.context import ReportingContext
from shared.reporting.engine import Caveat, CountScope, RegisterCount
from shared.reporting.figures.changes import evaluate_change, make_query_before
from shared.reporting.figures.coverage import select_unequal
from shared.reporting.figures.coverage_schemas import CaveatOut, warn_of_unequal_coverage
from shared.reporting.figures.divided_units import explain_division, find_divided_caveat
from shared.reporting.figures.many_units import read_units
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.schemas import FigureUnitOut
from shared.reporting.figures.starts import StartDifferences, find_start_differences
from shared.reporting.figures.unit_reading import (
    EvaluatedFigure,
    UnitReading,
    count_registers_of_units,
    find_projection,
)
from shared.reporting.figures.unit_values_schemas import (
    MapIndicatorOut,
    MapLevel,
    MapValueOut,
    MapValuesOut,
)
from shared.reporting.models import Target
from shared.reporting.targets.store import read_targets_of_units
from shared.territory.levels import find_level_below, list_units_of_level
from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight, Unit
from shared.territory.villages.store import read_villages_in

MOST_INDICATORS = 20
"""The codes of one request; each with a dimension shows all its members."""

NOT_IN_FORCE = Sentence("Chỉ tiêu không có hiệu lực vào ngày {on}.", "The figure is not in force on {on}.")
NOT_STATED_BY_VILLAGES = Sentence(
    "Chỉ tiêu này không được báo cáo theo thôn.", "This figure is not stated by villages."
)


@dataclass(frozen=True)
class _Readings:
    """What is stated of the units, of now and of the end before."""

    now: Mapping[str, UnitReading | None]
    before: Mapping[str, UnitReading | None]
    counts: Mapping[str, Mapping[str, RegisterCount]]
    targets: Mapping[tuple[str, str, str], Target]
    starts: StartDifferences


async def read_unit_values(
    context: ReportingContext, query: FigureQuery, figures: Sequence[Figure], level: MapLevel | None
) -> MapValuesOut:
    """Return figures of the units of a level in the unit of a query; without a level, of the one below it.

    One statement for values, one for nil, one for targets and those of the registers, whatever the number of units; for a
    change also those of the end before.
    """
    territory, catalogue = context.territory, context.engine.catalogue
    on = query.map_on or query.period.ends_on
    top = territory.unit(query.unit, on)
    shown_level: MapLevel = level or find_level_below(territory, top, on)
    if shown_level == "village":
        items = await _read_villages(context, query, figures, top, on)
    else:
        units = list_units_of_level(territory, top, shown_level, on)
        items = await _read_items(context, query, figures, units, on)
    standards = query.select_standards(catalogue)
    newest_included = await find_newest_included(context.session, query.as_of)
    return MapValuesOut(
        unit=FigureUnitOut(code=top.code, name=top.name, kind=top.kind, since=top.valid_from),
        period=str(query.period),
        level=shown_level,
        basis=query.basis,
        map=on,
        as_of=newest_included,
        indicators=[
            MapIndicatorOut.from_figure(
                figure, catalogue.split_key(figure.code), catalogue.find_figure_standard(figure, standards)
            )
            for figure in figures
        ],
        items=items,
    )


def find_figures_of_codes(catalogue: Catalogue, codes: Sequence[str], on: date) -> list[Figure]:
    """Return the figures of codes, each once; of one with a dimension those of the members of a day.

    Raise `IndicatorNotFound`.
    """
    figures: dict[str, Figure] = {}
    for code in codes:
        of_code = [catalogue.get_figure(key) for key in catalogue.list_series(code)]
        in_force = [figure for figure in of_code if figure.is_in_force(on)]
        figures |= {figure.code: figure for figure in in_force or of_code}
    return list(figures.values())


async def _read_items(
    context: ReportingContext,
    query: FigureQuery,
    figures: Sequence[Figure],
    units: Sequence[Unit],
    on: date,
) -> list[MapValueOut]:
    inputs = frozenset(code for figure in figures for code in figure.inputs)
    now = await read_units(context, query, units, inputs)
    has_changes = any(figure.changing for figure in figures)
    projections = {code: reading.projection for code, reading in now.items() if reading is not None}
    readings = _Readings(
        now,
        await read_units(context, make_query_before(query), units, inputs) if has_changes else {},
        await count_registers_of_units(context, query, projections, figures),
        await _read_targets(context, query, now, figures),
        await _find_start_differences(context, query, figures),
    )
    catalogue = context.engine.catalogue
    standards, version = query.select_standards(catalogue), catalogue.version
    series = {figure.code: catalogue.split_key(figure.code) for figure in figures}
    items = []
    for unit in units:
        reading = now[unit.code]
        if reading is None:
            caveat = explain_division(context.territory, query.period, unit, on)
            items += [
                MapValueOut.without_value(unit, series[figure.code], caveat, version) for figure in figures
            ]
            continue
        for figure in figures:
            if not figure.is_in_force(query.period.ends_on):
                caveat = Caveat("not_in_force", NOT_IN_FORCE.filled(on=query.period.ends_on))
                items.append(MapValueOut.without_value(unit, series[figure.code], caveat, version))
                continue
            evaluated, caveat_out = _evaluate(context, reading, figure, readings)
            standard = catalogue.find_figure_standard(figure, standards)
            items.append(
                MapValueOut.from_evaluated(
                    unit,
                    series[figure.code],
                    evaluated,
                    readings.targets.get((unit.code, figure.code, standard)),
                    caveat_out,
                    comparable_from=catalogue.find_latest_break(figure, query.period.ends_on, standard),
                    catalogue_version=version,
                )
            )
    return items


def _evaluate(
    context: ReportingContext, reading: UnitReading, figure: Figure, readings: _Readings
) -> tuple[EvaluatedFigure, CaveatOut | None]:
    """Return a figure of a unit, and what its reader has to know."""
    code = reading.projection.unit.code
    counts = readings.counts.get(code, {})
    start_caveats = readings.starts.make_caveats(reading.projection.read_map.units)
    start = next((start_caveats[code] for code in figure.inputs if code in start_caveats), None)
    of_land = start or find_divided_caveat(reading.projection, figure, reading.values or ())
    unequal = None
    if figure.changing is None or figure.read_before is None:
        evaluated = reading.evaluate(figure, counts)
        unequal = warn_of_unequal_coverage(figure, select_unequal(evaluated.by_input))
        caveat = CaveatOut.from_count(counts.get(figure.code))
    else:
        before = readings.before.get(code)
        end = reading.evaluate(figure.changing)
        change = evaluate_change(
            context,
            reading.query,
            figure,
            end,
            before.evaluate(figure.read_before) if before else None,
        )
        evaluated, caveat = change.evaluated, CaveatOut.from_caveat(change.caveat)
    return evaluated, caveat or CaveatOut.from_caveat(of_land) or unequal


async def _find_start_differences(
    context: ReportingContext, query: FigureQuery, figures: Sequence[Figure]
) -> StartDifferences:
    """Return the starts that are not the end before in the whole unit of a query; none where land of it was divided."""
    try:
        projection = find_projection(context, query)
    except (SplitWithoutWeight, NoCounterpartOnMap):
        return StartDifferences(query.period)
    return await find_start_differences(context, query, projection, figures)


async def _read_targets(
    context: ReportingContext,
    query: FigureQuery,
    readings: Mapping[str, UnitReading | None],
    figures: Sequence[Figure],
) -> dict[tuple[str, str, str], Target]:
    """Return the targets by unit, figure and standard; none of a unit whose code meant another one in the period."""
    codes = [
        code for code, reading in readings.items() if reading is not None and reading.has_targets_of_period
    ]
    targets = await read_targets_of_units(
        context.session,
        codes,
        str(query.period),
        indicators=[figure.code for figure in figures],
        as_of=query.as_of,
    )
    return {(target.unit, target.indicator, target.standard): target for target in targets}


async def _read_villages(
    context: ReportingContext, query: FigureQuery, figures: Sequence[Figure], top: Unit, on: date
) -> list[MapValueOut]:
    """Return the rows of the villages of a day: counts of registers that count villages, and null for what is not stated."""
    communes = context.territory.communes(top.code, on)
    villages = await read_villages_in(context.session, context.territory, communes, on)
    counts = await _count_villages(context, query, figures, villages)
    items = []
    for village in villages:
        for figure in figures:
            series = context.engine.catalogue.split_key(figure.code)
            count = counts.get(village.code, {}).get(figure.code)
            caveat = Caveat("not_stated_by_villages", NOT_STATED_BY_VILLAGES) if count is None else None
            row = MapValueOut.without_value(village, series, caveat, context.engine.catalogue.version)
            if count is not None:
                row = row.model_copy(update={"value": Decimal(count.value), "status": "official"})
            items.append(row)
    return items


async def _count_villages(
    context: ReportingContext, query: FigureQuery, figures: Sequence[Figure], villages: Collection[Unit]
) -> dict[str, dict[str, RegisterCount]]:
    registers = {figure.formula.register for figure in figures if isinstance(figure.formula, FromRegister)}
    on = query.period.ends_on
    scopes = [
        CountScope(village.code, frozenset({village.code}), query.period, on, query.as_of)
        for village in villages
    ]
    counts: dict[str, dict[str, RegisterCount]] = {village.code: {} for village in villages}
    for name in sorted(registers) if scopes else ():
        register = context.engine.registers[name]
        if register.counts_villages and register.count_scopes is not None:
            for village, counted in zip(
                villages, await register.count_scopes(context.session, scopes), strict=True
            ):
                counts[village.code] |= counted
    return counts
