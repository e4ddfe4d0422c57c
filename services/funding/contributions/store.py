"""Sums of contributions from their entries, without reversed ones."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entry_kinds import ALLOCATION_KINDS
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import IS_POSTED_BY, IS_REVERSED_BY, LedgerFilter


async def sum_contributions(session: AsyncSession, ledger_filter: LedgerFilter) -> Sequence[Row[Any]]:
    """Return the sums of a year by source, form and unit of measure; money has no form."""
    changed_lots = select(POSTINGS.c.lot_id).join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
    keys = (ENTRIES.c.source, ENTRIES.c.in_kind_form, ENTRIES.c.in_kind_unit_of_measure)
    query: Select[Any] = (
        select(
            *keys,
            func.count().label("contributions"),
            func.sum(ENTRIES.c.in_kind_quantity).label("quantity"),
            cast(func.sum(ENTRIES.c.amount_vnd), BigInteger).label("value_vnd"),
        )
        .outerjoin(REVERSALS, IS_REVERSED_BY)
        .where(
            ENTRIES.c.year == ledger_filter.year,
            ENTRIES.c.kind.in_(sorted(ALLOCATION_KINDS)),
            REVERSALS.c.id.is_(None),
            changed_lots.where(IS_POSTED_BY, *ledger_filter.to_conditions()).exists(),
        )
        .group_by(*keys)
        .order_by(ENTRIES.c.source, ENTRIES.c.in_kind_form.nulls_first(), ENTRIES.c.in_kind_unit_of_measure)
    )
    rows: Sequence[Row[Any]] = (await session.execute(query)).all()
    return rows
