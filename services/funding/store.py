"""Reading and filtering of lots. `entries/ledger_rows.py` locks and writes them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import AMOUNT_NAMES, Amounts, Balances, Line, Lot
from services.funding.lineage import NO_COMPONENT
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.units import UnitVersion

LOT_KEY = ("year", "program", "component", "capital", "source", "unit", "unit_since", "origin_year")
LOCK_ORDER = (LOTS.c.year, LOTS.c.origin_year, LOTS.c.id)
"""The order in which every transaction locks lots."""

IS_REVERSED_BY = and_(REVERSALS.c.year == ENTRIES.c.year, REVERSALS.c.reverses == ENTRIES.c.id)
"""Joins an entry with its reversal."""
IS_POSTED_BY = and_(POSTINGS.c.year == ENTRIES.c.year, POSTINGS.c.entry_id == ENTRIES.c.id)
"""Joins an entry with its postings."""


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which lots a reader selects. None does not narrow."""

    year: int | None = None
    program: str | None = None
    component: str | None = None
    capital: str | None = None
    sources: Collection[str] | None = None
    unit_versions: Collection[UnitVersion] | None = None
    origin_year: int | None = None
    lot_ids: Collection[int] = ()
    """Ids of further lots, whatever their unit."""

    def includes_unit(self, line: Line) -> bool:
        """Whether the unit of a line is selected."""
        return self.unit_versions is None or (line.unit, line.unit_since) in self.unit_versions

    def to_conditions(self) -> list[ColumnElement[bool]]:
        """Return the filter as conditions on `lots`."""
        equal = {name: getattr(self, name) for name in ("year", "program", "capital", "origin_year")}
        conditions = [LOTS.c[name] == value for name, value in equal.items() if value is not None]
        if self.component == NO_COMPONENT:
            conditions.append(LOTS.c.component.is_(None))
        elif self.component is not None:
            conditions.append(LOTS.c.component == self.component)
        if self.sources is not None:
            conditions.append(LOTS.c.source.in_(self.sources))
        if self.unit_versions is not None:
            of_units = tuple_(LOTS.c.unit, LOTS.c.unit_since).in_(list(self.unit_versions))
            conditions.append(or_(of_units, LOTS.c.id.in_(self.lot_ids)) if self.lot_ids else of_units)
        return conditions


async def read_balances(session: AsyncSession, lots: Collection[Lot]) -> Balances:
    """Read the balances of lots, without locks."""
    conditions = [
        and_(*(LOTS.c[name].is_not_distinct_from(value) for name, value in _to_key(lot).items()))
        for lot in lots
    ]
    rows = await session.execute(select(LOTS).where(or_(*conditions)).order_by(*LOCK_ORDER))
    return {Lot.from_row(row): Amounts.from_row(row) for row in rows}


def find_entry_years(year: int) -> tuple[int, int]:
    """Return the years of the entries that change lots of a year; a carry-over is stored under the year that it leaves."""
    return year, year - 1


async def read_unit_versions(session: AsyncSession, year: int | None) -> list[UnitVersion]:
    """Read the units that have lots in a year, or in any year."""
    query = select(LOTS.c.unit, LOTS.c.unit_since).distinct()
    if year is not None:
        query = query.where(LOTS.c.year == year)
    return [(row.unit, row.unit_since) for row in await session.execute(query)]


async def find_unbalanced_lots(session: AsyncSession) -> Sequence[int]:
    """Return the ids of lots whose balance is not the sum of their postings: none, unless a table was changed by hand."""
    sums = (func.sum(POSTINGS.c[name]).label(name) for name in AMOUNT_NAMES)
    recomputed = select(POSTINGS.c.lot_id, *sums).group_by(POSTINGS.c.lot_id).subquery()
    differs = or_(*(func.coalesce(recomputed.c[name], 0) != LOTS.c[name] for name in AMOUNT_NAMES))
    query = select(LOTS.c.id).outerjoin(recomputed, recomputed.c.lot_id == LOTS.c.id).where(differs)
    return (await session.scalars(query)).all()


def _to_key(lot: Lot) -> dict[str, str | int | date | None]:
    return {name: lot.origin_year if name == "origin_year" else getattr(lot.line, name) for name in LOT_KEY}
