"""Reading of entries. `ledger_rows.py` inserts them; they are never changed."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from typing import cast as typed

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Uuid, and_, any_, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.duplicates import CorrectedEntry, Fact, LatestEntries
from services.funding.entries.locked_state import Reversal
from services.funding.entries.sql import FIND_LATEST_ENTRIES, SAME_COLUMNS
from services.funding.entry_kinds import EntryKind
from services.funding.ledger import (
    AMOUNT_NAMES,
    Amounts,
    Capital,
    Decision,
    Entry,
    EntryReference,
    InKind,
    Lot,
    Posting,
    Voucher,
)
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.recoveries.rules import RecoveredAmount, RecoveredAmounts, calculate_recovered
from services.funding.store import (
    IS_POSTED_BY,
    IS_REVERSED_BY,
    LOCK_ORDER,
    LOT_KEY,
    LedgerFilter,
    find_entry_years,
)
from shared.kit.canonical_text import canonicalize
from shared.kit.concurrency import iterate_cooperatively
from shared.kit.database import run_sql


async def find_entry(session: AsyncSession, entry_id: uuid.UUID) -> Entry | None:
    """Return an entry with its postings; None where there is none."""
    row = (await session.execute(select_entries().where(ENTRIES.c.id == entry_id))).one_or_none()
    return None if row is None else (await load_postings(session, [row]))[0]


async def find_entries(session: AsyncSession, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Entry]:
    """Return entries with their postings, by id."""
    rows = (await session.execute(select_entries().where(_is_one_of(ENTRIES.c.id, ids)))).all()
    return {entry.id: entry for entry in await load_postings(session, rows) if entry.id is not None}


async def find_reversals(session: AsyncSession, entries: Sequence[Entry]) -> Mapping[uuid.UUID, Reversal]:
    """Return the reversals and corrections of entries by the ids of the entries; final once the lots are locked."""
    query = select(ENTRIES.c.reverses, ENTRIES.c.id, ENTRIES.c.kind).where(
        ENTRIES.c.year.in_({entry.year for entry in entries}),
        ENTRIES.c.reverses.in_([entry.id for entry in entries]),
    )
    rows = await session.execute(query)
    return {row.reverses: Reversal(row.id, EntryKind(row.kind)) for row in rows}


async def find_recovered(
    session: AsyncSession, entries: Collection[Entry]
) -> dict[uuid.UUID, RecoveredAmounts]:
    """Return what came back of payments and was handed back of recoveries; final once the lots are locked."""
    years = {entry.year for entry in entries}
    query = (
        select(
            ENTRIES.c.against,
            ENTRIES.c.effective_on,
            *(LOTS.c[name] for name in LOT_KEY),
            *(POSTINGS.c[name] for name in AMOUNT_NAMES),
        )
        .select_from(ENTRIES)
        .join(POSTINGS, IS_POSTED_BY)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .where(ENTRIES.c.year.in_(years), POSTINGS.c.year.in_(years))
        .where(_is_one_of(ENTRIES.c.against, (entry.id for entry in entries if entry.id is not None)))
        .order_by(ENTRIES.c.sequence)
    )
    amounts: dict[uuid.UUID, list[RecoveredAmount]] = {}
    for row in await session.execute(query):
        posting = Posting(Lot.from_row(row), Amounts.from_row(row))
        amount = RecoveredAmount(posting.lot, row.effective_on, calculate_recovered(posting))
        amounts.setdefault(row.against, []).append(amount)
    return {entry_id: RecoveredAmounts(tuple(of_entry)) for entry_id, of_entry in amounts.items()}


async def find_latest_entries(session: AsyncSession, facts: Collection[Fact]) -> LatestEntries:
    """Return the latest entry in effect that states each fact, and the latest corrected one, where there are any."""
    ordered = list(facts)
    rows = await run_sql(
        session, FIND_LATEST_ENTRIES, *map(list, zip(*map(_to_fact_row, ordered), strict=True))
    )
    latest = LatestEntries({}, {})
    for row in rows:
        fact = ordered[row.ordinal - 1]
        if row.corrected_by is None:
            latest.in_effect[fact] = row.id
        else:
            latest.corrected[fact] = CorrectedEntry(row.id, row.effective_on, row.corrected_by)
    return latest


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
        years = find_entry_years(ledger_filter.year)
        query = query.where(ENTRIES.c.year.in_(years))
        of_entry.append(POSTINGS.c.year.in_(years))
    if kind is not None:
        query = query.where(ENTRIES.c.kind == kind.value)
    if voucher is not None:
        query = query.where(ENTRIES.c.voucher_number_key == canonicalize(voucher))
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
            POSTINGS.c.entry_id,
            *(LOTS.c[name] for name in LOT_KEY),
            *(POSTINGS.c[name] for name in AMOUNT_NAMES),
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
    """Return the query of entries, each with the id and the kind of the entry that reverses or corrects it."""
    undone_by = (REVERSALS.c.id.label("undone_by"), REVERSALS.c.kind.label("undone_as"))
    return select(*ENTRIES.c, *undone_by, _select_recovered_sum()).outerjoin(REVERSALS, IS_REVERSED_BY)


def _select_recovered_sum() -> ColumnElement[int]:
    """Return what came back of an entry or was handed back of it, as a column; `calculate_recovered` says the same of one posting."""
    recoveries, postings = ENTRIES.alias("recoveries"), POSTINGS.alias("recovered")
    remitted = postings.c.remitted_vnd + postings.c.confirmed_remitted_vnd
    recovered = case(
        (remitted != 0, remitted), else_=postings.c.recovered_vnd + postings.c.confirmed_recovered_vnd
    )
    of_entry = and_(recoveries.c.year == ENTRIES.c.year, recoveries.c.against == ENTRIES.c.id)
    posted = and_(postings.c.year == recoveries.c.year, postings.c.entry_id == recoveries.c.id)
    query = select(func.coalesce(func.sum(recovered), 0)).select_from(recoveries).join(postings, posted)
    return query.where(of_entry).correlate(ENTRIES).scalar_subquery().label("recovered_vnd")


def _to_fact_row(fact: Fact) -> tuple[Any, ...]:
    in_kind = fact.in_kind
    return (
        fact.kind.value,
        fact.year,
        fact.program,
        fact.component,
        fact.capital,
        fact.source,
        fact.unit,
        fact.unit_since,
        fact.to_component,
        fact.to_unit,
        fact.origin_year,
        fact.amount_vnd,
        fact.decision.number,
        fact.decision.date,
        fact.project,
        *(in_kind or (None, None)),
        fact.against,
    )


def _is_one_of(column: ColumnElement[uuid.UUID], ids: Iterable[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition with all ids as one parameter; one for each of thousands takes longer than the query."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def _to_voucher(row: Row[Any]) -> Voucher:
    return Voucher(
        row.voucher_source,
        row.voucher_number,
        row.voucher_kind,
        row.voucher_date,
        row.voucher_year,
        row.voucher_line_no,
    )


def _to_entry(row: Row[Any], postings: tuple[Posting, ...]) -> Entry:
    kind = EntryKind(row.kind)
    return Entry(
        kind=kind,
        capital=typed("Capital", row.capital),
        decision=Decision(row.decision_number, row.decision_date) if row.decision_number else None,
        voucher=_to_voucher(row) if row.voucher_number else None,
        in_kind=InKind(row.in_kind_form, row.in_kind_quantity, row.in_kind_unit_of_measure)
        if row.in_kind_form
        else None,
        distinct_from=EntryReference(row.distinct_from, row.distinct_reason) if row.distinct_from else None,
        reopened_by=Decision(row.reopening_number, row.reopening_date) if row.reopening_number else None,
        replaces=EntryReference(row.replaces, row.replaces_reason) if row.replaces else None,
        postings=postings,
        id=row.id,
        sequence=row.sequence,
        reversed_by=row.undone_by if row.undone_as == EntryKind.REVERSAL else None,
        corrected_by=row.undone_by if row.undone_as == EntryKind.CORRECTION else None,
        recovered_vnd=int(row.recovered_vnd),
        recorded_at=row.recorded_at,
        **{name: getattr(row, name) for name in SAME_COLUMNS if name != "capital"},
    )
