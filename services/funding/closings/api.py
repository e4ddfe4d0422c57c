"""The routes of closings."""

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response, status
from sqlalchemy import Row, select

from services.funding.closed_years.reading import read_overdue_of_lots
from services.funding.closings import actions
from services.funding.closings.schemas import (
    ClosingIn,
    ClosingOut,
    ClosingsPage,
    ClosingSummaryOut,
    FrozenRowOut,
    RecordedClosingOut,
    to_differences,
)
from services.funding.context import FinanceContext, FundingContext, FundingReaderContext
from services.funding.entries import store as entries_store
from services.funding.entries.response_schemas import EntriesPage, EntryOut
from services.funding.field_types import DecisionIO
from services.funding.lapses.api import LapseOut
from services.funding.models import ENTRIES
from services.funding.query_params import AnyYearQuery
from services.funding.register_models import CLOSINGS
from services.funding.unit_names import find_names_of_year
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute

PATH = "/v1/funding/closings"

router = APIRouter(tags=["closings"], route_class=TransactionRoute)

ClosingId = Annotated[uuid.UUID, Path(description="id of the closing")]


@router.post("/closings", status_code=status.HTTP_201_CREATED, summary="Close a budget year")
async def close_year(
    *, context: FinanceContext, draft: Annotated[PartialBody[ClosingIn], Body()], response: Response
) -> RecordedClosingOut:
    """Close a budget year of a province under its paper: its amounts are frozen, and what lapses is listed.

    With `dry_run` only the list is made. From then on an entry into the year needs the decision that reopens it
    (`reopened_by`); a year that was reopened can be closed again, which freezes the next vintage.
    """
    compared, lapses = await actions.close_year(context, draft)
    is_recorded = not context.unit_of_work.dry_run
    if is_recorded:
        response.headers["Location"] = f"{PATH}/{compared.row.id}"
    return RecordedClosingOut(
        **await _to_fields(context, compared, is_recorded=is_recorded),
        lapses=[LapseOut.from_lapse(lapse, context.territory) for lapse in lapses],
    )


@router.get("/closings", summary="List closings")
async def list_closings(
    *,
    context: FundingReaderContext,
    year: AnyYearQuery = None,
    paging: Annotated[Paging, paged_by(50)],
) -> ClosingsPage:
    """List the closings of budget years, the newest first."""
    query = select(CLOSINGS).order_by(CLOSINGS.c.recorded_at.desc(), CLOSINGS.c.id.desc())
    if year is not None:
        query = query.where(CLOSINGS.c.year == year)
    page = await paging.fetch(context.session, query, serialize=lambda row: row)
    days = await actions.find_settlement_days(context, page.items)
    items = [ClosingSummaryOut(**_to_summary(context, row, days[row.id])) for row in page.items]
    return ClosingsPage(items=items, next=page.next)


@router.get("/closings/{closing_id}", summary="Read one closing")
async def read_closing(*, context: FundingReaderContext, closing_id: ClosingId) -> ClosingOut:
    """Read what a closing froze, and the measures in which the ledger differs from it now."""
    return ClosingOut(**await _to_fields(context, await actions.compare_closing(context, closing_id)))


@router.get("/closings/{closing_id}/entries", summary="List the entries since a closing")
async def list_later_entries(
    *,
    context: FundingReaderContext,
    closing_id: ClosingId,
    paging: Annotated[Paging, paged_by(50)],
) -> EntriesPage:
    """List the entries by which the year differs from what the closing froze, the newest first."""
    closing, ledger_filter = await actions.select_covered(context, closing_id)
    query = entries_store.select_newest_first(ledger_filter).where(ENTRIES.c.sequence > closing.sequence)
    rows = await paging.fetch(context.session, query, serialize=lambda row: row)
    entries = await entries_store.load_postings(context.session, rows.items)
    lots = (lot for entry in entries for lot in entry.lots)
    return EntriesPage(
        items=[EntryOut.from_entry(entry, context.territory) for entry in entries],
        next=rows.next,
        closing_overdue=await read_overdue_of_lots(context.session, context, lots),
    )


async def _to_fields(
    context: FundingContext, compared: actions.ComparedClosing, *, is_recorded: bool = True
) -> dict[str, Any]:
    days = await actions.find_settlement_days(context, [compared.row])
    summary = _to_summary(context, compared.row, days[compared.row.id])
    return {
        **summary,
        "id": summary["id"] if is_recorded else None,
        "frozen": [FrozenRowOut.from_row(row) for row in compared.frozen],
        "differences": to_differences(compared.differences),
        "entries_since": compared.entries_since,
        "entries": f"{PATH}/{compared.row.id}/entries",
    }


def _to_summary(context: FundingContext, row: Row[Any], settled_by: date) -> dict[str, Any]:
    same = ("id", "year", "unit", "closed_on", "content_sha256", "lapsing_vnd", "client_id")
    return {
        **{name: getattr(row, name) for name in same},
        **find_names_of_year(context.territory, row.unit, row.year),
        "decision": DecisionIO(number=row.decision_number, date=row.decision_date),
        "settled_by": settled_by,
        "late": row.closed_on > settled_by,
        "as_of": row.recorded_at,
    }
