"""The routes that read entries."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import StringConstraints

from services.funding.closed_years.reading import read_overdue_of_lots
from services.funding.context import FundingReaderContext
from services.funding.entries import store
from services.funding.entries.actions import EntryNotFound
from services.funding.entries.response_schemas import EntriesPage, EntryOut
from services.funding.entry_kinds import EntryKind
from services.funding.field_types import PRINTABLE, Code
from services.funding.query_params import (
    AnyYearQuery,
    BelowQuery,
    CapitalQuery,
    ComponentQuery,
    FundingUnitQuery,
    OriginYearQuery,
    ProgramQuery,
    SourcesQuery,
    UntilQuery,
)
from services.funding.store import LedgerFilter
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["ledger"], route_class=TransactionRoute)


@router.get("/entries", summary="List entries")
async def list_entries(
    *,
    context: FundingReaderContext,
    year: AnyYearQuery = None,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
    unit: FundingUnitQuery = None,
    below: BelowQuery = True,
    unit_since: Annotated[
        IsoDate | None,
        Query(description="first day on which the code of the unit means its land; only with `below=false`"),
    ] = None,
    origin_year: OriginYearQuery = None,
    kind: Annotated[EntryKind | None, Query(description="kind of the entry")] = None,
    voucher: Annotated[
        Annotated[str, StringConstraints(pattern=PRINTABLE, max_length=120)] | None,
        Query(description="number of the voucher"),
    ] = None,
    batch: Annotated[uuid.UUID | None, Query(description="id of its batch")] = None,
    project: Annotated[Code | None, Query(description="code of its project")] = None,
    month: Annotated[
        str | None,
        Query(pattern="^[1-8][0-9]{3}-(0[1-9]|1[0-2])$", description="month of effect, as 2023-09"),
    ] = None,
    until: UntilQuery = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(50)],
) -> EntriesPage:
    """List entries, newest first. The entries of a figure are those that changed its lots; its lineage leads here."""
    scope = await context.scope(unit, year, below=below, since=unit_since)
    ledger_filter = LedgerFilter(year, program, component, capital, source, scope.unit_versions, origin_year)
    query = store.select_newest_first(
        ledger_filter, kind, voucher, batch, month, project, until=until, as_of=as_of
    )
    rows = await paging.fetch(context.session, query, serialize=lambda row: row)
    entries = await store.load_postings(context.session, rows.items)
    lots = (lot for entry in entries for lot in entry.lots)
    return EntriesPage(
        items=[EntryOut.from_entry(entry, context.territory) for entry in entries],
        next=rows.next,
        closing_overdue=await read_overdue_of_lots(context.session, context, lots),
    )


@router.get("/entries/{entry_id}", summary="Read one entry")
async def read_entry(
    *,
    context: FundingReaderContext,
    entry_id: Annotated[uuid.UUID, Path(description="id of the entry")],
) -> EntryOut:
    """Read one entry with its postings and, where it was reversed, the id of the reversal."""
    entry = await store.find_entry(context.session, entry_id)
    if entry is None:
        raise EntryNotFound(entry=str(entry_id))
    return EntryOut.from_entry(entry, context.territory)
