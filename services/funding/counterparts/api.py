"""The route that reads counterparts. Public, unless the installation closes public reads."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.funding.closed_years.reading import read_overdue
from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.context import FundingContext, FundingPublicContext
from services.funding.counterparts.rules import Counterpart, ProvinceSum, calculate_counterparts
from services.funding.fault_sentences import FROM_YEAR_AFTER_YEAR
from services.funding.field_types import FIRST_YEAR, LAST_YEAR
from services.funding.ledger import Capital
from services.funding.progress.store import sum_lots
from services.funding.query_params import BudgetYearQuery, FundingUnitQuery
from services.funding.store import LedgerFilter, read_unit_versions
from services.funding.units import UnitVersion, find_unit_of_year, find_versions_below
from shared.dated_facts.schemas import DatedOut
from shared.kit.cached_routes import CachedRoute
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import make_fault, raise_if_any
from shared.territory.units import UnknownUnit

router = APIRouter(tags=["progress"], route_class=CachedRoute)


class ProvidedOut(BaseModel):
    """The counterpart of one source."""

    source: str = Field(description="source of the money", examples=["counterpart_province"])
    provided_vnd: int = Field(description="allocated in the year, in đồng", examples=[54_199_000_000])


class CounterpartOut(DatedOut):
    """The amounts that a ratio requires of a program in the years, and those provided."""

    province: str | None = Field(
        description="code of the province whose council set the ratio; null: provinces and capital kinds without a ratio "
        "of their own"
    )
    program: str = Field(description="rural, poverty or ethnic")
    capital: Capital | None = Field(description="capital kind of the ratio; null: both together")
    central_vnd: int = Field(description="central money of the years' own plans, in đồng")
    min_percent: JsonDecimal = Field(description="least counterpart in percent of the central money")
    required_vnd: int = Field(description="least counterpart, in đồng")
    provided_vnd: int = Field(description="counterpart allocated in the year, in đồng")
    provided: list[ProvidedOut] = Field(description="the same by source; they add up to it")
    shortfall_vnd: int = Field(description="missing counterpart, in đồng; 0 where the ratio is reached")


class CounterpartsOut(ClosingStateOut):
    """The counterparts of some years, one for each ratio in force on the last day of one of them."""

    year: int = Field(description="last budget year that is summed", examples=[2025])
    from_year: int = Field(description="first budget year that is summed", examples=[2021])
    items: list[CounterpartOut] = Field(description="one for each ratio")


@router.get("/counterparts", summary="Read the counterparts that are missing")
async def read_counterparts(
    *,
    context: FundingPublicContext,
    year: BudgetYearQuery,
    from_year: Annotated[
        int | None,
        Query(
            ge=FIRST_YEAR,
            le=LAST_YEAR,
            description="first budget year that is summed; by default `year` alone",
        ),
    ] = None,
    unit: FundingUnitQuery = None,
) -> CounterpartsOut:
    """Read what local money is required beside the central money of a year, what was provided and what is missing.

    With `from_year` the years from that one to `year` are summed, as a plan of five years is. Ratios are dated facts of the
    installation, by province, program and capital kind, each with its legal basis and the confidence in it.
    """
    first_year = year if from_year is None else from_year
    if first_year > year:
        raise_if_any(
            [make_fault("/query/from_year", "from_year_after_year", FROM_YEAR_AFTER_YEAR, year=year)]
        )
    catalogue = context.catalogue
    years = range(first_year, year + 1)
    sums = [
        province_sum for budget_year in years for province_sum in await _sum_year(context, unit, budget_year)
    ]
    local = {code for code, source in catalogue.sources.items() if source.counterpart}
    counterparts = calculate_counterparts(
        catalogue.ratios, sums, years, central=catalogue.counted_sources, local=local
    )
    provinces = {
        None,
        *(province_sum.province for province_sum in sums),
        *_find_provinces(context, unit, year),
    }
    return CounterpartsOut(
        year=year,
        from_year=first_year,
        closing_overdue=any(
            [
                await read_overdue(context, budget_year, await context.scope(unit, budget_year))
                for budget_year in years
            ]
        ),
        items=[
            _to_item(counterpart) for counterpart in counterparts if counterpart.ratio.province in provinces
        ],
    )


def _list_provinces(context: FundingContext) -> list[str]:
    """Return the codes of the provinces that have ratios of their own."""
    return sorted({ratio.province for ratio in context.catalogue.ratios if ratio.province})


def _find_provinces(context: FundingContext, unit: str | None, year: int) -> list[str]:
    """Return the provinces with ratios of their own that a unit lies in; without a unit, all of them."""
    if unit is None:
        return _list_provinces(context)
    root, on = find_unit_of_year(context.territory, unit, year)
    return [
        province
        for province in _list_provinces(context)
        if context.territory.is_within(root.code, province, on)
    ]


async def _sum_year(context: FundingContext, unit: str | None, year: int) -> list[ProvinceSum]:
    """Return the sums of a year by program and capital kind, apart for each province that has ratios of its own."""
    scope = await context.scope(unit, year)
    other_versions = set(
        scope.unit_versions or () if unit else await read_unit_versions(context.session, year)
    )
    sums = []
    for province in _list_provinces(context):
        province_versions = _find_inside(context, province, year, other_versions)
        other_versions -= province_versions
        sums += await _sum_units(context, year, province, province_versions)
    return sums + await _sum_units(context, year, None, other_versions)


def _find_inside(
    context: FundingContext, province: str, year: int, unit_versions: Collection[UnitVersion]
) -> set[UnitVersion]:
    """Return those of some units whose land lies in a province of the year."""
    try:
        root, on = find_unit_of_year(context.territory, province, year)
    except UnknownUnit:
        return set()
    return set(find_versions_below(context.territory, root, on, unit_versions))


async def _sum_units(
    context: FundingContext, year: int, province: str | None, unit_versions: Collection[UnitVersion]
) -> list[ProvinceSum]:
    if not unit_versions:
        return []
    ledger_filter = LedgerFilter(year=year, unit_versions=unit_versions)
    lot_sums = await sum_lots(context.session, ledger_filter, ("program", "capital"))
    return [ProvinceSum(year, province, lot_sum) for lot_sum in lot_sums]


def _to_item(counterpart: Counterpart) -> CounterpartOut:
    ratio = counterpart.ratio
    return CounterpartOut(
        province=ratio.province,
        program=ratio.program,
        capital=ratio.capital,
        valid_from=ratio.valid_from,
        valid_to=ratio.valid_to,
        central_vnd=counterpart.central_vnd,
        min_percent=ratio.min_percent,
        required_vnd=counterpart.required_vnd,
        provided_vnd=counterpart.provided_vnd,
        provided=[
            ProvidedOut(source=source, provided_vnd=amount)
            for source, amount in sorted(counterpart.provided.items())
        ],
        shortfall_vnd=counterpart.shortfall_vnd,
        legal_basis=ratio.legal_basis,
        confidence=ratio.confidence,
    )
