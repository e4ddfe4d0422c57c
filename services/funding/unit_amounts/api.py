"""The routes of amounts for maps and charts. Public, unless the installation closes public reads."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, cast

from fastapi import APIRouter, Query

from services.funding.closed_years.reading import read_year_state
from services.funding.context import FundingAreaContext, FundingContext, UnitScope
from services.funding.query_params import BookQuery, CapitalQuery, ComponentQuery, ProgramQuery, SourcesQuery
from services.funding.store import LedgerFilter
from services.funding.unit_amounts.reading import (
    AmountQuery,
    find_unit_versions,
    read_amounts_of_units,
    read_group,
)
from services.funding.unit_amounts.rules import AMOUNT_NAMES, AmountName
from services.funding.unit_amounts.schemas import (
    AmountLevel,
    AmountOut,
    AmountPointOut,
    AmountSeriesOut,
    AmountsOfUnitsOut,
)
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf, find_newest_included
from shared.kit.date_fields import IsoDate
from shared.kit.problems import NotFound, Sentence
from shared.kit.query_lists import CommaSeparated
from shared.periods import Period
from shared.reporting.period_lists import list_periods
from shared.reporting.query_params import PERIOD_DESCRIPTION, PeriodQuery, PeriodText
from shared.territory.query_params import RequestedUnit, UnitOrAreaQuery
from shared.territory.units import Unit, UnknownUnitOnDate

router = APIRouter(tags=["progress"], route_class=CachedRoute)

ALL_SOURCES = "all"
MapDayQuery = Annotated[
    IsoDate | None,
    Query(
        alias="map", description="read on the map of this day; on that of the period's last day when left out"
    ),
]


class AmountNotFound(NotFound):
    """The ledger has no amount of this name."""

    code = "amount_not_found"
    title = Sentence("Không có khoản này", "Unknown amount")
    detail = Sentence(
        "Sổ không có khoản {indicator}; có: {names}.", "The ledger has no amount {indicator}; it has {names}."
    )

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator=indicator[:100], names=", ".join(AMOUNT_NAMES))


@router.get("/map", operation_id="read_amounts_map", summary="Read amounts of every unit of a level")
async def read_amounts_map(
    *,
    context: FundingAreaContext,
    period: PeriodQuery,
    unit: UnitOrAreaQuery,
    indicator: Annotated[
        list[str],
        CommaSeparated,
        Query(
            min_length=1,
            max_length=len(AMOUNT_NAMES),
            description="amounts and rates as `progress` names them, separated by commas or repeated",
            examples=["disbursement_rate"],
        ),
    ],
    level: Annotated[
        AmountLevel | None,
        Query(description="level of the units; the highest below the unit when left out"),
    ] = None,
    map_on: MapDayQuery = None,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    as_of: AsOf = None,
    book: BookQuery = "agency",
) -> AmountsOfUnitsOut:
    """Read amounts of every province, district or commune in a unit, with all that is below it, in a budget year or until the end of a part.

    Money of units above the level, and of agencies of theirs, is in `above`. Merged units add up.
    """
    names = _require_amounts(indicator)
    on = map_on or period.ends_on
    narrowed = LedgerFilter(None, program, component, capital, _select_sources(context, source))
    query = AmountQuery(unit.on(on), period, on, narrowed, book, as_of)
    return await read_amounts_of_units(context, query, names, level)


@router.get("/series", operation_id="read_amounts_series", summary="Read an amount over periods")
async def read_amounts_series(
    *,
    context: FundingAreaContext,
    indicator: Annotated[str, Query(min_length=1, max_length=100, description="name of the amount")],
    first: Annotated[
        PeriodText, Query(alias="from", description=f"first period; {PERIOD_DESCRIPTION}", examples=["2020"])
    ],
    last: Annotated[
        PeriodText, Query(alias="to", description="last period, of the same kind", examples=["2023"])
    ],
    unit: UnitOrAreaQuery,
    map_on: MapDayQuery = None,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    as_of: AsOf = None,
    book: BookQuery = "agency",
) -> AmountSeriesOut:
    """Read an amount of a unit over budget years, or over parts of years, each from the start of its year to the last day.

    `break_before` marks where the unit has other land than in the period before.
    """
    (name,) = _require_amounts([indicator])
    narrowed = LedgerFilter(None, program, component, capital, _select_sources(context, source))
    items: list[AmountPointOut] = []
    previous: Unit | None = None
    for period in list_periods(Period.parse(first), Period.parse(last)):
        on = map_on or period.ends_on
        unit_then = _find_unit(unit, on)
        items.append(
            _make_empty_point(period)
            if unit_then is None
            else await _read_point(
                context, AmountQuery(unit_then, period, on, narrowed, book, as_of), name, previous
            )
        )
        previous = unit_then or previous
    return AmountSeriesOut(
        indicator=name,
        book=book,
        as_of=await find_newest_included(context.session, as_of),
        map=map_on,
        items=items,
    )


async def _read_point(
    context: FundingContext, query: AmountQuery, name: AmountName, previous: Unit | None
) -> AmountPointOut:
    group = await read_group(context, query)
    versions = await find_unit_versions(context, query)
    state = await read_year_state(
        context, query.period.year, UnitScope(query.unit, versions, query.on), as_of=query.as_of
    )
    same_land = previous is None or previous.key in context.territory.find_keys_of_land(query.unit)
    return AmountPointOut(
        period=str(query.period),
        unit=query.unit.code,
        unit_name=query.unit.full_name,
        unit_kind=query.unit.kind,
        unit_since=query.unit.valid_from,
        break_before=not same_land,
        closed=bool(state.closings) and not state.overdue,
        **AmountOut.find_fields(group, name),
    )


def _make_empty_point(period: Period) -> AmountPointOut:
    return AmountPointOut(
        period=str(period),
        unit=None,
        unit_name=None,
        unit_kind=None,
        unit_since=None,
        value=None,
        numerator=None,
        denominator=None,
        break_before=False,
        closed=False,
    )


def _find_unit(unit: RequestedUnit, on: date) -> Unit | None:
    try:
        return unit.on(on)
    except UnknownUnitOnDate:
        return None


def _require_amounts(names: Sequence[str]) -> list[AmountName]:
    """Return the names of amounts, each once; raise `AmountNotFound`."""
    for name in names:
        if name not in AMOUNT_NAMES:
            raise AmountNotFound(name)
    return [cast("AmountName", name) for name in dict.fromkeys(names)]


def _select_sources(context: FundingContext, sources: Sequence[str] | None) -> list[str] | None:
    """Return the sources that are read: those that count in the rate unless others are named; None: all."""
    if sources:
        return None if ALL_SOURCES in sources else list(sources)
    return sorted(context.catalogue.counted_sources)
