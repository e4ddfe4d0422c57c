"""How the two books are compared: by voucher, and in total."""

from typing import Any, Literal, get_args

from sqlalchemy import CTE, BigInteger, ColumnElement, Select, and_, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import EntryKind
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import IS_POSTED_BY, IS_REVERSED_BY, LedgerFilter

LineField = Literal["program", "component", "capital", "source", "unit"]
LINE_FIELDS: tuple[LineField, ...] = get_args(LineField)
"""The fields in which the lines of one payment can differ between the books of a year."""


def select_gaps(ledger_filter: LedgerFilter, tolerance_vnd: int) -> Select[Any]:
    """Return the query of payments on which the books differ: by more than a tolerance, or in the line.

    Payments are matched by voucher before they are narrowed, so that one which the other book has on another line is matched.
    Reversed payments are left out.
    """
    agency, treasury = (
        _select_payments(EntryKind.DISBURSEMENT, ledger_filter),
        _select_payments(EntryKind.CONFIRMATION, ledger_filter),
    )
    same_voucher = and_(
        agency.c.voucher_source == treasury.c.voucher_source, agency.c.number == treasury.c.number
    )
    pairs = (
        select(
            func.coalesce(agency.c.id, treasury.c.id).label("id"),
            func.coalesce(agency.c.voucher_source, treasury.c.voucher_source, literal("")).label("source"),
            func.coalesce(agency.c.number, treasury.c.number, literal("")).label("number"),
            func.coalesce(agency.c.unit, treasury.c.unit).label("unit"),
            agency.c.id.label("agency_entry"),
            treasury.c.id.label("treasury_entry"),
            func.coalesce(agency.c.amount_vnd, 0).label("agency_vnd"),
            func.coalesce(treasury.c.amount_vnd, 0).label("treasury_vnd"),
            *(
                agency.c[name].is_distinct_from(treasury.c[name]).label(f"other_{name}")
                for name in LINE_FIELDS
            ),
        )
        .select_from(agency)
        .join(treasury, same_voucher, full=True)
        .where(or_(agency.c.selected, treasury.c.selected))
        .subquery()
    )
    missing = or_(pairs.c.agency_entry.is_(None), pairs.c.treasury_entry.is_(None))
    beyond = func.abs(pairs.c.agency_vnd - pairs.c.treasury_vnd) > tolerance_vnd
    other_line = or_(*(pairs.c[f"other_{name}"] for name in LINE_FIELDS))
    query = select(pairs, beyond.label("beyond_tolerance")).where(or_(missing, beyond, other_line))
    return query.order_by(pairs.c.source, pairs.c.number, pairs.c.id)


async def sum_books(session: AsyncSession, ledger_filter: LedgerFilter) -> tuple[int, int]:
    """Return what the agencies report and what the treasury confirms, in đồng."""

    def sum_measure(name: str) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(LOTS.c[name]), 0), BigInteger)

    query = select(sum_measure("disbursed_vnd"), sum_measure("confirmed_vnd")).where(
        *ledger_filter.to_conditions()
    )
    agency, treasury = (await session.execute(query)).one()
    return agency, treasury


def _select_payments(kind: EntryKind, ledger_filter: LedgerFilter) -> CTE:
    changed_lots = select(POSTINGS.c.lot_id).join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
    return (
        select(
            ENTRIES.c.id,
            ENTRIES.c.voucher_source,
            ENTRIES.c.voucher_number.label("number"),
            ENTRIES.c.amount_vnd,
            *(ENTRIES.c[name] for name in LINE_FIELDS),
            changed_lots.where(IS_POSTED_BY, *ledger_filter.to_conditions()).exists().label("selected"),
        )
        .outerjoin(REVERSALS, IS_REVERSED_BY)
        .where(ENTRIES.c.year == ledger_filter.year, ENTRIES.c.kind == kind.value, REVERSALS.c.id.is_(None))
        .cte(kind.value)
    )
