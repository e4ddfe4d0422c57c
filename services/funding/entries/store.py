"""How entries are added and found. They are never changed."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any
from typing import cast as typed

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Uuid, and_, any_, bindparam, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import (
    MEASURES,
    Capital,
    Decision,
    Entry,
    EntryKind,
    InKind,
    NewEntry,
    Posting,
    Voucher,
    find_book,
)
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.query_params import LedgerFilter
from services.funding.store import IN_ORDER, KEY, Holding, amounts_of, lot_of, lot_terms
from shared.kit.cooperative import iterate_cooperatively

REVERSALS = ENTRIES.alias("reversals")


async def append(
    session: AsyncSession, posted: Sequence[NewEntry], holding: Holding, recorded_at: datetime
) -> list[int]:
    """Add entries with their postings in the order given, in one statement; gives their places in the ledger.

    The caller holds the write order that gave the instant.
    """
    rows = [_record_of(each.entry, recorded_at) for each in posted]
    postings = [
        (each.entry.year, each.entry.id, holding.ids[posting.lot], *posting.change.to_values())
        for each in posted
        for posting in each.postings
    ]
    columns = dict(zip(ENTRY_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    its = zip(POSTING_COLUMNS, map(list, zip(*postings, strict=True)), strict=True)
    asked = {**columns, **{f"posting_{name}": values for name, values in its}}
    return list((await session.scalars(APPEND, asked)).all())


def row_of(entry: Entry) -> dict[str, Any]:
    """Give the row that an entry is kept in."""
    return dict(zip(ENTRY_COLUMNS, _record_of(entry, entry.recorded_at), strict=True))


def _record_of(entry: Entry, recorded_at: datetime) -> tuple[Any, ...]:
    decision, voucher, in_kind = entry.decision, entry.voucher, entry.in_kind
    return (
        entry.id,
        entry.kind.value,
        recorded_at,
        *((decision.number, decision.date) if decision else (None, None)),
        *((voucher.source, voucher.number) if voucher else (None, None)),
        *((in_kind.form, in_kind.quantity, in_kind.unit_of_measure) if in_kind else (None, None, None)),
        *_as_they_are(entry),
    )


KEPT_AS_THEY_ARE = (
    "year", "to_year", "program", "component", "capital", "source", "unit", "origin_year", "amount_vnd",
    "effective_on", "note", "client_id", "reverses", "batch", "to_component", "to_unit", "deadline", "project",
)  # fmt: skip
_as_they_are = attrgetter(*KEPT_AS_THEY_ARE)

ENTRY_COLUMNS = (
    "id", "kind", "recorded_at", "decision_number", "decision_date", "voucher_source", "voucher_number",
    "in_kind_form", "in_kind_quantity", "in_kind_unit_of_measure", *KEPT_AS_THEY_ARE,
)  # fmt: skip
POSTING_COLUMNS = ("year", "entry_id", "lot_id", *MEASURES)

APPEND = text(
    """
    WITH added AS (
        INSERT INTO entries ({entry})
        SELECT {entry} FROM unnest({entries}) WITH ORDINALITY AS row ({entry}, place) ORDER BY place
        RETURNING sequence
    ), posted AS (
        INSERT INTO postings ({posting}) SELECT * FROM unnest({postings})
    )
    SELECT sequence FROM added ORDER BY sequence
    """.format(
        entry=", ".join(ENTRY_COLUMNS),
        entries=", ".join(f":{name}" for name in ENTRY_COLUMNS),
        posting=", ".join(POSTING_COLUMNS),
        postings=", ".join(f":posting_{name}" for name in POSTING_COLUMNS),
    )
).bindparams(
    *(bindparam(name, type_=ARRAY(ENTRIES.c[name].type)) for name in ENTRY_COLUMNS),
    *(bindparam(f"posting_{name}", type_=ARRAY(POSTINGS.c[name].type)) for name in POSTING_COLUMNS),
)


async def find(session: AsyncSession, entry_id: uuid.UUID) -> Entry | None:
    """Find an entry with its postings."""
    row = (await session.execute(entry_query().where(ENTRIES.c.id == entry_id))).one_or_none()
    return None if row is None else (await with_postings(session, [row]))[0]


async def find_many(session: AsyncSession, ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """Find entries with their postings, by id."""
    rows = (await session.execute(entry_query().where(_one_of(ENTRIES.c.id, ids)))).all()
    return {entry.id: entry for entry in await with_postings(session, rows) if entry.id is not None}


async def reversals_of(session: AsyncSession, entries: Sequence[Entry]) -> Mapping[uuid.UUID, uuid.UUID]:
    """Find what reversed entries, by their ids; true to the commit once the lots of them are locked."""
    query = select(ENTRIES.c.reverses, ENTRIES.c.id).where(
        ENTRIES.c.year.in_({each.year for each in entries}),
        ENTRIES.c.reverses.in_([each.id for each in entries]),
    )
    return {row.reverses: row.id for row in await session.execute(query)}


def newest_first(
    sought: LedgerFilter,
    kind: EntryKind | None = None,
    voucher: str | None = None,
    batch: uuid.UUID | None = None,
    month: str | None = None,
    project: str | None = None,
    *,
    until: date | None = None,
    as_of: datetime | None = None,
) -> Select[Any]:
    """Query entries: those that touched the lots sought, so that they are exactly what a figure is made of."""
    query, of_entry = entry_query(), [POSTINGS.c.year == ENTRIES.c.year, POSTINGS.c.entry_id == ENTRIES.c.id]
    if sought.year is not None:
        a_carry_over_stands_in_the_year_it_leaves = (sought.year, sought.year - 1)
        query = query.where(ENTRIES.c.year.in_(a_carry_over_stands_in_the_year_it_leaves))
        of_entry.append(POSTINGS.c.year.in_(a_carry_over_stands_in_the_year_it_leaves))
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
        following = (first + timedelta(days=31)).replace(day=1)
        query = query.where(ENTRIES.c.effective_on >= first, ENTRIES.c.effective_on < following)
    if until is not None:
        query = query.where(ENTRIES.c.effective_on <= until)
    if as_of is not None:
        query = query.where(ENTRIES.c.recorded_at <= as_of)
    terms = lot_terms(sought)
    if terms:
        touching = select(POSTINGS.c.lot_id).join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        query = query.where(touching.where(*of_entry, *terms).exists())
    return query.order_by(ENTRIES.c.sequence.desc())


async def with_postings(session: AsyncSession, rows: Sequence[Row[Any]]) -> list[Entry]:
    """Make entries of rows, each with its postings."""
    query = (
        select(POSTINGS.c.entry_id, *(LOTS.c[name] for name in KEY), *(POSTINGS.c[name] for name in MEASURES))
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .where(POSTINGS.c.year.in_({row.year for row in rows}))
        .where(_one_of(POSTINGS.c.entry_id, (row.id for row in rows)))
        .order_by(*IN_ORDER)
    )
    postings: dict[uuid.UUID, list[Posting]] = {row.id: [] for row in rows}
    async for row in iterate_cooperatively(await session.execute(query)):
        postings[row.entry_id].append(Posting(lot_of(row), amounts_of(row)))
    return [_entry(row, tuple(postings[row.id])) async for row in iterate_cooperatively(rows)]


def _one_of(column: ColumnElement[uuid.UUID], ids: Iterable[uuid.UUID]) -> ColumnElement[bool]:
    """Ask for many ids as one parameter: thousands of them would take longer to name than to find."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def entry_query() -> Select[Any]:
    """Query entries, each with the one that undid it."""
    undone_by = and_(REVERSALS.c.year == ENTRIES.c.year, REVERSALS.c.reverses == ENTRIES.c.id)
    return select(*ENTRIES.c, REVERSALS.c.id.label("reversed_by")).outerjoin(REVERSALS, undone_by)


def _entry(row: Row[Any], postings: tuple[Posting, ...]) -> Entry:
    return Entry(
        kind=EntryKind(row.kind),
        capital=typed("Capital", row.capital),
        decision=Decision(row.decision_number, row.decision_date) if row.decision_number else None,
        voucher=Voucher(row.voucher_source, row.voucher_number, find_book(EntryKind(row.kind)))
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
        **{name: getattr(row, name) for name in KEPT_AS_THEY_ARE if name != "capital"},
    )
