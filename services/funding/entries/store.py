"""How entries are read. `statements.py` inserts them; they are never changed."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from typing import cast as typed

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Uuid, any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.statements import SAME_COLUMNS
from services.funding.ledger import (
    MEASURES,
    Amounts,
    Capital,
    Decision,
    Entry,
    EntryKind,
    InKind,
    Lot,
    Posting,
    Voucher,
    find_book,
)
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import (
    IS_POSTED_BY,
    IS_REVERSED_BY,
    LOCK_ORDER,
    LOT_KEY,
    LedgerFilter,
)
from shared.kit.cooperative import iterate_cooperatively


async def find_entry(session: AsyncSession, entry_id: uuid.UUID) -> Entry | None:
    """Return an entry with its postings; None where there is none."""
    row = (await session.execute(select_entries().where(ENTRIES.c.id == entry_id))).one_or_none()
    return None if row is None else (await load_postings(session, [row]))[0]


async def find_entries(session: AsyncSession, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Entry]:
    """Return entries with their postings, by id."""
    rows = (await session.execute(select_entries().where(_is_one_of(ENTRIES.c.id, ids)))).all()
    return {entry.id: entry for entry in await load_postings(session, rows) if entry.id is not None}


async def find_reversals(session: AsyncSession, entries: Sequence[Entry]) -> Mapping[uuid.UUID, uuid.UUID]:
    """Return the ids of reversals by the ids of the entries; final once the lots of the entries are locked."""
    query = select(ENTRIES.c.reverses, ENTRIES.c.id).where(
        ENTRIES.c.year.in_({entry.year for entry in entries}),
        ENTRIES.c.reverses.in_([entry.id for entry in entries]),
    )
    return {row.reverses: row.id for row in await session.execute(query)}


def select_newest_first(
    ledger_filter: LedgerFilter,
    kind: EntryKind | None = None,
    voucher: str | None = None,
    batch: uuid.UUID | None = None,
    month: str | None = None,
    project: str | None = None,
    *,
    until: date | None = None,
    as_of: datetime | None = None,
) -> Select[Any]:
    """Return the query of the entries that changed the selected lots: those that a figure of the lots is made of."""
    query, of_entry = select_entries(), [IS_POSTED_BY]
    if ledger_filter.year is not None:
        years = (
            ledger_filter.year,
            ledger_filter.year - 1,
        )  # a carry-over is stored under the year that it leaves
        query = query.where(ENTRIES.c.year.in_(years))
        of_entry.append(POSTINGS.c.year.in_(years))
    if kind is not None:
        query = query.where(ENTRIES.c.kind == kind.value)
    if voucher is not None:
        query = query.where(ENTRIES.c.voucher_number == voucher)
    if batch is not None:
        query = query.where(ENTRIES.c.batch == batch)
    if project is not None:
        query = query.where(ENTRIES.c.project == project)
    if month is not None:
        first = date.fromisoformat(f"{month}-01")
        next_first = (first + timedelta(days=31)).replace(day=1)
        query = query.where(ENTRIES.c.effective_on >= first, ENTRIES.c.effective_on < next_first)
    if until is not None:
        query = query.where(ENTRIES.c.effective_on <= until)
    if as_of is not None:
        query = query.where(ENTRIES.c.recorded_at <= as_of)
    conditions = ledger_filter.to_conditions()
    if conditions:
        changed = select(POSTINGS.c.lot_id).join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        query = query.where(changed.where(*of_entry, *conditions).exists())
    return query.order_by(ENTRIES.c.sequence.desc())


async def load_postings(session: AsyncSession, rows: Sequence[Row[Any]]) -> list[Entry]:
    """Return the entries of rows of `select_entries`, each with its postings."""
    query = (
        select(
            POSTINGS.c.entry_id, *(LOTS.c[name] for name in LOT_KEY), *(POSTINGS.c[name] for name in MEASURES)
        )
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .where(POSTINGS.c.year.in_({row.year for row in rows}))
        .where(_is_one_of(POSTINGS.c.entry_id, (row.id for row in rows)))
        .order_by(*LOCK_ORDER)
    )
    postings: dict[uuid.UUID, list[Posting]] = {row.id: [] for row in rows}
    async for row in iterate_cooperatively(await session.execute(query)):
        postings[row.entry_id].append(Posting(Lot.from_row(row), Amounts.from_row(row)))
    return [_to_entry(row, tuple(postings[row.id])) async for row in iterate_cooperatively(rows)]


def select_entries() -> Select[Any]:
    """Return the query of entries, each with the id of its reversal."""
    return select(*ENTRIES.c, REVERSALS.c.id.label("reversed_by")).outerjoin(REVERSALS, IS_REVERSED_BY)


def _is_one_of(column: ColumnElement[uuid.UUID], ids: Iterable[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition with all ids as one parameter; one for each of thousands takes longer than the query."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def _to_entry(row: Row[Any], postings: tuple[Posting, ...]) -> Entry:
    kind = EntryKind(row.kind)
    return Entry(
        kind=kind,
        capital=typed("Capital", row.capital),
        decision=Decision(row.decision_number, row.decision_date) if row.decision_number else None,
        voucher=Voucher(row.voucher_source, row.voucher_number, find_book(kind))
        if row.voucher_number
        else None,
        in_kind=InKind(row.in_kind_form, row.in_kind_quantity, row.in_kind_unit_of_measure)
        if row.in_kind_form
        else None,
        postings=postings,
        id=row.id,
        sequence=row.sequence,
        reversed_by=row.reversed_by,
        recorded_at=row.recorded_at,
        **{name: getattr(row, name) for name in SAME_COLUMNS if name != "capital"},
    )
