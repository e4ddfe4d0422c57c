"""The plan, the result and the achieved part of the targets of a unit for a period, or for several years.

Over several years what happens in a year adds up, and of what is a state at its end the last year counts that states it. A
count from a register adds up where the catalogue says that it counts what happened.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from shared.kit.change_feed import find_newest_included
from shared.periods import Period, PlanPeriod, YearSpan, local_day
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import EndToEndChange, FromRegister
from shared.reporting.context import ReportingContext
from shared.reporting.engine import RegisterCount
from shared.reporting.field_types import DimensionOut, StandardCodeOut
from shared.reporting.figures.changes import evaluate_change, read_end_before
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.unit_reading import (
    UnitReading,
    compute_figure,
    count_registers,
    read_unit,
)
from shared.reporting.models import Target
from shared.reporting.observations.measures import Measure, sum_measures
from shared.reporting.targets.schemas import PlanOut
from shared.reporting.targets.store import read_targets_in_force

OverYears = Literal["sum", "last", "change", "mixed"]


class TargetResultOut(BaseModel):
    """A figure with its plan and what was done."""

    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    decimals: int = Field(description="decimal places to print")
    standard: StandardCodeOut = None
    better: Literal["higher", "lower"] = Field(description="which direction is better")
    withheld: bool = Field(False, description="whether its values are withheld from public reads")
    plan: PlanOut
    years: list[int] = Field(description="the years of which something was stated; of one period its year")
    over_years: OverYears | None = Field(
        description="sum: the years add up; last: the last year counts; change: from the end before the first year to the last end; "
        "mixed: the inputs differ; null for one period"
    )


class TargetResultsOut(BaseModel):
    """The targets of one unit and period with what was done."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period, or several years: 2021-2025")
    basis: BasisName = Field(description="which observations count")
    as_of: datetime | None = Field(description="newest change included")
    catalogue_version: str | None = Field(
        None, description="version of the catalogue by which what was done is computed"
    )
    items: list[TargetResultOut]


async def read_target_results(
    context: ReportingContext, unit: str, period: PlanPeriod, basis: BasisName, as_of: datetime | None
) -> TargetResultsOut:
    """Return the targets in force of a unit and period with what was done; of several years some statements for each."""
    targets = await read_targets_in_force(context.session, unit, str(period), as_of=as_of)
    by_standard: dict[str, list[Target]] = {}
    for target in targets:
        by_standard.setdefault(target.standard, []).append(target)
    items: list[TargetResultOut] = []
    for standard, of_standard in by_standard.items():
        query = FigureQuery(unit, Period(2000), basis, as_of, standard=standard or None)
        if isinstance(period, YearSpan):
            items += await _read_results_of_years(context, query, period, of_standard)
        else:
            items += await _read_results_of_period(context, query, period, of_standard)
    newest_included = await find_newest_included(context.session, as_of)
    return TargetResultsOut(
        unit=unit,
        period=str(period),
        basis=basis,
        as_of=newest_included,
        catalogue_version=context.engine.catalogue.version,
        items=sorted(items, key=lambda item: (item.indicator, item.standard or "")),
    )


async def _read_results_of_period(
    context: ReportingContext, query: FigureQuery, period: Period, targets: Collection[Target]
) -> list[TargetResultOut]:
    answer = await read_figures(context, _with_period(query, period))
    figures = {figure.series_key: figure for figure in answer.figures}
    return [
        TargetResultOut(
            indicator=figure.indicator,
            dimension=figure.dimension,
            label=figure.label,
            label_en=figure.label_en,
            unit_of_measure=figure.unit_of_measure,
            decimals=figure.decimals,
            standard=target.standard,
            better=figure.better,
            plan=PlanOut.from_target(target, figure.value, figure.better),
            years=[period.year] if figure.value is not None else [],
            over_years=None,
        )
        for target in targets
        if (figure := figures.get(target.indicator)) is not None
    ]


async def _read_results_of_years(
    context: ReportingContext, query: FigureQuery, span: YearSpan, targets: Collection[Target]
) -> list[TargetResultOut]:
    """Return the results of several years: those begun by today at whose end the unit is there."""
    catalogue, today = context.engine.catalogue, local_day(context.now)
    figures = [
        catalogue.figures[target.indicator] for target in targets if target.indicator in catalogue.figures
    ]
    readings: dict[int, UnitReading] = {}
    counts: dict[int, Mapping[str, RegisterCount]] = {}
    for year in span.years:
        if year.starts_on <= today and context.territory.find(query.unit, year.ends_on):
            yearly = _with_period(query, year)
            readings[year.year] = reading = await read_unit(context, yearly)
            counts[year.year] = await count_registers(context, yearly, reading.projection, figures)
    measures = {year: reading.measures for year, reading in readings.items()}
    flows = catalogue.find_flows(span.years[-1].ends_on)
    combined = _combine_measures(measures, flows)
    results = []
    for target in targets:
        figure = catalogue.figures.get(target.indicator)
        if figure is None:
            continue
        if isinstance(figure.formula, FromRegister):
            done = _combine_counts(figure, list(counts.values()))
            years = list(counts)
        elif figure.changing is not None:
            years = [
                year
                for year, of_year in measures.items()
                if all(code in of_year for code in figure.measure_codes)
            ]
            done = (
                await _change_over_years(context, figure, span, readings[years[-1]], combined)
                if years
                else None
            )
        else:
            nil = frozenset(
                code for code, measure in combined.items() if measure.covers == measure.nil_covers
            )
            done = compute_figure(figure, combined, {}, nil, reassess=False).value
            years = [
                year
                for year, of_year in measures.items()
                if any(code in of_year for code in figure.measure_codes)
            ]
        results.append(
            TargetResultOut(
                **catalogue.split_key(figure.code)._asdict(),
                label=figure.label.vi,
                label_en=figure.label.en,
                unit_of_measure=figure.unit_of_measure,
                decimals=figure.decimals,
                standard=target.standard,
                better=figure.better,
                plan=PlanOut.from_target(target, done, figure.better),
                years=years,
                over_years=_name_over_years(figure, flows),
            )
        )
    return results


async def _change_over_years(
    context: ReportingContext,
    figure: Figure,
    span: YearSpan,
    last: UnitReading,
    combined: Mapping[str, Measure],
) -> Decimal | None:
    """Return the change of a figure from the end before the first year to the end of the last year that states it.

    A share is of what all years state together.
    """
    changing, before_period = figure.changing, span.years[0].previous()
    if changing is None or figure.read_before is None:
        return None
    before = await read_end_before(context, last.query, before_period)
    at_before = before.evaluate(figure.read_before) if before else None
    end = last.evaluate(changing)
    if isinstance(figure.formula, EndToEndChange) and figure.formula.direction == "share":
        end = replace(end, value=compute_figure(changing, combined, {}, reassess=False))
    return evaluate_change(context, last.query, figure, end, at_before, before_period).evaluated.value.value


def _with_period(query: FigureQuery, period: Period) -> FigureQuery:
    return FigureQuery(query.unit, period, query.basis, query.as_of, standard=query.standard)


def _combine_measures(
    by_year: Mapping[int, Mapping[str, Measure]], flows: Collection[str]
) -> dict[str, Measure]:
    """Return one measure of each code: the sum of a flow, of anything else the last year that states it."""
    combined: dict[str, Measure] = {}
    for code in {code for measures in by_year.values() for code in measures}:
        stated = [measures[code] for _, measures in sorted(by_year.items()) if code in measures]
        total = sum_measures(stated if code in flows else stated[-1:])
        if total is not None:
            combined[code] = total
    return combined


def _combine_counts(figure: Figure, by_year: Sequence[Mapping[str, RegisterCount]]) -> Decimal | None:
    counts = [Decimal(counts[figure.code].value) for counts in by_year if figure.code in counts]
    if not counts:
        return None
    return sum(counts, Decimal(0)) if figure.adds_over_time else counts[-1]


def _name_over_years(figure: Figure, flows: Collection[str]) -> OverYears:
    if figure.changing is not None:
        return "change"
    if isinstance(figure.formula, FromRegister):
        return "sum" if figure.adds_over_time else "last"
    adds = {code in flows for code in figure.measure_codes}
    return "mixed" if len(adds) > 1 else "sum" if adds == {True} else "last"
