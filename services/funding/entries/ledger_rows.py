"""Locking, reading and writing of the rows of the ledger, by the SQL of `sql.py`. These functions never commit."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.assignments import AssignmentBalance, AssignmentKey
from services.funding.dated_balances import DatedBalance, DayChange, LockedLots, Remainder
from services.funding.entries import sql
from services.funding.ledger import (
    AMOUNT_NAMES,
    Amounts,
    Entry,
    EntryReference,
    Line,
    Lot,
    NewEntry,
    Voucher,
)
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, to_event_parameters
from shared.kit.database import run_sql

_to_same_columns = attrgetter(*sql.SAME_COLUMNS)
NO_LOTS = LockedLots({}, {})


async def lock_assignments(
    session: AsyncSession, keys: Collection[AssignmentKey]
) -> dict[AssignmentKey, AssignmentBalance]:
    """Lock assignments in their order, and return what was assigned and allocated in each."""
    await run_sql(
        session, sql.LOCK_ASSIGNMENTS, sorted("/assignments/" + "/".join(map(str, key)) for key in keys)
    )
    assignments: dict[AssignmentKey, AssignmentBalance] = {key: {} for key in keys}
    for row in await run_sql(session, sql.SUM_ASSIGNMENTS, *map(list, zip(*keys, strict=True))):
        assignment = assignments[row.year, row.program, row.capital, row.source]
        assignment[row.unit, row.unit_since, row.component] = (row.assigned_vnd, row.allocated_vnd)
    return assignments


async def lock_replaced(session: AsyncSession, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Lock entries that are to be replaced; return the entries in effect that replace them already."""
    await run_sql(session, sql.LOCK_REPLACED, sorted(map(str, ids)))
    rows = await run_sql(session, sql.FIND_REPLACEMENTS, list(ids))
    return {row.replaces: row.id for row in rows}


async def lock_lots(session: AsyncSession, lines: Collection[Line], since: date | None) -> LockedLots:
    """Lock all lots of some lines, and return their balances with the changes after a day."""
    return await read_later_postings(
        session, await run_sql(session, sql.LOCK_LOTS, *_to_line_columns(lines)), since
    )


async def create_lots(session: AsyncSession, lots: Collection[Lot], since: date | None) -> LockedLots:
    """Create lots that receive money for the first time, and lock them; return their balances with the changes after a day."""
    ordered = sorted(lots, key=lambda lot: (lot.line.year, lot.origin_year, str(lot.line)))
    columns = (*_to_line_columns([lot.line for lot in ordered]), [lot.origin_year for lot in ordered])
    rows = await run_sql(session, sql.CREATE_LOTS, *columns)
    is_new = all(Amounts.from_row(row) == Amounts() for row in rows)
    return await read_later_postings(session, rows, None if is_new else since)


async def read_later_postings(
    session: AsyncSession, rows: Sequence[Row[Any]], since: date | None
) -> LockedLots:
    """Return the balances of rows, each with what the entries after the day `since` change; None: no later entries are read.

    For locked rows it runs after the locks are taken, so it sees what the transactions that held them have committed.
    """
    ids = {Lot.from_row(row): row.id for row in rows}
    totals = {row.id: Amounts.from_row(row) for row in rows}
    years = sorted({year for row in rows for year in (row.year - 1, row.year)})
    changes: dict[int, list[DayChange]] = {}
    needed = bool(rows) and since is not None
    for row in await run_sql(session, sql.SUM_LATER_POSTINGS, [*totals], years, since) if needed else ():
        left_vnd = row.unspent_vnd - row.spent_vnd
        unconfirmed_vnd = row.unspent_vnd - row.confirmed_spent_vnd
        remainder = Remainder(left_vnd, left_vnd - row.reserved_vnd, unconfirmed_vnd)
        changes.setdefault(row.lot_id, []).append((row.day, remainder))
    balances = {
        lot: DatedBalance(totals[lot_id], tuple(changes.get(lot_id, ()))) for lot, lot_id in ids.items()
    }
    return LockedLots(balances, ids)


async def write_entries(
    session: AsyncSession,
    new_entries: Sequence[NewEntry],
    lot_ids: Mapping[Lot, int],
    recorded_at: datetime,
    events: Sequence[Event],
) -> list[int]:
    """Insert entries in the order given, with their postings in locked lots and their events; return their sequences.

    The caller has locked the change feed, which gave the instant.
    """
    entries = [_to_record(new.entry, recorded_at) for new in new_entries]
    postings = [
        {
            "year": new.entry.year,
            "entry_id": new.entry.id,
            "lot_id": lot_ids[posting.lot],
            "effective_on": new.entry.effective_on,
            **{name: amount for name, amount in _to_members(posting.change).items() if amount},
        }
        for new in new_entries
        for posting in new.postings
    ]
    rows = [orjson.dumps(records, default=str).decode() for records in (entries, postings)]
    parameters = (*rows, *to_event_parameters(recorded_at, events))
    return [row.sequence for row in await run_sql(session, sql.WRITE_ENTRIES, *parameters)]


def _to_members(amounts: Amounts) -> dict[str, int]:
    return dict(zip(AMOUNT_NAMES, amounts.to_values(), strict=True))


def _to_record(entry: Entry, recorded_at: datetime) -> dict[str, Any]:
    """Return the columns of an entry that are not null, by their names."""
    columns = zip(sql.ENTRY_COLUMNS, to_entry_row(entry, recorded_at), strict=True)
    return {name: value for name, value in columns if value is not None}


def to_entry_row(entry: Entry, recorded_at: datetime) -> tuple[Any, ...]:
    """Return the values of an entry in the order of `ENTRY_COLUMNS`."""
    decision, voucher, in_kind = entry.decision, entry.voucher, entry.in_kind
    return (
        entry.id,
        entry.kind.value,
        recorded_at,
        *((decision.number, decision.date) if decision else (None, None)),
        *_to_voucher_columns(voucher),
        canonicalize(decision.number) if decision else None,
        *((canonicalize(voucher.issuer), canonicalize(voucher.number)) if voucher else (None, None)),
        *((in_kind.form, in_kind.quantity, in_kind.unit_of_measure) if in_kind else (None, None, None)),
        *_to_reference_columns(entry.distinct_from),
        *_to_reference_columns(entry.replaces),
        *((entry.reopened_by.number, entry.reopened_by.date) if entry.reopened_by else (None, None)),
        *_to_same_columns(entry),
    )


def _to_voucher_columns(voucher: Voucher | None) -> tuple[Any, ...]:
    if voucher is None:
        return (None,) * 6
    return (voucher.issuer, voucher.number, voucher.kind, voucher.year, voucher.dated_on, voucher.line_no)


def _to_reference_columns(reference: EntryReference | None) -> tuple[uuid.UUID | None, str | None]:
    return (reference.entry, reference.reason) if reference else (None, None)


def _to_line_columns(lines: Collection[Line]) -> tuple[list[Any], ...]:
    names = ("year", "program", "component", "capital", "source", "unit", "unit_since")
    return tuple([getattr(line, name) for line in lines] for name in names)
