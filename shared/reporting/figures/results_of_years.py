"""What was done of the targets of several years.

Every year is read on the map of one day, so that all count the same land. What happens in a year adds up, and of what is a
state at its end the last year counts that states every input. A count from a register adds up where the catalogue says that it
counts what happened.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from shared.periods import YearSpan, local_day
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import EndToEndChange, FromRegister
from shared.reporting.context import ReportingContext
from shared.reporting.engine import Caveat, RegisterCount
from shared.reporting.figures.changes import evaluate_change, read_end_before
from shared.reporting.figures.coverage import Coverage, find_least_covered, find_nil_inputs, select_unequal
from shared.reporting.figures.coverage_schemas import CaveatOut, CoverageOut, warn_of_unequal_coverage
from shared.reporting.figures.divided_units import explain_division, find_divided_caveat
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.rules import FigureValue
from shared.reporting.figures.target_result_schemas import OverYears, TargetResultOut
from shared.reporting.figures.unit_reading import (
    EvaluatedFigure,
    UnitReading,
    compute_figure,
    count_registers,
    read_unit,
)
from shared.reporting.models import Target
from shared.reporting.observations.measures import Measure, sum_measures
from shared.reporting.targets.schemas import PlanOut
from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight


@dataclass(frozen=True)
class ReadYears:
    """What is stated of a unit in each of several years, on the map of one day."""

    readings: dict[int, UnitReading] = field(default_factory=dict)
    counts: dict[int, Mapping[str, RegisterCount]] = field(default_factory=dict)
    divided: dict[int, Caveat | None] = field(default_factory=dict)
    """The years that cannot be read on that map, with the caveat that names what was divided."""


@dataclass(frozen=True, slots=True)
class CombinedYears:
    """A figure over several years, and what its reader has to know."""

    value: FigureValue
    years: list[int]
    missing: Collection[str] = ()
    coverage: Coverage | None = None
    reassess: bool = False
    caveat: CaveatOut | None = None


async def read_results_of_years(
    context: ReportingContext, query: FigureQuery, span: YearSpan, targets: Collection[Target]
) -> list[TargetResultOut]:
    """Return the results of several years; the period of the query is the year on the map of whose last day all are read."""
    catalogue = context.engine.catalogue
    planned = {
        target.indicator: catalogue.figures[target.indicator]
        for target in targets
        if target.indicator in catalogue.figures
    }
    years = await _read_years(context, query, span, planned.values())
    flows = catalogue.find_flows(span.years[-1].ends_on)
    results = []
    for target in targets:
        figure = planned.get(target.indicator)
        if figure is None:
            continue
        over_years = _name_over_years(figure, flows)
        if isinstance(figure.formula, FromRegister):
            combined = _combine_counts(figure, years)
        elif figure.changing is not None:
            combined = await _change_over_years(context, figure, span, years, flows)
        else:
            combined = combine_years(figure, years, flows)
        results.append(
            TargetResultOut(
                **catalogue.split_key(figure.code)._asdict(),
                label=figure.label.vi,
                label_en=figure.label.en,
                unit_of_measure=figure.unit_of_measure,
                decimals=figure.decimals,
                standard=target.standard,
                better=figure.better,
                plan=PlanOut.from_target(target, combined.value.value, figure.better),
                years=combined.years,
                over_years=over_years,
                coverage=CoverageOut.from_coverage(combined.coverage),
                missing=list(combined.missing),
                stage=combined.value.stage,
                reassessment_required=combined.reassess,
                caveat=combined.caveat,
            )
        )
    return results


async def _read_years(
    context: ReportingContext, query: FigureQuery, span: YearSpan, figures: Collection[Figure]
) -> ReadYears:
    """Return what is stated in the years begun by today, up to the last in which the unit is there."""
    today, map_on, years = local_day(context.now), query.period.ends_on, ReadYears()
    unit = context.territory.unit(query.unit, map_on)
    for year in span.years:
        if year.starts_on > today or year.year > query.period.year:
            continue
        yearly = replace(query, period=year, map_on=map_on)
        try:
            reading = await read_unit(context, yearly)
        except (SplitWithoutWeight, NoCounterpartOnMap):
            years.divided[year.year] = explain_division(context.territory, year, unit, map_on)
            continue
        years.readings[year.year] = reading
        years.counts[year.year] = await count_registers(context, yearly, reading.projection, figures)
    return years


def combine_years(figure: Figure, years: ReadYears, flows: Collection[str]) -> CombinedYears:
    """Return a figure over the years that state every input, by a value or as nil.

    Without a value where no year does, a year to add could not be read on the map, or a year that counts needs an assessment
    of merged units.
    """
    adds = _name_over_years(figure, flows) != "last"
    evaluated = {year: _evaluate(figure, reading) for year, reading in years.readings.items()}
    stated = [
        year for year, reading in years.readings.items() if _states_any(figure, reading, evaluated[year])
    ]
    missing = [code for year in stated for code in evaluated[year].value.missing]
    complete = [year for year in stated if not evaluated[year].value.missing]
    counting = complete if adds else complete[-1:]
    divided = [year for year in years.divided if adds or not counting or year > counting[-1]]
    if not counting or divided:
        return CombinedYears(
            FigureValue(None),
            complete,
            tuple(dict.fromkeys(missing if counting or missing else figure.inputs)),
            caveat=next((CaveatOut.from_caveat(years.divided[year]) for year in divided), None),
        )
    combined: dict[str, Measure] = {}
    nil_inputs = set()
    for code in dict.fromkeys((*figure.measure_codes, *figure.inputs)):
        of_code = counting if code in flows else counting[-1:]
        measures = (years.readings[year].measures for year in of_code)
        total = sum_measures(of_year[code] for of_year in measures if code in of_year)
        if total is not None:
            combined[code] = total
        if all(code in find_nil_inputs(evaluated[year].by_input) for year in of_code):
            nil_inputs.add(code)
    reassess = any(evaluated[year].reassess for year in counting)
    least = [find_least_covered(evaluated[year].by_input) for year in counting]
    return CombinedYears(
        compute_figure(figure, combined, {}, nil_inputs, reassess=reassess),
        complete,
        tuple(dict.fromkeys(missing)),
        min((covered for covered in least if covered), key=lambda covered: covered.share, default=None),
        reassess,
        next(
            filter(None, (_find_caveat(figure, years.readings[year], evaluated[year]) for year in counting)),
            None,
        ),
    )


def _evaluate(figure: Figure, reading: UnitReading) -> EvaluatedFigure:
    """Return a figure of a year; its value is made even where it must be assessed again, to tell what is missing."""
    evaluated = reading.evaluate(figure)
    value = compute_figure(figure, reading.measures, {}, find_nil_inputs(evaluated.by_input), reassess=False)
    return replace(evaluated, value=value)


def _states_any(figure: Figure, reading: UnitReading, evaluated: EvaluatedFigure) -> bool:
    """Whether an input of a figure is stated in a year, by a value or as nil."""
    codes = (*figure.measure_codes, *figure.inputs)
    return any(code in reading.measures for code in codes) or bool(find_nil_inputs(evaluated.by_input))


def _find_caveat(figure: Figure, reading: UnitReading, evaluated: EvaluatedFigure) -> CaveatOut | None:
    divided = find_divided_caveat(reading.projection, figure, reading.values or ())
    unequal = warn_of_unequal_coverage(figure, select_unequal(evaluated.by_input))
    return CaveatOut.from_caveat(divided) or unequal


def _combine_counts(figure: Figure, years: ReadYears) -> CombinedYears:
    counts = {year: of_year[figure.code] for year, of_year in years.counts.items() if figure.code in of_year}
    counting = list(counts) if figure.adds_over_time else list(counts)[-1:]
    total = sum((Decimal(counts[year].value) for year in counting), Decimal(0))
    caveats = (CaveatOut.from_count(counts[year]) for year in counting)
    divided = [year for year in years.divided if figure.adds_over_time or year > max(counts, default=0)]
    if divided:
        return CombinedYears(
            FigureValue(None), list(counts), caveat=CaveatOut.from_caveat(years.divided[divided[0]])
        )
    return CombinedYears(
        FigureValue(total if counting else None), list(counts), caveat=next(filter(None, caveats), None)
    )


async def _change_over_years(
    context: ReportingContext, figure: Figure, span: YearSpan, years: ReadYears, flows: Collection[str]
) -> CombinedYears:
    """Return the change of a figure from the end before the first year to the end of the last year that states it.

    A share is of what all years state together.
    """
    changing, before_period = figure.changing, span.years[0].previous()
    if changing is None or figure.read_before is None:
        raise TypeError(f"{figure.code} is no change")
    is_share = isinstance(figure.formula, EndToEndChange) and figure.formula.direction == "share"
    combined = combine_years(changing, years, flows if is_share else ())
    if not combined.years:
        return combined
    last = years.readings[combined.years[-1]]
    before = await read_end_before(context, last.query, before_period)
    at_before = before.evaluate(figure.read_before) if before else None
    end = replace(last.evaluate(changing), value=combined.value, reassess=combined.reassess)
    change = evaluate_change(context, last.query, figure, end, at_before, before_period)
    evaluated = change.evaluated
    return CombinedYears(
        evaluated.value,
        combined.years,
        tuple(dict.fromkeys((*combined.missing, *evaluated.value.missing))),
        find_least_covered(evaluated.by_input),
        evaluated.reassess,
        CaveatOut.from_caveat(change.caveat) or combined.caveat,
    )


def _name_over_years(figure: Figure, flows: Collection[str]) -> OverYears:
    if figure.changing is not None:
        return "change"
    if isinstance(figure.formula, FromRegister):
        return "sum" if figure.adds_over_time else "last"
    adds = {code in flows for code in figure.measure_codes}
    return "mixed" if len(adds) > 1 else "sum" if adds == {True} else "last"
