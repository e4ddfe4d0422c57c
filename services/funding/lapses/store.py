"""How balances are read, and the deadlines that carry-overs set."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.deadlines import Extension
from services.funding.ledger import Amounts, Balances, EntryKind, Lot
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import (
    IS_POSTED_BY,
    IS_REVERSED_BY,
    LOCK_ORDER,
    LOT_KEY,
    LedgerFilter,
)


async def read_selected_balances(session: AsyncSession, ledger_filter: LedgerFilter) -> Balances:
    """Return the balances of the selected lots."""
    query = select(LOTS).where(*ledger_filter.to_conditions()).order_by(*LOCK_ORDER)
    return {Lot.from_row(row): Amounts.from_row(row) for row in await session.execute(query)}


async def read_extensions(
    session: AsyncSession,
    ledger_filter: LedgerFilter,
    *,
    on: date | None = None,
    as_of: datetime | None = None,
) -> Mapping[Lot, Sequence[Extension]]:
    """Return the deadlines that carry-overs set for the money that they moved into each lot, the earliest first.

    Those that had taken effect by a day and were recorded by an instant, where these are given; without reversed ones.
    """
    is_reversed_by = IS_REVERSED_BY
    conditions = []
    if on is not None:
        is_reversed_by &= REVERSALS.c.effective_on <= on
        conditions.append(ENTRIES.c.effective_on <= on)
    if as_of is not None:
        is_reversed_by &= REVERSALS.c.recorded_at <= as_of
        conditions.append(ENTRIES.c.recorded_at <= as_of)
    query: Select[Any] = (
        select(
            *(LOTS.c[name] for name in LOT_KEY),
            ENTRIES.c.deadline,
            ENTRIES.c.decision_number,
            POSTINGS.c.carried_over_vnd,
        )
        .select_from(ENTRIES)
        .join(POSTINGS, IS_POSTED_BY)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .outerjoin(REVERSALS, is_reversed_by)
        .where(
            ENTRIES.c.kind == EntryKind.CARRY_OVER.value,
            ENTRIES.c.deadline.is_not(None),
            POSTINGS.c.carried_over_vnd > 0,
            REVERSALS.c.id.is_(None),
            *conditions,
            *ledger_filter.to_conditions(),
        )
        .order_by(ENTRIES.c.deadline, ENTRIES.c.sequence)
    )
    if ledger_filter.year is not None:  # a carry-over is stored under the year that it leaves
        year = ledger_filter.year - 1
        query = query.where(ENTRIES.c.year == year, POSTINGS.c.year == year)
    extensions: dict[Lot, list[Extension]] = {}
    for row in await session.execute(query):
        extension = Extension(row.deadline, row.decision_number, row.carried_over_vnd)
        extensions.setdefault(Lot.from_row(row), []).append(extension)
    return extensions
