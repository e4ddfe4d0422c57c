"""Lists of recoveries, each with the amount that was handed back of it."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entry_kinds import EntryKind
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import IS_POSTED_BY, IS_REVERSED_BY, LedgerFilter

REMITTABLE = POSTINGS.c.remittable_vnd + POSTINGS.c.confirmed_remittable_vnd
REMITTED = POSTINGS.c.remitted_vnd + POSTINGS.c.confirmed_remitted_vnd
IS_CONFIRMED = POSTINGS.c.confirmed_recovered_vnd > 0


def select_recoveries(ledger_filter: LedgerFilter, *, to_remit: bool) -> Select[Any]:
    """Return the query of the recoveries in effect, the newest first; `to_remit`: only those with money to be handed back."""
    remittances = ENTRIES.alias("remittances")
    of_remittance = and_(POSTINGS.c.year == remittances.c.year, POSTINGS.c.entry_id == remittances.c.id)
    remitted = (
        select(func.coalesce(_sum(REMITTED), 0))
        .select_from(remittances)
        .join(POSTINGS, of_remittance)
        .where(remittances.c.year == ENTRIES.c.year, remittances.c.against == ENTRIES.c.id)
        .correlate(ENTRIES)
        .scalar_subquery()
    )
    sums = (
        select(
            ENTRIES.c.sequence,
            *(ENTRIES.c[name] for name in ("id", "against", "effective_on", "amount_vnd", "year", "capital")),
            *(ENTRIES.c[name] for name in ("program", "component", "source", "unit")),
            func.bool_or(IS_CONFIRMED).label("is_confirmed"),
            _sum(REMITTABLE).label("remittable_vnd"),
            remitted.label("remitted_vnd"),
            func.min(LOTS.c.unit_since).label("unit_since"),
            func.array_agg(LOTS.c.origin_year.distinct()).label("origin_years"),
        )
        .select_from(ENTRIES)
        .join(POSTINGS, IS_POSTED_BY)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .outerjoin(REVERSALS, IS_REVERSED_BY)
        .where(
            ENTRIES.c.kind == EntryKind.RECOVERY.value,
            REVERSALS.c.id.is_(None),
            *ledger_filter.to_conditions(),
        )
        .group_by(*ENTRIES.primary_key.columns)
    )
    if ledger_filter.year is not None:
        sums = sums.where(ENTRIES.c.year == ledger_filter.year, POSTINGS.c.year == ledger_filter.year)
    recoveries = sums.subquery()
    query: Select[Any] = select(
        recoveries, (recoveries.c.remittable_vnd - recoveries.c.remitted_vnd).label("to_remit_vnd")
    )
    if to_remit:
        query = query.where(recoveries.c.remittable_vnd > recoveries.c.remitted_vnd)
    return query.order_by(recoveries.c.sequence.desc())


async def sum_recoveries(
    session: AsyncSession, ledger_filter: LedgerFilter, *, to_remit: bool
) -> tuple[int, int]:
    """Return what came back by all listed recoveries, and what of it is to be handed back, in đồng."""
    recoveries = select_recoveries(ledger_filter, to_remit=to_remit).order_by(None).subquery()
    sums = select(
        func.coalesce(_sum(recoveries.c.amount_vnd), 0), func.coalesce(_sum(recoveries.c.to_remit_vnd), 0)
    )
    recovered_vnd, to_remit_vnd = (await session.execute(sums)).one()
    return recovered_vnd, to_remit_vnd


def _sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.sum(column), BigInteger)
