"""The route that lists recoveries, and what of them is to be handed back."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from services.funding.closed_years.reading import read_overdue_of
from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.context import FundingReaderContext
from services.funding.deadlines import Deadline, Deadlines, Extension, list_deadlines
from services.funding.lapses.store import read_extensions
from services.funding.ledger import Book, Capital, Line, Lot
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
from services.funding.unit_names import find_names_of_version
from shared.kit.paging import Paging, paged_by
from shared.kit.transactions import TransactionRoute
from shared.territory.named_rows import NamedUnitRow

COPIED_FIELDS = (
    "effective_on", "year", "program", "component", "capital", "source", "unit", "amount_vnd", "remittable_vnd", "remitted_vnd",
    "to_remit_vnd",
)  # fmt: skip

router = APIRouter(tags=["ledger"], route_class=TransactionRoute)


class RecoveryOut(NamedUnitRow):
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
    payable_until: date = Field(
        description="last day of payment of the money, as in lapses: what came back until then could be paid again; of several "
        "years of origin, and of money that a carry-over extended, the latest"
    )
    legal_basis: str = Field(description="the document or clause behind it")
    confidence: str = Field(description="confidence in that day")


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
    extensions = await _read_extensions(context, page.items)
    money = {(row.year, (row.unit, row.unit_since)) for row in page.items}
    return RecoveriesOut(
        recovered_vnd=recovered_vnd,
        to_remit_vnd=to_remit_vnd,
        items=[_to_recovery(row, context, extensions) for row in page.items],
        next=page.next,
        closing_overdue=await read_overdue_of(context.session, context, money),
    )


async def _read_extensions(
    context: FundingReaderContext, rows: Sequence[Any]
) -> Mapping[Lot, Sequence[Extension]]:
    """Return the last days of payment that carry-overs set for the lots of recoveries of carried money."""
    carried = [lot for row in rows for lot in _to_lots(row) if lot.origin_year < row.year]
    extensions: dict[Lot, Sequence[Extension]] = {}
    for year in sorted({lot.line.year for lot in carried}):
        units = {(lot.line.unit, lot.line.unit_since) for lot in carried if lot.line.year == year}
        extensions |= await read_extensions(context.session, LedgerFilter(year, unit_versions=units))
    return extensions


def _to_lots(row: Any) -> list[Lot]:
    """Return the lots to which the money of a recovery came back."""
    line = Line(row.year, row.program, row.component, row.capital, row.source, row.unit, row.unit_since)
    return [Lot(line, origin_year) for origin_year in row.origin_years]


def _find_last_deadline(
    deadlines: Deadlines, lots: Iterable[Lot], extensions: Mapping[Lot, Sequence[Extension]]
) -> Deadline:
    """Return the latest last day of payment of some lots."""
    of_lots = (
        deadline for lot in lots for deadline, _ in list_deadlines(deadlines, lot, extensions.get(lot, ()))
    )
    return max(of_lots, key=lambda deadline: deadline.paid_by)


def _to_recovery(
    row: Any, context: FundingReaderContext, extensions: Mapping[Lot, Sequence[Extension]]
) -> RecoveryOut:
    deadline = _find_last_deadline(context.deadlines, _to_lots(row), extensions)
    names = find_names_of_version(context.territory, (row.unit, row.unit_since), row.effective_on)
    return RecoveryOut(
        **{name: getattr(row, name) for name in COPIED_FIELDS},
        **names,
        entry=row.id,
        recovers=row.against,
        book="treasury" if row.is_confirmed else "agency",
        age_days=max(0, (context.today - row.effective_on).days),
        payable_vnd=row.amount_vnd - row.remittable_vnd,
        payable_until=deadline.paid_by,
        legal_basis=deadline.legal_basis,
        confidence=deadline.confidence,
    )
