"""How money that is left is found, with the days that carry-overs set for it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.lapses.rules import Extension
from services.funding.ledger import Amounts, EntryKind, Lot
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import LOCK_ORDER, LOT_KEY, LedgerFilter, to_amounts, to_lot


async def balances(session: AsyncSession, sought: LedgerFilter) -> Mapping[Lot, Amounts]:
    """Read what the lots sought hold."""
    rows = (await session.execute(select(LOTS).where(*sought.to_conditions()).order_by(*LOCK_ORDER))).all()
    return {to_lot(row): to_amounts(row) for row in rows}


async def extensions(
    session: AsyncSession, sought: LedgerFilter, *, on: date | None = None, as_of: datetime | None = None
) -> Mapping[Lot, Sequence[Extension]]:
    """Find the days that carry-overs, not undone, set for the money that they brought to each lot, the earliest first.

    What was in effect by a day, as known by an instant, where these are given.
    """
    undone_by = and_(REVERSALS.c.year == ENTRIES.c.year, REVERSALS.c.reverses == ENTRIES.c.id)
    known = []
    if on is not None:
        undone_by &= REVERSALS.c.effective_on <= on
        known.append(ENTRIES.c.effective_on <= on)
    if as_of is not None:
        undone_by &= REVERSALS.c.recorded_at <= as_of
        known.append(ENTRIES.c.recorded_at <= as_of)
    query: Select[Any] = (
        select(
            *(LOTS.c[name] for name in LOT_KEY),
            ENTRIES.c.deadline,
            ENTRIES.c.decision_number,
            POSTINGS.c.carried_over_vnd,
        )
        .select_from(ENTRIES)
        .join(POSTINGS, and_(POSTINGS.c.year == ENTRIES.c.year, POSTINGS.c.entry_id == ENTRIES.c.id))
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .outerjoin(REVERSALS, undone_by)
        .where(
            ENTRIES.c.kind == EntryKind.CARRY_OVER.value,
            ENTRIES.c.deadline.is_not(None),
            POSTINGS.c.carried_over_vnd > 0,
            REVERSALS.c.id.is_(None),
            *known,
            *sought.to_conditions(),
        )
        .order_by(ENTRIES.c.deadline, ENTRIES.c.sequence)
    )
    if sought.year is not None:
        query = query.where(ENTRIES.c.year == sought.year - 1, POSTINGS.c.year == sought.year - 1)
    found: dict[Lot, list[Extension]] = {}
    for row in await session.execute(query):
        extension = Extension(row.deadline, row.decision_number, row.carried_over_vnd)
        found.setdefault(to_lot(row), []).append(extension)
    return found
