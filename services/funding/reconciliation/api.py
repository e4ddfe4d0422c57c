"""Where the two books are read side by side."""

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.funding.context import FundingReaderContext
from services.funding.field_types import MAX_AMOUNT_VND
from services.funding.query_params import (
    BudgetYearQuery,
    CapitalQuery,
    ComponentQuery,
    ProgramQuery,
    SourcesQuery,
    UnitQuery,
)
from services.funding.reconciliation import store
from services.funding.store import LedgerFilter
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["progress"], route_class=TransactionRoute)

GapKind = Literal["not_confirmed", "not_reported", "amounts_differ", "lines_differ"]
Differing = Literal["amount_vnd", "program", "component", "capital", "source", "unit"]


class GapOut(BaseModel):
    """A payment on which the books differ."""

    voucher_source: str | None = Field(
        description="who issued the voucher; null where the payment names none"
    )
    voucher_number: str | None = Field(description="its number there")
    gap: GapKind = Field(
        description="not_confirmed: only the agency's book has it; not_reported: only the treasury's; amounts_differ: by "
        "more than the tolerance; lines_differ: the same amount, paid from another line"
    )
    differs: list[Differing] = Field(
        description="in what the two books differ where both have it", examples=[["component"]]
    )
    agency_entry: uuid.UUID | None = Field(description="the disbursement in the agencies' book")
    treasury_entry: uuid.UUID | None = Field(description="the confirmation in the treasury's book")
    agency_vnd: int = Field(description="as reported by the agency, in đồng")
    treasury_vnd: int = Field(description="as confirmed by the treasury, in đồng")
    difference_vnd: int = Field(description="agency − treasury, in đồng")
    owner: str = Field(
        description="who has to clear it up: the office that issued the voucher where its confirmation is missing, "
        "else the unit that reports or should"
    )
    unit: str = Field(description="code of the unit whose money it is")


class BooksOut(BaseModel):
    """Both books of a year, and where they differ."""

    year: int = Field(description="budget year", examples=[2023])
    agency_vnd: int = Field(description="disbursed by the agencies' book, in đồng")
    treasury_vnd: int = Field(description="disbursed by the treasury's book, in đồng")
    difference_vnd: int = Field(description="agency − treasury, in đồng")
    within_tolerance: bool = Field(description="whether the totals differ by no more than the tolerance")
    tolerance_vnd: int = Field(description="the tolerance that was asked for, in đồng")
    items: list[GapOut] = Field(description="payments on which the books differ, by voucher")
    next: str | None = Field(description="cursor of the page that follows; null on the last one")


@router.get("/reconciliation", summary="Reconcile the two books")
async def read_reconciliation(
    *,
    context: FundingReaderContext,
    request: Request,
    response: Response,
    year: BudgetYearQuery,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: UnitQuery = None,
    tolerance_vnd: Annotated[
        int, Query(ge=0, le=MAX_AMOUNT_VND, description="differences up to this are no gap, in đồng")
    ] = 0,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> BooksOut:
    """Lay what agencies report beside what the treasury confirms: in total, and voucher by voucher where they differ."""
    scope = await context.scope(unit, year)
    sought = LedgerFilter(year, program, component, capital, source, scope.places)
    agency, treasury = await store.totals(context.session, sought)
    query = store.gaps(sought, tolerance_vnd)
    gaps = await fetch_page(context.session, query, limit=limit, cursor=cursor, said=_said)
    set_next_link(request, response, gaps.next)
    return BooksOut(
        year=year,
        agency_vnd=agency,
        treasury_vnd=treasury,
        difference_vnd=agency - treasury,
        within_tolerance=abs(agency - treasury) <= tolerance_vnd,
        tolerance_vnd=tolerance_vnd,
        items=gaps.items,
        next=gaps.next,
    )


def _said(row: Any) -> GapOut:
    gap, differs = _gap(row), []
    if gap in {"amounts_differ", "lines_differ"}:
        amount: list[Differing] = ["amount_vnd"] if row.agency_vnd != row.treasury_vnd else []
        differs = [*amount, *(name for name in store.LINE if getattr(row, f"other_{name}"))]
    return GapOut(
        voucher_source=row.source or None,
        voucher_number=row.number or None,
        gap=gap,
        differs=differs,
        agency_entry=row.agency_entry,
        treasury_entry=row.treasury_entry,
        agency_vnd=row.agency_vnd,
        treasury_vnd=row.treasury_vnd,
        difference_vnd=row.agency_vnd - row.treasury_vnd,
        owner=row.source if gap == "not_confirmed" and row.source else row.unit,
        unit=row.unit,
    )


def _gap(row: Any) -> GapKind:
    if row.treasury_entry is None:
        return "not_confirmed"
    if row.agency_entry is None:
        return "not_reported"
    return "amounts_differ" if row.beyond_tolerance else "lines_differ"
