"""Reading of lots with money left."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.ledger_rows import read_later_postings
from services.funding.ledger import Amounts, Balances, Lot
from services.funding.models import AVAILABLE, LOTS, SPENT
from services.funding.store import LOCK_ORDER, LedgerFilter
from services.funding.successions.rules import WaitingLot, list_free_amounts

HAS_MONEY = text(f"{AVAILABLE} > {SPENT}")


async def read_lots_with_money(session: AsyncSession, ledger_filter: LedgerFilter) -> Balances:
    """Return the balances of the selected lots that have money left."""
    query = select(LOTS).where(*ledger_filter.to_conditions(), HAS_MONEY).order_by(*LOCK_ORDER)
    return {Lot.from_row(row): Amounts.from_row(row) for row in await session.execute(query)}


async def add_free_amounts(session: AsyncSession, waiting: Sequence[WaitingLot]) -> list[WaitingLot]:
    """Return the money of ended units with the days from which it can pass on; without locks."""
    if not waiting:
        return []
    ended = {waiting_lot.ended.version for waiting_lot in waiting}
    query = select(LOTS).where(tuple_(LOTS.c.unit, LOTS.c.unit_since).in_(list(ended)), HAS_MONEY)
    rows = (await session.execute(query)).all()
    since = min(waiting_lot.ended.first_day for waiting_lot in waiting)
    balances = (await read_later_postings(session, rows, since)).balances
    return [
        replace(
            waiting_lot,
            free_amounts=list_free_amounts(balances[waiting_lot.lot], waiting_lot.ended.first_day),
        )
        for waiting_lot in waiting
    ]
