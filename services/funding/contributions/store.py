"""How contributions are added up from the entries that brought them, undone ones left out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, Select, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import ALLOCATION_KINDS
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import LedgerFilter


async def contributed(session: AsyncSession, sought: LedgerFilter) -> Sequence[Row[Any]]:
    """Add up what was given in a year by source, form and measure; money has no form."""
    undone_by = and_(REVERSALS.c.year == ENTRIES.c.year, REVERSALS.c.reverses == ENTRIES.c.id)
    of_entry = and_(POSTINGS.c.year == ENTRIES.c.year, POSTINGS.c.entry_id == ENTRIES.c.id)
    touching = select(POSTINGS.c.lot_id).join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
    by = (ENTRIES.c.source, ENTRIES.c.in_kind_form, ENTRIES.c.in_kind_unit_of_measure)
    query: Select[Any] = (
        select(
            *by,
            func.count().label("contributions"),
            func.sum(ENTRIES.c.in_kind_quantity).label("quantity"),
            cast(func.sum(ENTRIES.c.amount_vnd), BigInteger).label("value_vnd"),
        )
        .outerjoin(REVERSALS, undone_by)
        .where(
            ENTRIES.c.year == sought.year,
            ENTRIES.c.kind.in_(sorted(ALLOCATION_KINDS)),
            REVERSALS.c.id.is_(None),
            touching.where(of_entry, *sought.to_conditions()).exists(),
        )
        .group_by(*by)
        .order_by(ENTRIES.c.source, ENTRIES.c.in_kind_form.nulls_first(), ENTRIES.c.in_kind_unit_of_measure)
    )
    rows: Sequence[Row[Any]] = (await session.execute(query)).all()
    return rows
