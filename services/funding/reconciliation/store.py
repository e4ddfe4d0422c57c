"""How the two books are laid side by side: by voucher, and in total."""

from typing import Any, Literal, get_args

from sqlalchemy import CTE, BigInteger, ColumnElement, Select, and_, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import EntryKind
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import LedgerFilter

Place = Literal["program", "component", "capital", "source", "unit"]
LINE: tuple[Place, ...] = get_args(Place)
"""In what the two books may place the same payment differently, within a year."""


def gaps(sought: LedgerFilter, tolerance_vnd: int) -> Select[Any]:
    """Query payments on which the books differ: by more than a tolerance, or in the line; undone ones left out.

    They are matched by voucher before they are narrowed, so that a payment which one book has elsewhere is told as that.
    """
    agency, treasury = _payments(EntryKind.DISBURSEMENT, sought), _payments(EntryKind.CONFIRMATION, sought)
    same = and_(agency.c.voucher_source == treasury.c.voucher_source, agency.c.number == treasury.c.number)
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
            *(agency.c[name].is_distinct_from(treasury.c[name]).label(f"other_{name}") for name in LINE),
        )
        .select_from(agency)
        .join(treasury, same, full=True)
        .where(or_(agency.c.sought, treasury.c.sought))
        .subquery()
    )
    missing = or_(pairs.c.agency_entry.is_(None), pairs.c.treasury_entry.is_(None))
    beyond = func.abs(pairs.c.agency_vnd - pairs.c.treasury_vnd) > tolerance_vnd
    elsewhere = or_(*(pairs.c[f"other_{name}"] for name in LINE))
    query = select(pairs, beyond.label("beyond_tolerance")).where(or_(missing, beyond, elsewhere))
    return query.order_by(pairs.c.source, pairs.c.number, pairs.c.id)


async def totals(session: AsyncSession, sought: LedgerFilter) -> tuple[int, int]:
    """Add up what the agencies report and what the treasury confirms."""

    def total(name: str) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(LOTS.c[name]), 0), BigInteger)

    query = select(total("disbursed_vnd"), total("confirmed_vnd")).where(*sought.to_conditions())
    agency, treasury = (await session.execute(query)).one()
    return agency, treasury


def _payments(kind: EntryKind, sought: LedgerFilter) -> CTE:
    undone_by = and_(REVERSALS.c.year == ENTRIES.c.year, REVERSALS.c.reverses == ENTRIES.c.id)
    touching = select(POSTINGS.c.lot_id).join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
    of_entry = and_(POSTINGS.c.year == ENTRIES.c.year, POSTINGS.c.entry_id == ENTRIES.c.id)
    return (
        select(
            ENTRIES.c.id,
            ENTRIES.c.voucher_source,
            ENTRIES.c.voucher_number.label("number"),
            ENTRIES.c.amount_vnd,
            *(ENTRIES.c[name] for name in LINE),
            touching.where(of_entry, *sought.to_conditions()).exists().label("sought"),
        )
        .outerjoin(REVERSALS, undone_by)
        .where(ENTRIES.c.year == sought.year, ENTRIES.c.kind == kind.value, REVERSALS.c.id.is_(None))
        .cte(kind.value)
    )
