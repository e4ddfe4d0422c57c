"""The routes that read progress. Public, unless the installation closes public reads."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.funding.catalogue import FundingCatalogue
from services.funding.closed_years.reading import read_year_state
from services.funding.context import FundingAreaContext
from services.funding.fault_sentences import FAR_FROM_YEAR
from services.funding.ledger import CAPITALS, Capital
from services.funding.lineage import TOTAL, build_lineage
from services.funding.progress.printing import PrintUnit
from services.funding.progress.printing_schemas import PrintingOut
from services.funding.progress.rules import LotSum, ProgressGroup, build_group, build_groups
from services.funding.progress.schemas import (
    CapitalRow,
    FundingStatusOut,
    ProgressOut,
    ProgressRow,
    ShownUnitOut,
    SourcePart,
    SourceRow,
    to_amount_fields,
    to_year_fields,
)
from services.funding.progress.store import GROUPINGS, sum_lots
from services.funding.query_params import (
    BookQuery,
    BudgetYearQuery,
    CapitalQuery,
    ComponentQuery,
    FundingUnitQuery,
    OriginYearQuery,
    ProgramQuery,
    SourcesQuery,
    UntilQuery,
    depends_on_groupings,
)
from services.funding.store import LedgerFilter
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf, find_newest_included
from shared.kit.exception_handlers import negotiate_language
from shared.kit.problems import Fault, Language, make_fault, raise_if_any

ALL_SOURCES = "all"

router = APIRouter(tags=["progress"], route_class=CachedRoute)

PrintIn = Annotated[
    PrintUnit | None,
    Query(
        description="also print the amounts in million or billion đồng, and report where printed parts do not add up"
    ),
]
PreferredLanguage = Annotated[Language, Depends(negotiate_language)]


@router.get("/progress", summary="Read progress", response_model_exclude_unset=True)
async def read_progress(
    *,
    context: FundingAreaContext,
    year: BudgetYearQuery,
    group_by: Annotated[list[str], depends_on_groupings(GROUPINGS, ["capital"])],
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: FundingUnitQuery = None,
    origin_year: OriginYearQuery = None,
    until: UntilQuery = None,
    as_of: AsOf = None,
    book: BookQuery = "agency",
    print_in: PrintIn = None,
    language: PreferredLanguage,
) -> ProgressOut:
    """Read what was allocated, carried over, committed and disbursed in a year, in any grouping.

    It shows the sources that count in the disbursement rate, unless `source` names others (`all` for all of them) or the
    rows are by source. Rates are divided after summing, never averaged, and are of the money that counts. With `until`,
    what is available is also that of the day.
    """
    raise_if_any(_find_date_fault(year, until))
    catalogue = context.catalogue
    sources = _select_sources(source, group_by, catalogue)
    scope = await context.scope(unit, year)
    ledger_filter = LedgerFilter(year, program, component, capital, sources, scope.unit_versions, origin_year)
    keys = _add_unit_since(group_by)
    sums = await sum_lots(
        context.session, ledger_filter, keys, until=until, as_of=as_of, book=book, map_day=scope.map_day
    )
    *groups, total = build_groups(
        sums, keys, counted=catalogue.counted_sources, rated=catalogue.rated_sources
    )
    parameters = {
        "year": year,
        "program": program,
        "component": component,
        "capital": capital,
        "source": sources if source or "source" not in group_by else None,
        "unit": unit,
        "origin_year": origin_year,
        "until": until,
        "as_of": as_of,
        "book": book,
        "print_in": print_in,
    }
    return ProgressOut(
        year=year,
        until=until,
        unit=ShownUnitOut.from_unit(scope.unit) if scope.unit else None,
        sources=sources if sources is not None else list(catalogue.sources),
        as_of=await find_newest_included(context.session, as_of),
        **({"printing": PrintingOut.from_groups(groups, total, print_in, language)} if print_in else {}),
        rows=[ProgressRow(**group.keys, **_to_fields(group, parameters)) for group in groups],
        total=ProgressRow(**total.keys, **_to_fields(total, parameters)),
        **to_year_fields(await read_year_state(context, year, scope, as_of=as_of)),
    )


@router.get("/status", summary="Read the status of a year", response_model_exclude_unset=True)
async def read_status(
    *,
    context: FundingAreaContext,
    year: BudgetYearQuery,
    unit: FundingUnitQuery = None,
    until: UntilQuery = None,
    as_of: AsOf = None,
    book: BookQuery = "agency",
    print_in: PrintIn = None,
    language: PreferredLanguage,
) -> FundingStatusOut:
    """Read the money of a year as the status of the province shows it, whole or until a day.

    `rows` are the sources that count in the disbursement rate (the central budget) by capital kind, `total` is their sum,
    `sources` are the others, with the counterpart and the integrated money as parts of the local budget.
    """
    raise_if_any(_find_date_fault(year, until))
    scope = await context.scope(unit, year)
    ledger_filter = LedgerFilter(year=year, unit_versions=scope.unit_versions)
    keys = ("capital", "source")
    sums = await sum_lots(
        context.session, ledger_filter, keys, until=until, as_of=as_of, book=book, map_day=scope.map_day
    )
    parameters = {
        "year": year,
        "unit": unit,
        "until": until,
        "as_of": as_of,
        "book": book,
        "print_in": print_in,
    }
    *groups, total = _build_capital_groups(sums, context.catalogue)
    counted = {**parameters, "source": sorted(context.catalogue.counted_sources)}
    return FundingStatusOut(
        year=year,
        until=until,
        unit=ShownUnitOut.from_unit(scope.unit) if scope.unit else None,
        as_of=await find_newest_included(context.session, as_of),
        **({"printing": PrintingOut.from_groups(groups, total, print_in, language)} if print_in else {}),
        rows=[CapitalRow(**group.keys, **_to_fields(group, counted)) for group in groups],
        total=CapitalRow(**total.keys, **_to_fields(total, counted)),
        **to_year_fields(await read_year_state(context, year, scope, as_of=as_of)),
        sources=_build_source_rows(sums, context.catalogue, parameters),
    )


def _find_date_fault(year: int, until: date | None) -> Iterator[Fault]:
    """Yield the fault of a day far from the year: a typing error, which would select nothing or everything."""
    if until is not None and abs(until.year - year) > 1:
        yield make_fault(
            "/query/until", "date_far_from_year", FAR_FROM_YEAR, day=until.isoformat(), year=year
        )


def _build_capital_groups(sums: Sequence[LotSum], catalogue: FundingCatalogue) -> list[ProgressGroup]:
    """Return the counted sources by capital kind, and their total last."""
    counted = [lot_sum for lot_sum in sums if lot_sum.source in catalogue.counted_sources]
    by_capital: dict[Capital, list[LotSum]] = {
        capital: [lot_sum for lot_sum in counted if lot_sum.keys["capital"] == capital]
        for capital in CAPITALS
    }
    return [
        *(
            build_group({"capital": capital}, capital_sums, catalogue.counted_sources)
            for capital, capital_sums in by_capital.items()
        ),
        build_group({"capital": TOTAL}, counted, catalogue.counted_sources),
    ]


def _build_source_rows(
    sums: Sequence[LotSum], catalogue: FundingCatalogue, parameters: dict[str, Any]
) -> list[SourceRow]:
    """Return the sources that do not count in the rate, by their groups."""
    parts: dict[str, list[SourcePart]] = {}
    sums_by_group: dict[str, list[LotSum]] = {}
    for code, source in catalogue.sources.items():
        source_sums = [lot_sum for lot_sum in sums if lot_sum.source == code]
        if not source_sums or code in catalogue.counted_sources:
            continue
        group = build_group({"source": code}, source_sums, catalogue.rated_sources)
        part = SourcePart(**group.keys, **_to_fields(group, parameters))
        parts.setdefault(source.group, []).append(part)
        sums_by_group.setdefault(source.group, []).extend(source_sums)
    rows = []
    for name, members in parts.items():
        group_sum = build_group({}, sums_by_group[name], catalogue.counted_sources)
        fields = _to_fields(group_sum, {**parameters, "source": [member.source for member in members]})
        rows.append(SourceRow(source=name, parts=members, **fields))
    return rows


def _add_unit_since(group_by: Sequence[str]) -> list[str]:
    """Return the keys of a grouping; a unit is its code and the first day on which that means its land."""
    return [key for name in group_by for key in ((name, "unit_since") if name == "unit" else (name,))]


def _select_sources(
    sources: Sequence[str] | None, group_by: Sequence[str], catalogue: FundingCatalogue
) -> list[str] | None:
    """Return the sources that are shown; None: all of them."""
    if sources:
        return None if ALL_SOURCES in sources else list(sources)
    return None if "source" in group_by else sorted(catalogue.counted_sources)


def _to_fields(group: ProgressGroup, parameters: dict[str, Any]) -> dict[str, object]:
    lineage = build_lineage(group.keys, parameters)
    return to_amount_fields(group, lineage, parameters["book"], parameters["print_in"])
