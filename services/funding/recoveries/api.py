"""The route that lists recoveries, and what of them is to be handed back."""

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.funding.catalogue import FundingCatalogue
from services.funding.closed_years.reading import read_overdue_of
from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.context import FundingReaderContext
from services.funding.ledger import Book, Capital
from services.funding.query_params import (
    AnyYearQuery,
    CapitalQuery,
    ComponentQuery,
    FundingUnitQuery,
    ProgramQuery,
    SourcesQuery,
)
from services.funding.recoveries import store
from services.funding.store import LedgerFilter
from shared.kit.paging import Paging, paged_by
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["ledger"], route_class=TransactionRoute)


class RecoveryOut(BaseModel):
    """A recovery, and what is to be handed back of it."""

    entry: uuid.UUID = Field(description="id of the recovery")
    recovers: uuid.UUID = Field(description="id of the payment that it lowers")
    book: Book = Field(description="the book of the payment")
    effective_on: date = Field(description="day on which the money came back")
    age_days: int = Field(description="days since then")
    year: int = Field(description="budget year of the payment")
    program: str = Field(description="rural, poverty or ethnic")
    component: str | None = Field(description="component; null: the program as a whole")
    capital: Capital = Field(description="investment or recurrent")
    source: str = Field(description="source of the money")
    unit: str = Field(description="code of the unit that paid")
    amount_vnd: int = Field(description="what came back, in đồng")
    payable_vnd: int = Field(description="the part that can be paid again, in đồng")
    remittable_vnd: int = Field(description="the part that is handed back to the budget, in đồng")
    remitted_vnd: int = Field(description="what was handed back of it, in đồng")
    to_remit_vnd: int = Field(description="what is still to be handed back, in đồng")
    payable_until: date | None = Field(
        description="last day on which money that comes back can be paid again; null where no rule is in force"
    )
    legal_basis: str | None = Field(description="the document behind that day")
    confidence: str | None = Field(description="confidence in that day")


class RecoveriesOut(ClosingStateOut):
    """Recoveries, the newest first."""

    recovered_vnd: int = Field(description="what came back by all of them, on every page, in đồng")
    to_remit_vnd: int = Field(description="what of it is still to be handed back, on every page, in đồng")
    items: list[RecoveryOut] = Field(description="the recoveries in effect")
    next: str | None = Field(description="cursor of the page that follows; null on the last one")


@router.get("/recoveries", summary="List recoveries")
async def list_recoveries(
    *,
    context: FundingReaderContext,
    year: AnyYearQuery = None,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: FundingUnitQuery = None,
    to_remit: Annotated[
        bool, Query(description="only those of which money is still to be handed back to the budget")
    ] = False,
    paging: Annotated[Paging, paged_by(50)],
) -> RecoveriesOut:
    """List the money that came back of payments, and what of it is still to be handed back, with its age."""
    scope = await context.scope(unit, year)
    ledger_filter = LedgerFilter(year, program, component, capital, source, scope.unit_versions)
    recovered_vnd, to_remit_vnd = await store.sum_recoveries(
        context.session, ledger_filter, to_remit=to_remit
    )
    page = await paging.fetch(
        context.session,
        store.select_recoveries(ledger_filter, to_remit=to_remit),
        serialize=lambda row: row,
    )
    money = {(row.year, (row.unit, row.unit_since)) for row in page.items}
    return RecoveriesOut(
        recovered_vnd=recovered_vnd,
        to_remit_vnd=to_remit_vnd,
        items=[_to_recovery(row, context.catalogue, context.today) for row in page.items],
        next=page.next,
        closing_overdue=await read_overdue_of(context.session, context, money),
    )


def _to_recovery(row: Any, catalogue: FundingCatalogue, today: date) -> RecoveryOut:
    rule = catalogue.find_recovery_rule(row.capital, row.year)
    return RecoveryOut(
        **{name: getattr(row, name) for name in RecoveryOut.model_fields if name in row._fields},
        entry=row.id,
        recovers=row.against,
        book="treasury" if row.is_confirmed else "agency",
        age_days=max(0, (today - row.effective_on).days),
        payable_vnd=row.amount_vnd - row.remittable_vnd,
        payable_until=rule.calculate_last_day(row.year) if rule else None,
        legal_basis=rule.legal_basis if rule else None,
        confidence=rule.confidence if rule else None,
    )
