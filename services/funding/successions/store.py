"""Reading of lots with money left."""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import Amounts, Balances, Lot
from services.funding.models import AVAILABLE, LOTS, SPENT
from services.funding.store import LOCK_ORDER, LedgerFilter


async def read_lots_with_money(session: AsyncSession, ledger_filter: LedgerFilter) -> Balances:
    """Return the balances of the selected lots that have money left."""
    has_money = text(f"{AVAILABLE} > {SPENT}")
    query = select(LOTS).where(*ledger_filter.to_conditions(), has_money).order_by(*LOCK_ORDER)
    return {Lot.from_row(row): Amounts.from_row(row) for row in await session.execute(query)}
