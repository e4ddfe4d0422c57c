"""Where progress is read. Public, unless the installation closes public reads."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.funding.catalogue import FundingCatalogue
from services.funding.context import FundingContext, FundingPublicContext
from services.funding.fault_sentences import FAR_FROM_YEAR
from services.funding.ledger import CAPITALS, Capital
from services.funding.lineage import TOTAL, build_lineage
from services.funding.progress import store
from services.funding.progress.printing import PrintUnit
from services.funding.progress.rules import Part, Row, group, sum_up
from services.funding.progress.schemas import (
    CapitalRow,
    PrintingOut,
    ProgressOut,
    ProgressRow,
    SourcePart,
    SourceRow,
    StatusOut,
    UnitOut,
    amounts,
)
from services.funding.progress.store import GROUPINGS
from services.funding.query_params import (
    BookQuery,
    BudgetYearQuery,
    CapitalQuery,
    ComponentQuery,
    OriginYearQuery,
    ProgramQuery,
    SourcesQuery,
    UnitQuery,
    UntilQuery,
    depends_on_groupings,
)
from services.funding.store import LedgerFilter
from shared.kit.change_feed import AsOf, read_newest_change
from shared.kit.exception_handlers import negotiate_language
from shared.kit.problems import Fault, Language, make_fault, raise_if_any
from shared.kit.transactions import TransactionRoute

EVERY_SOURCE = "all"

router = APIRouter(tags=["progress"], route_class=TransactionRoute)

PrintIn = Annotated[
    PrintUnit | None,
    Query(
        description="print the amounts in million or billion đồng beside the exact ones, saying where they don't add"
    ),
]
Wished = Annotated[Language, Depends(negotiate_language)]


@router.get("/progress", summary="Read progress", response_model_exclude_unset=True)
async def read_progress(
    *,
    context: FundingPublicContext,
    year: BudgetYearQuery,
    by: Annotated[list[str], depends_on_groupings(GROUPINGS, "capital")],
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: UnitQuery = None,
    origin_year: OriginYearQuery = None,
    until: UntilQuery = None,
    as_of: AsOf = None,
    book: BookQuery = "agency",
    print_in: PrintIn = None,
    language: Wished,
) -> ProgressOut:
    """Read what was allocated, carried over, committed and disbursed in a year, in any grouping.

    Shown are the sources that count in the disbursement rate, unless `source` names others (`all` for every one) or the
    rows are by source. Rates are divided after adding, never averaged, and are of the money that counts. With `until`,
    what is available is also that of the day.
    """
    raise_if_any(_faults_of_day(year, until))
    catalogue = context.catalogue
    sources = _sources(source, by, catalogue)
    scope = await context.scope(unit, year)
    sought = LedgerFilter(year, program, component, capital, sources, scope.places, origin_year)
    parts = await store.parts(context.session, sought, by, until=until, as_of=as_of, book=book)
    rows = group(parts, by, counted=catalogue.counted_sources, with_a_rate=catalogue.rated_sources)
    asked = {
        "year": year,
        "program": program,
        "component": component,
        "capital": capital,
        "source": sources if source or "source" not in by else None,
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
        unit=UnitOut.of(scope.unit) if scope.unit else None,
        sources=sources if sources is not None else list(catalogue.sources),
        as_of=await _known_until(context, as_of),
        **({"printing": PrintingOut.of(rows, print_in, language)} if print_in else {}),
        rows=[ProgressRow(**row.keys, **_said(row, asked)) for row in rows],
    )


@router.get("/status", summary="Read the status of a year", response_model_exclude_unset=True)
async def read_status(
    *,
    context: FundingPublicContext,
    year: BudgetYearQuery,
    unit: UnitQuery = None,
    until: UntilQuery = None,
    as_of: AsOf = None,
    book: BookQuery = "agency",
    print_in: PrintIn = None,
    language: Wished,
) -> StatusOut:
    """Read the money of a year as the province-wide status shows it, whole or until a day of it.

    `rows` are the sources that count in the disbursement rate (the central budget) by capital kind, `sources` are the
    others, with the counterpart and the integrated money as parts of the local budget.
    """
    raise_if_any(_faults_of_day(year, until))
    scope = await context.scope(unit, year)
    sought = LedgerFilter(year=year, unit_versions=scope.places)
    parts = await store.parts(
        context.session, sought, ("capital", "source"), until=until, as_of=as_of, book=book
    )
    asked = {
        "year": year,
        "unit": unit,
        "until": until,
        "as_of": as_of,
        "book": book,
        "print_in": print_in,
    }
    rows = _rows(parts, context.catalogue)
    of_counted = {**asked, "source": sorted(context.catalogue.counted_sources)}
    return StatusOut(
        year=year,
        until=until,
        unit=UnitOut.of(scope.unit) if scope.unit else None,
        as_of=await _known_until(context, as_of),
        **({"printing": PrintingOut.of(rows, print_in, language)} if print_in else {}),
        rows=[CapitalRow(**row.keys, **_said(row, of_counted)) for row in rows],
        sources=_other_sources(parts, context.catalogue, asked),
    )


def _faults_of_day(year: int, until: date | None) -> Iterator[Fault]:
    """Tell that a day is far from the year: a typing error, which would be answered by nothing, or by everything."""
    if until is not None and abs(until.year - year) > 1:
        yield make_fault(
            "/query/until", "date_far_from_year", FAR_FROM_YEAR, day=until.isoformat(), year=year
        )


async def _known_until(context: FundingContext, as_of: datetime | None) -> datetime | None:
    """Tell the newest change included, which is not after the instant asked for."""
    _, changed_at = await read_newest_change(context.session)
    return min(filter(None, (as_of, changed_at)), default=None)


def _rows(parts: Sequence[Part], catalogue: FundingCatalogue) -> list[Row]:
    counted = [part for part in parts if part.source in catalogue.counted_sources]
    kinds: dict[Capital, list[Part]] = {
        kind: [part for part in counted if part.keys["capital"] == kind] for kind in CAPITALS
    }
    return [
        *(sum_up({"capital": kind}, of, catalogue.counted_sources) for kind, of in kinds.items()),
        sum_up({"capital": TOTAL}, counted, catalogue.counted_sources),
    ]


def _other_sources(
    parts: Sequence[Part], catalogue: FundingCatalogue, asked: dict[str, Any]
) -> list[SourceRow]:
    groups: dict[str, list[SourcePart]] = {}
    sums: dict[str, list[Part]] = {}
    for code, source in catalogue.sources.items():
        of = [part for part in parts if part.source == code]
        if not of or code in catalogue.counted_sources:
            continue
        row = sum_up({"source": code}, of, catalogue.rated_sources)
        said = SourcePart(**row.keys, **_said(row, asked))
        groups.setdefault(source.group, []).append(said)
        sums.setdefault(source.group, []).extend(of)
    rows = []
    for name, members in groups.items():
        whole = sum_up({}, sums[name], catalogue.counted_sources)
        of_group = {**asked, "source": [member.source for member in members]}
        rows.append(SourceRow(source=name, parts=members, **_said(whole, of_group)))
    return rows


def _sources(named: Sequence[str] | None, by: Sequence[str], catalogue: FundingCatalogue) -> list[str] | None:
    """Tell which sources are shown; None: every one."""
    if named:
        return None if EVERY_SOURCE in named else list(named)
    return None if "source" in by else sorted(catalogue.counted_sources)


def _said(row: Row, asked: dict[str, Any]) -> dict[str, object]:
    return amounts(row, build_lineage(row.keys, asked), asked["book"], asked["print_in"])
