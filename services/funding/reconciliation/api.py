"""The route that compares the two books."""

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from services.funding.closed_years.reading import read_overdue
from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.context import FundingReaderContext
from services.funding.field_types import MAX_AMOUNT_VND
from services.funding.query_params import (
    BudgetYearQuery,
    CapitalQuery,
    ComponentQuery,
    FundingUnitQuery,
    ProgramQuery,
    SourcesQuery,
)
from services.funding.reconciliation import store
from services.funding.store import LedgerFilter
from services.funding.unit_names import find_names_of_version
from shared.kit.cached_routes import CachedRoute
from shared.kit.paging import Paging, paged_by
from shared.territory.named_rows import NamedUnitRow
from shared.territory.tree import Territory

router = APIRouter(tags=["progress"], route_class=CachedRoute)

GapKind = Literal["not_confirmed", "not_reported", "amounts_differ", "lines_differ"]
DifferingField = Literal["amount_vnd", "program", "component", "capital", "source", "unit"]


class GapOut(NamedUnitRow):
    """A payment on which the books differ."""

    voucher_source: str | None = Field(
        description="who issued the voucher; null where the payment names none"
    )
    voucher_number: str | None = Field(description="its number there")
    gap: GapKind = Field(
        description="not_confirmed: only the agencies' book has it; not_reported: only the treasury's; amounts_differ: by "
        "more than the tolerance; lines_differ: the same amount, paid from another line"
    )
    differs: list[DifferingField] = Field(
        description="fields in which the books differ where both have the payment", examples=[["component"]]
    )
    agency_entry: uuid.UUID | None = Field(description="the disbursement in the agencies' book")
    treasury_entry: uuid.UUID | None = Field(description="the confirmation in the treasury's book")
    kind: Literal["payment", "recovery"] = Field(
        description="a payment; or money that came back, with negative amounts"
    )
    agency_vnd: int = Field(description="as reported by the agency, in đồng")
    treasury_vnd: int = Field(description="as confirmed by the treasury, in đồng")
    difference_vnd: int = Field(description="agency − treasury, in đồng")
    owner: str = Field(
        description="who has to resolve it: the issuer of the voucher where the confirmation is missing, else the unit that "
        "reports the payment or should report it"
    )
    unit: str = Field(description="code of the unit whose money it is")


class ReconciliationOut(ClosingStateOut):
    """Both books of a year, and the payments on which they differ."""

    year: int = Field(description="budget year", examples=[2023])
    agency_vnd: int = Field(description="disbursed in the agencies' book: paid less recovered, in đồng")
    treasury_vnd: int = Field(description="disbursed in the treasury's book: paid less recovered, in đồng")
    agency_recovered_vnd: int = Field(description="what came back of payments in the agencies' book, in đồng")
    treasury_recovered_vnd: int = Field(
        description="what came back of payments in the treasury's book, in đồng"
    )
    difference_vnd: int = Field(description="agency − treasury, in đồng")
    within_tolerance: bool = Field(description="whether the totals differ by no more than the tolerance")
    tolerance_vnd: int = Field(description="the requested tolerance, in đồng")
    items: list[GapOut] = Field(description="payments on which the books differ, by voucher")
    next: str | None = Field(description="cursor of the page that follows; null on the last one")


@router.get("/reconciliation", summary="Reconcile the two books")
async def read_reconciliation(
    *,
    context: FundingReaderContext,
    year: BudgetYearQuery,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: FundingUnitQuery = None,
    tolerance_vnd: Annotated[
        int, Query(ge=0, le=MAX_AMOUNT_VND, description="largest difference that is no gap, in đồng")
    ] = 0,
    paging: Annotated[Paging, paged_by(50)],
) -> ReconciliationOut:
    """Compare what agencies report with what the treasury confirms: in total, and by voucher where they differ."""
    scope = await context.scope(unit, year)
    ledger_filter = LedgerFilter(year, program, component, capital, source, scope.unit_versions)
    amounts = await store.sum_books(context.session, ledger_filter)
    agency, treasury = amounts.disbursed_vnd, amounts.confirmed_vnd
    query = store.select_gaps(ledger_filter, tolerance_vnd)
    gaps = await paging.fetch(context.session, query, serialize=lambda row: _to_gap(row, context.territory))
    return ReconciliationOut(
        year=year,
        agency_vnd=agency,
        treasury_vnd=treasury,
        agency_recovered_vnd=amounts.recovered_vnd,
        treasury_recovered_vnd=amounts.confirmed_recovered_vnd,
        difference_vnd=agency - treasury,
        within_tolerance=abs(agency - treasury) <= tolerance_vnd,
        tolerance_vnd=tolerance_vnd,
        items=gaps.items,
        closing_overdue=await read_overdue(context, year, scope),
        next=gaps.next,
    )


def _to_gap(row: Any, territory: Territory) -> GapOut:
    gap, differs = _find_gap_kind(row), []
    if gap in {"amounts_differ", "lines_differ"}:
        amount: list[DifferingField] = ["amount_vnd"] if row.agency_vnd != row.treasury_vnd else []
        differs = [*amount, *(name for name in store.LINE_FIELDS if getattr(row, f"other_{name}"))]
    return GapOut(
        **find_names_of_version(territory, (row.unit, row.unit_since), row.effective_on),
        voucher_source=row.source or None,
        voucher_number=row.number or None,
        gap=gap,
        differs=differs,
        agency_entry=row.agency_entry,
        treasury_entry=row.treasury_entry,
        kind="recovery" if row.is_recovery else "payment",
        agency_vnd=row.agency_vnd,
        treasury_vnd=row.treasury_vnd,
        difference_vnd=row.agency_vnd - row.treasury_vnd,
        owner=row.source if gap == "not_confirmed" and row.source else row.unit,
        unit=row.unit,
    )


def _find_gap_kind(row: Any) -> GapKind:
    if row.treasury_entry is None:
        return "not_confirmed"
    if row.agency_entry is None:
        return "not_reported"
    return "amounts_differ" if row.beyond_tolerance else "lines_differ"
