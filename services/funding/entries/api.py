"""Where the ledger is written and read."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import StringConstraints

from services.funding.context import FundingReaderContext, LedgerWriterContext
from services.funding.entries import store
from services.funding.entries.actions import EntryNotFound
from services.funding.entries.chain_api import router as chain
from services.funding.entries.recorder import CurrentRecorder, created
from services.funding.entries.request_schemas import (
    AllocationIn,
    CarryOverIn,
    CommitmentIn,
    ConfirmationIn,
    DisbursementIn,
    OpeningBalanceIn,
    ReversalIn,
)
from services.funding.entries.response_schemas import EntriesPage, EntryOut
from services.funding.field_types import PRINTABLE, Code
from services.funding.ledger import EntryKind
from services.funding.query_params import (
    AnyYearQuery,
    BelowQuery,
    CapitalQuery,
    ComponentQuery,
    OriginYearQuery,
    ProgramQuery,
    SourcesQuery,
    UnitQuery,
    UntilQuery,
)
from services.funding.store import LedgerFilter
from shared.kit.change_feed import AsOf
from shared.kit.group_commit import GroupCommitRoute
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.partial_body import PartialBody

router = APIRouter(tags=["ledger"], route_class=GroupCommitRoute)
router.include_router(chain)


@router.post("/opening-balances", **created, summary="Record an opening balance")
async def record_opening_balance(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[OpeningBalanceIn], Body()],
) -> Response:
    """Record money that was there before this ledger began, with the decision behind it."""
    return await counter.record(context, EntryKind.OPENING_BALANCE, draft)


@router.post("/allocations", **created, summary="Record an allocation")
async def record_allocation(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[AllocationIn], Body()],
) -> Response:
    """Record money given by a decision for a line of the year."""
    return await counter.record(context, EntryKind.ALLOCATION, draft)


@router.post("/commitments", **created, summary="Record a commitment")
async def record_commitment(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[CommitmentIn], Body()],
) -> Response:
    """Reserve money by a contract or an approved estimate; 409 `insufficient_funds` where less is uncommitted."""
    return await counter.record(context, EntryKind.COMMITMENT, draft)


@router.post("/disbursements", **created, summary="Record a disbursement")
async def record_disbursement(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[DisbursementIn], Body()],
) -> Response:
    """Record a payment; 409 `insufficient_funds` where less is left.

    Without `origin_year` it is paid from the oldest money of the line first, as one entry with a posting for each lot.
    What is committed is paid first.
    """
    return await counter.record(context, EntryKind.DISBURSEMENT, draft)


@router.post("/confirmations", **created, summary="Record a confirmation of the treasury")
async def record_confirmation(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[ConfirmationIn], Body()],
) -> Response:
    """Record a payment as the treasury confirms it: its book stands beside the agencies' and changes nothing in it."""
    return await counter.record(context, EntryKind.CONFIRMATION, draft)


@router.post("/carry-overs", **created, summary="Record a carry-over")
async def record_carry_over(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[CarryOverIn], Body()],
) -> Response:
    """Move what is left of a year into the next one, by a decision; the money keeps its year of origin.

    Without `origin_year` the oldest money goes first. Commitments go along with the money that they reserve.
    """
    return await counter.record(context, EntryKind.CARRY_OVER, draft)


@router.post("/reversals", **created, summary="Reverse an entry")
async def record_reversal(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[ReversalIn], Body()],
) -> Response:
    """Undo one whole entry, once; 409 `already_reversed`, or `insufficient_funds` where its money has moved on."""
    return await counter.reverse(context, draft)


@router.get("/entries", summary="List entries")
async def list_entries(
    *,
    context: FundingReaderContext,
    request: Request,
    response: Response,
    year: AnyYearQuery = None,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: UnitQuery = None,
    below: BelowQuery = True,
    origin_year: OriginYearQuery = None,
    kind: Annotated[EntryKind | None, Query(description="what the entry is")] = None,
    voucher: Annotated[
        Annotated[str, StringConstraints(pattern=PRINTABLE, max_length=120)] | None,
        Query(description="number of the voucher"),
    ] = None,
    batch: Annotated[uuid.UUID | None, Query(description="id of the batch that it came in")] = None,
    project: Annotated[Code | None, Query(description="code of the project that it is for")] = None,
    month: Annotated[
        str | None, Query(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$", description="month of effect, as 2023-09")
    ] = None,
    until: UntilQuery = None,
    as_of: AsOf = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> EntriesPage:
    """List entries, newest first. The entries of a figure are those that touched its lots: its lineage leads here."""
    scope = await context.scope(unit, year, below=below)
    ledger_filter = LedgerFilter(year, program, component, capital, source, scope.places, origin_year)
    query = store.select_newest_first(
        ledger_filter, kind, voucher, batch, month, project, until=until, as_of=as_of
    )
    rows = await fetch_page(context.session, query, limit=limit, cursor=cursor, said=lambda row: row)
    set_next_link(request, response, rows.next)
    entries = await store.load_postings(context.session, rows.items)
    return EntriesPage(items=[EntryOut.from_entry(entry) for entry in entries], next=rows.next)


@router.get("/entries/{entry_id}", summary="Read one entry")
async def read_entry(
    *,
    context: FundingReaderContext,
    entry_id: Annotated[uuid.UUID, Path(description="id of the entry")],
) -> EntryOut:
    """Read one entry with its postings, and by which entry it was undone if it was."""
    entry = await store.find_entry(context.session, entry_id)
    if entry is None:
        raise EntryNotFound(entry=str(entry_id))
    return EntryOut.from_entry(entry)
