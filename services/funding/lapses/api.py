"""The route that reads lapses. Public, unless the installation closes public reads."""

from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from services.funding.closed_years.reading import read_overdue
from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.context import FundingPublicContext
from services.funding.deadlines import Deadlines, Lapse, find_lapses
from services.funding.lapses import store
from services.funding.ledger import Capital
from services.funding.query_params import (
    BudgetYearQuery,
    CapitalQuery,
    ComponentQuery,
    FundingUnitQuery,
    OriginYearQuery,
    ProgramQuery,
    SourcesQuery,
)
from services.funding.store import LedgerFilter
from services.funding.unit_names import find_names_of_version
from shared.dated_facts.schemas import BasisOut
from shared.kit.cached_routes import CachedRoute
from shared.kit.date_fields import IsoDate
from shared.kit.resources import resource
from shared.territory.named_rows import NamedUnitRow
from shared.territory.tree import Territory

router = APIRouter(tags=["progress"], route_class=CachedRoute)


CurrentDeadlines = Annotated[Deadlines, Depends(resource(Deadlines))]


class LapseOut(BasisOut, NamedUnitRow):
    """Money that is left in a lot, and its deadline; the money of one lot can have several."""

    program: str = Field(description="rural, poverty or ethnic")
    component: str | None = Field(description="component; null: the program as a whole")
    capital: Capital = Field(description="investment or recurrent")
    source: str = Field(description="source of the money")
    unit: str = Field(description="code of the unit that holds the money")
    origin_year: int = Field(description="year of origin of the money")
    left_vnd: int = Field(description="neither paid, returned nor carried over yet, in đồng")
    reserved_vnd: int = Field(description="committed part of it, in đồng")
    paid_by: date = Field(description="last day of payment; what is left after it lapses")
    settled_by: date = Field(description="last day of settlement")

    @classmethod
    def from_lapse(cls, lapse: Lapse, territory: Territory) -> Self:
        """Serialize a lapse."""
        line, deadline = lapse.lot.line, lapse.deadline
        return cls(
            **find_names_of_version(territory, (line.unit, line.unit_since), date(line.year, 12, 31)),
            program=line.program,
            component=line.component,
            capital=line.capital,
            source=line.source,
            unit=line.unit,
            origin_year=lapse.lot.origin_year,
            left_vnd=lapse.left_vnd,
            reserved_vnd=lapse.reserved_vnd,
            paid_by=deadline.paid_by,
            settled_by=deadline.settled_by,
            legal_basis=deadline.legal_basis,
            confidence=deadline.confidence,
        )


class LapsesOut(ClosingStateOut):
    """All money of a budget year that is left."""

    year: int = Field(description="budget year", examples=[2023])
    left_vnd: int = Field(description="sum of what is left, in đồng")
    items: list[LapseOut] = Field(
        description="what is left, the earliest deadline first, the largest first within it"
    )


@router.get("/lapses", summary="Read what will lapse")
async def read_lapses(
    *,
    context: FundingPublicContext,
    deadlines: CurrentDeadlines,
    year: BudgetYearQuery,
    until: Annotated[
        IsoDate | None, Query(description="only what lapses by this day; by default everything")
    ] = None,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: FundingUnitQuery = None,
    origin_year: OriginYearQuery = None,
) -> LapsesOut:
    """Read what is left of a budget year and when it lapses. Returning it is an entry: `returns`.

    Where the decision of a carry-over extended the deadline of a part of a lot, that part is an item of its own; it is
    assumed to be paid last. Only sources that count in the disbursement rate are shown, unless `source` names others.
    """
    scope = await context.scope(unit, year)
    sources = source or sorted(context.catalogue.counted_sources)
    ledger_filter = LedgerFilter(year, program, component, capital, sources, scope.unit_versions, origin_year)
    balances = await store.read_selected_balances(context.session, ledger_filter, scope.map_day)
    extensions = await store.read_extensions(context.session, ledger_filter, map_day=scope.map_day)
    lapses = find_lapses(deadlines, balances, extensions, until)
    return LapsesOut(
        year=year,
        left_vnd=sum(lapse.left_vnd for lapse in lapses),
        closing_overdue=await read_overdue(context, year, scope),
        items=[LapseOut.from_lapse(lapse, context.territory) for lapse in lapses],
    )
