"""The routes of figures, their lineage and the values behind them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.query_lists import CommaSeparated
from shared.periods import Period
from shared.reporting.basis import Basis
from shared.reporting.catalogue.dimensions import to_series_key
from shared.reporting.context import AreaContext, PublicContext
from shared.reporting.figures.lineage import LineageOut, trace_figure
from shared.reporting.figures.national_targets import NationalTargetsOut, read_national_targets
from shared.reporting.figures.periods import AcceptedPeriodsOut, read_accepted_periods
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.schemas import FiguresOut, ObservationsPage, ObservedValueOut
from shared.reporting.figures.series import (
    FigureSeriesOut,
    find_unit,
    read_series,
    read_series_of_level,
)
from shared.reporting.figures.target_result_schemas import TargetResultsOut
from shared.reporting.figures.target_results import read_target_results
from shared.reporting.figures.unit_values import MOST_INDICATORS, find_figures_of_codes, read_unit_values
from shared.reporting.figures.unit_values_schemas import MapLevel, MapValuesOut
from shared.reporting.figures.withholding import find_withheld, find_withheld_of_forms, to_row_key
from shared.reporting.observations.listing import find_lines, list_values
from shared.reporting.period_lists import MAX_PERIODS, MAX_PERIODS_OF_A_LEVEL, list_periods
from shared.reporting.query_params import (
    PERIOD_DESCRIPTION,
    MapOn,
    PeriodQuery,
    PeriodText,
    PlanPeriodQuery,
    StandardQuery,
)
from shared.reporting.targets.actions import find_measured_period
from shared.territory.levels import ShownLevel
from shared.territory.named_rows import find_unit_names
from shared.territory.query_params import UnitOrAreaQuery, UnitQuery

router = APIRouter(tags=["figures"], route_class=CachedRoute)


MemberQuery = Annotated[
    str | None,
    Query(min_length=1, max_length=60, description="code of a member of the indicator's dimension"),
]


@router.get("/progress", summary="Read figures with target and coverage")
async def read_progress(
    *,
    context: AreaContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitOrAreaQuery,
    as_of: AsOf = None,
    map_on: MapOn = None,
    standard: StandardQuery = None,
    headline: Annotated[bool, Query(description="only the figures of the province-wide status")] = False,
) -> FiguresOut:
    """Read the figures of a unit for a period: exact value, target, achieved percent, coverage and lineage."""
    code = unit.on(map_on or period.ends_on).code
    query = FigureQuery(code, period, basis, as_of, map_on, headline=headline, standard=standard)
    answer = await read_figures(context, query)
    withheld = await find_withheld(context, [figure.series_key for figure in answer.figures])
    return answer.model_copy(update={"figures": withheld.hide_rows(answer.figures)})


@router.get("/periods", summary="Read which periods have accepted figures")
async def list_accepted_periods(*, context: PublicContext) -> AcceptedPeriodsOut:
    """Read every period for which a report of this program is accepted, of any unit, the latest first."""
    return await read_accepted_periods(context.session)


@router.get("/map", summary="Read figures of every unit of a level")
async def read_map_values(
    *,
    context: AreaContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitOrAreaQuery,
    indicator: Annotated[
        list[str],
        CommaSeparated,
        Query(
            min_length=1,
            max_length=MOST_INDICATORS,
            description="codes of figures, of each all members of its dimension, separated by commas or repeated",
            examples=["poverty_rate"],
        ),
    ],
    level: Annotated[
        MapLevel | None, Query(description="level of the units; the highest below the unit when left out")
    ] = None,
    as_of: AsOf = None,
    map_on: MapOn = None,
    standard: StandardQuery = None,
) -> MapValuesOut:
    """Read figures of every province, district, commune or village in a unit, each as `progress` gives it for that unit.

    A unit with land of one that was divided without weights has no value, and a caveat that names what was divided.
    """
    code = unit.on(map_on or period.ends_on).code
    query = FigureQuery(code, period, basis, as_of, map_on, standard=standard)
    figures = find_figures_of_codes(context.engine.catalogue, indicator, period.ends_on)
    answer = await read_unit_values(context, query, figures, level)
    withheld = await find_withheld(context, [figure.code for figure in figures])
    return answer.model_copy(update={"items": withheld.hide_rows(answer.items)})


@router.get("/series", summary="Read a figure over periods")
async def read_figure_series(
    *,
    context: AreaContext,
    basis: Basis,
    indicator: Annotated[str, Query(min_length=1, max_length=100, description="code of the figure")],
    first: Annotated[
        PeriodText, Query(alias="from", description=f"first period; {PERIOD_DESCRIPTION}", examples=["2020"])
    ],
    last: Annotated[
        PeriodText, Query(alias="to", description="last period, of the same kind", examples=["2023"])
    ],
    unit: UnitOrAreaQuery,
    level: Annotated[
        ShownLevel | None,
        Query(
            description="of every unit of this level in the unit, in place of the unit itself; at most 12 periods"
        ),
    ] = None,
    dimension: MemberQuery = None,
    as_of: AsOf = None,
    map_on: MapOn = None,
    standard: StandardQuery = None,
) -> FigureSeriesOut:
    """Read a figure of a unit over periods of one kind, with its targets, the standard of each and the breaks between them.

    Each period is read under the standard in force on its last day, of two the later, or under the one that is named.
    """
    limit = MAX_PERIODS if level is None else MAX_PERIODS_OF_A_LEVEL
    periods = list_periods(Period.parse(first), Period.parse(last), limit=limit)
    units = {period: find_unit(unit, map_on or period.ends_on) for period in periods}
    figure = context.engine.catalogue.get_figure(to_series_key(indicator, dimension))
    if level is None:
        read = read_series(context, figure, units, basis=basis, as_of=as_of, map_on=map_on, standard=standard)
    else:
        read = read_series_of_level(
            context, figure, units, level, basis=basis, as_of=as_of, map_on=map_on, standard=standard
        )
    answer = await read
    withheld = await find_withheld(context, [figure.code])
    items = [withheld.hide(figure.code, item) for item in answer.items]
    return withheld.hide(figure.code, answer.model_copy(update={"items": items}))


@router.get("/targets/results", summary="Read what was planned, done and achieved")
async def list_target_results(
    *,
    context: PublicContext,
    basis: Basis,
    period: PlanPeriodQuery,
    unit: UnitQuery,
    as_of: AsOf = None,
) -> TargetResultsOut:
    """Read the targets in force of a unit for a period, or for several years (`2021-2025`), with what was done.

    How the percentage is computed is part of the answer, as is how the years add up. Several years are all read on the map of
    one day (`map`), so that they count the same land; a year that states only a part of a figure's inputs does not count.
    """
    measured = find_measured_period(context.territory, unit.named or unit.province, period)
    answer = await read_target_results(context, unit.on(measured.ends_on), period, measured, basis, as_of)
    withheld = await find_withheld(context, [to_row_key(row) for row in answer.items])
    items = [row.without_result() if withheld.covers(to_row_key(row)) else row for row in answer.items]
    return answer.model_copy(update={"items": items})


@router.get("/national-targets", summary="Read the national targets beside what was done")
async def list_national_targets(
    *,
    context: PublicContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    as_of: AsOf = None,
) -> NationalTargetsOut:
    """Read the targets that the national program sets, in force on the last day of a period, beside the figures of a unit.

    Each has its years, legal basis and confidence. A province's own are at `/targets`.
    """
    query = FigureQuery(unit.on(period.ends_on).code, period, basis, as_of)
    return await read_national_targets(context, query)


@router.get("/lineage/{indicator}", summary="Read where a figure comes from")
async def read_lineage(
    *,
    context: AreaContext,
    basis: Basis,
    indicator: str,
    period: PeriodQuery,
    unit: UnitOrAreaQuery,
    as_of: AsOf = None,
    map_on: MapOn = None,
    standard: StandardQuery = None,
    dimension: MemberQuery = None,
    by: Annotated[
        Literal["report"] | None,
        Query(description="report: only the reports, each with the number of its values"),
    ] = None,
) -> LineageOut:
    """Read, in one answer, a figure's formula, the values it is made from, their reports, receipts and reviewers."""
    figure = context.engine.catalogue.get_figure(to_series_key(indicator, dimension))
    code = unit.on(map_on or period.ends_on).code
    query = FigureQuery(code, period, basis, as_of, map_on, standard=standard)
    traced = await trace_figure(context, query, figure, by_report=by == "report")
    forms = {report.form for report in traced.reports}
    withheld = await find_withheld_of_forms(context, forms, [figure.code])
    reports = [
        report.model_copy(update={"content_sha256": None}) if withheld.covers_report(report.form) else report
        for report in traced.reports
    ]
    return withheld.hide(figure.code, traced.model_copy(update={"reports": reports}))


@router.get("/observations", summary="Read the values behind figures")
async def list_observations(
    *,
    context: PublicContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    indicator: Annotated[
        list[str] | None,
        CommaSeparated,
        Query(
            max_length=200,
            description="codes of indicators, of each all members of its dimension, separated by commas or repeated; all if left out",
        ),
    ] = None,
    standard: StandardQuery = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(200)],
) -> ObservationsPage:
    """Read the values in effect of a unit and everything below it, with the report that states each, newest first."""
    catalogue = context.engine.catalogue
    page = await list_values(
        context.session,
        paging,
        period=period,
        lines=find_lines(context.territory, unit.on(period.ends_on).code, period.ends_on),
        basis=basis,
        series=indicator and [key for code in indicator for key in catalogue.require_series(code)],
        as_of=as_of,
        standards=catalogue.select_standards(period.ends_on, standard),
    )
    withheld = await find_withheld(context, {row.indicator for row in page.rows})
    names = {row.unit: find_unit_names(context.territory, row.unit, period.ends_on) for row in page.rows}
    values = [
        ObservedValueOut.from_row(row, catalogue.split_key(row.indicator), names[row.unit])
        for row in page.rows
    ]
    return ObservationsPage(items=withheld.hide_rows(values), next=page.next)
