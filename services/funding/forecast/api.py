"""The routes that read the forecast. Public, unless the installation closes public reads."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import TypeAdapter

from services.funding.closed_years.reading import read_overdue
from services.funding.context import FundingPublicContext
from services.funding.forecast.estimation import Assumptions, Cohort
from services.funding.forecast.profiles import ForecastMethod
from services.funding.forecast.risk_schemas import RiskAmounts, RiskRow, RisksOut
from services.funding.forecast.rules import (
    METHOD_VERSION,
    LotForecast,
    LotHistory,
    SeenOnNotPassed,
    estimate_by_capital,
    forecast_lots,
)
from services.funding.forecast.schemas import AssumptionsOut, CurveOut, ForecastOut
from services.funding.forecast.store import LedgerView, read_cohorts, read_lot_histories
from services.funding.forecast.sums import ForecastSum, Rank, build_sums, to_rank
from services.funding.lapses.api import CurrentDeadlines
from services.funding.ledger import CAPITALS, Capital
from services.funding.lineage import build_lineage
from services.funding.progress.schemas import ShownUnitOut
from services.funding.query_params import (
    BookQuery,
    BudgetYearQuery,
    CapitalQuery,
    ComponentQuery,
    FundingUnitQuery,
    OriginYearQuery,
    ProgramQuery,
    depends_on_groupings,
)
from services.funding.store import LedgerFilter
from services.funding.unit_names import find_names_of_version
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf, find_newest_included
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.resources import resource
from shared.periods import local_day
from shared.territory.tree import Territory

RANK: TypeAdapter[Rank] = TypeAdapter(Rank)
GROUPINGS = ("program", "component", "capital", "source", "unit", "origin_year", "deadline")

router = APIRouter(tags=["progress"], route_class=CachedRoute)

SeenOnQuery = Annotated[
    IsoDate | None,
    Query(
        description="day of the forecast: what took effect later does not count; by default the day of `as_of`, or today",
        examples=["2023-09-30"],
    ),
]


@dataclass(frozen=True)
class Forecast:
    """The forecasts of the selected lots, with the parameters of the request and the fields of every answer."""

    year: int
    on: date
    lots: Sequence[LotForecast]
    assumptions: Mapping[Capital, Assumptions]
    parameters: Mapping[str, Any]
    header: Mapping[str, Any]

    def sum_lots(self, capital: Capital | None = None) -> ForecastSum:
        """Return the sum of the lots of one capital kind, or of all lots."""
        lots = [forecast for forecast in self.lots if capital in {None, forecast.history.lot.line.capital}]
        return ForecastSum(self.year, self.on, lots)


async def _build_forecast(
    context: FundingPublicContext,
    deadlines: CurrentDeadlines,
    method: Annotated[ForecastMethod, Depends(resource(ForecastMethod))],
    year: BudgetYearQuery,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    unit: FundingUnitQuery = None,
    origin_year: OriginYearQuery = None,
    seen_on: SeenOnQuery = None,
    as_of: AsOf = None,
    book: BookQuery = "agency",
) -> Forecast:
    latest = context.today if as_of is None else min(context.today, local_day(as_of))
    view = LedgerView(seen_on or latest, as_of, book)
    if view.on > latest:
        raise SeenOnNotPassed(view.on, latest)
    sources = sorted(context.catalogue.counted_sources)
    scope = await context.scope(unit, year)
    ledger_filter = LedgerFilter(year, program, component, capital, sources, scope.unit_versions)
    cohorts = await read_cohorts(context.session, year, method.past_years, sources, deadlines, view)
    histories = await read_lot_histories(context.session, ledger_filter, deadlines, view, scope.map_day)
    assumptions, lots = await to_thread(_calculate, method, year, cohorts, histories, view.on)
    newest_included = await find_newest_included(context.session, as_of)
    return Forecast(
        year=year,
        on=view.on,
        lots=[
            forecast
            for forecast in lots
            if origin_year
            in {None, forecast.history.lot.origin_year}  # a line is forecast with all its origins
        ],
        assumptions=assumptions,
        parameters={
            "year": year,
            "program": program,
            "component": component,
            "capital": capital,
            "origin_year": origin_year,
            "source": sources,
            "unit": unit,
            "until": view.on,
            "as_of": as_of,
        },
        header={
            "year": year,
            "unit": ShownUnitOut.from_unit(scope.unit) if scope.unit else None,
            "seen_on": view.on,
            "as_of": newest_included,
            "book": book,
            "sources": sources,
            "method": METHOD_VERSION,
            "covers_percent": method.covers_percent,
            "closing_overdue": await read_overdue(context, year, scope, as_of=as_of),
        },
    )


CurrentForecast = Annotated[Forecast, Depends(_build_forecast)]


def _calculate(
    method: ForecastMethod,
    year: int,
    cohorts: Sequence[Cohort],
    histories: Sequence[LotHistory],
    on: date,
) -> tuple[Mapping[Capital, Assumptions], list[LotForecast]]:
    """Calculate in a thread: thousands of lots take a second, during which other requests are served."""
    assumptions = estimate_by_capital(method, year, cohorts, on)
    return assumptions, forecast_lots(assumptions, histories, year, on)


@router.get("/foresight", summary="Read the forecast of a year")
async def read_foresight(*, forecast: CurrentForecast) -> ForecastOut:
    """Read the disbursement curve of a year: month by month what was paid, and what is expected until the deadlines.

    `at` gives the probable rate on 31 December and on each deadline, with its range. It follows from the pace so far compared
    with past years of this ledger, or where there are none with a shipped profile: see `assumptions`. The forecast of a year
    that is over is what happened.
    """
    return ForecastOut(
        **forecast.header,
        curves=await to_thread(_build_curves, forecast),
        assumptions=[
            AssumptionsOut.from_assumptions(assumptions) for assumptions in forecast.assumptions.values()
        ],
    )


@router.get("/foresight/at-risk", summary="Read what is at risk of return", response_model_exclude_unset=True)
async def read_money_at_risk(
    *,
    forecast: CurrentForecast,
    context: FundingPublicContext,
    group_by: Annotated[list[str], depends_on_groupings(GROUPINGS, ["unit", "component"])],
    paging: Annotated[Paging, paged_by(50)],
) -> RisksOut:
    """Read what will probably be left on the deadlines, in any grouping, the lowest expected rate first.

    Each lot is forecast by itself, split by deadline where a decision extended a part of it. So the rows of any grouping add
    up to the same total, to the đồng, ranges included.
    """
    sums = await to_thread(build_sums, forecast.lots, group_by, forecast.year, forecast.on)
    shown, next_cursor = paging.slice(sums, key=to_rank, adapter=RANK)
    return RisksOut(
        **forecast.header,
        total=RiskAmounts.from_sum(forecast.sum_lots(), {}),
        items=[RiskRow.from_sum(row, _name_keys(context.territory, forecast, row.keys)) for row in shown],
        next=next_cursor,
    )


def _name_keys(
    territory: Territory, forecast: Forecast, keys: Mapping[str, str | int | None]
) -> dict[str, Any]:
    """Return the keys of a row with its lineage, and the name of its unit at the end of the budget year."""
    of_grouping = {name: value for name, value in keys.items() if name != "unit_since"}
    named: dict[str, Any] = {**of_grouping, "lineage": build_lineage(of_grouping, forecast.parameters)}
    if "unit_since" in keys:
        version = str(keys["unit"]), date.fromisoformat(str(keys["unit_since"]))
        named |= find_names_of_version(territory, version, date(forecast.year, 12, 31))
    return named


def _build_curves(forecast: Forecast) -> list[CurveOut]:
    parameters, selected = forecast.parameters, forecast.parameters["capital"]
    curves = [
        CurveOut.from_sum(
            forecast.sum_lots(capital), capital, build_lineage({"capital": capital}, parameters)
        )
        for capital in CAPITALS
        if selected in {None, capital}
    ]
    return [*curves, CurveOut.from_sum(forecast.sum_lots(), "total", build_lineage({}, parameters))]
