"""Where lapses are read. Public, unless the installation closes public reads."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.funding.context import FundingPublicContext
from services.funding.lapses import store
from services.funding.lapses.rules import Deadlines, Lapse, lapses
from services.funding.ledger import Capital
from services.funding.query_params import (
    BudgetYearQuery,
    CapitalQuery,
    ComponentQuery,
    OriginYearQuery,
    ProgramQuery,
    SourcesQuery,
    UnitQuery,
)
from services.funding.store import LedgerFilter
from shared.kit.date_fields import IsoDate
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["progress"], route_class=TransactionRoute)


TheDeadlines = Annotated[Deadlines, Depends(resource(Deadlines))]


class LapseOut(BaseModel):
    """Money that is left in a lot, and when it lapses; money of one lot may lapse on several days."""

    program: str = Field(description="rural, poverty or ethnic")
    component: str | None = Field(description="component; null: the program as a whole")
    capital: Capital = Field(description="investment or recurrent")
    source: str = Field(description="where the money comes from")
    unit: str = Field(description="code of the unit that has the money")
    origin_year: int = Field(description="year of origin of the money")
    left_vnd: int = Field(description="not paid, handed back or carried on yet, in đồng")
    reserved_vnd: int = Field(description="part of it that is committed, in đồng")
    paid_by: date = Field(description="last day of payment; what is left after it lapses")
    settled_by: date = Field(description="last day of settlement")
    legal_basis: str = Field(description="the document that sets the day")
    confidence: str = Field(description="how sure the day is")

    @classmethod
    def of(cls, lapse: Lapse) -> "LapseOut":
        """Say a lapse."""
        line, deadline = lapse.lot.line, lapse.deadline
        return cls(
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


class LapsesOut(BaseModel):
    """Everything that lapses of a budget year, whole."""

    year: int = Field(description="budget year", examples=[2023])
    left_vnd: int = Field(description="sum of what is left, in đồng")
    items: list[LapseOut] = Field(
        description="what is left, the earliest deadline first, the largest first within it"
    )


@router.get("/lapses", summary="Read what will lapse")
async def read_lapses(
    *,
    context: FundingPublicContext,
    deadlines: TheDeadlines,
    year: BudgetYearQuery,
    until: Annotated[
        IsoDate | None, Query(description="only what lapses on this day or before; by default everything")
    ] = None,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: UnitQuery = None,
    origin_year: OriginYearQuery = None,
) -> LapsesOut:
    """Read what is left of a budget year and when it lapses, in advance. Handing it back is an entry: `returns`.

    Where the decision of a carry-over extended a part of a lot, that part stands apart; it is taken to be paid last.

    Shown are the sources that count in the disbursement rate, unless `source` names others.
    """
    scope = await context.scope(unit, year)
    sources = source or sorted(context.catalogue.counted_sources)
    sought = LedgerFilter(year, program, component, capital, sources, scope.places, origin_year)
    held = await store.balances(context.session, sought)
    found = lapses(deadlines, held, await store.extensions(context.session, sought), until)
    return LapsesOut(
        year=year,
        left_vnd=sum(each.left_vnd for each in found),
        items=[LapseOut.of(each) for each in found],
    )
