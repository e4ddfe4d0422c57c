"""How lots are locked, opened and kept. Flushes, never commits.

All lots that a transaction needs are locked at once in the order (year, origin year, id), and after them those that are
opened, so that transactions wait for each other; `entries/settling.py` tells of all locks and their order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Row,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import MEASURES, Amounts, Balances, Capital, Line, Lot
from services.funding.models import LOTS, POSTINGS
from services.funding.query_params import NO_COMPONENT, LedgerFilter
from services.funding.unit_versions import UnitVersion

KEY = ("year", "program", "component", "capital", "source", "unit", "unit_since", "origin_year")
IN_ORDER = (LOTS.c.year, LOTS.c.origin_year, LOTS.c.id)
MEASURED = attrgetter(*MEASURES)


OF_LINES = text(
    """
    EXISTS (
        SELECT FROM unnest(:years, :programs, :components, :capitals, :sources, :units, :since)
            AS wanted (year, program, component, capital, source, unit, unit_since)
        WHERE wanted.year = lots.year AND wanted.program = lots.program AND wanted.capital = lots.capital
          AND wanted.source = lots.source AND wanted.unit = lots.unit AND wanted.unit_since = lots.unit_since
          AND wanted.component IS NOT DISTINCT FROM lots.component
    )
    """
).bindparams(
    bindparam("years", type_=ARRAY(Integer)),
    bindparam("since", type_=ARRAY(Date)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("programs", "components", "capitals", "sources", "units")),
)  # fmt: skip


KEEP = text(
    "UPDATE lots SET {values} FROM unnest(:ids, {arrays}) AS kept (id, {names}) WHERE lots.id = kept.id".format(
        values=", ".join(f"{name} = kept.{name}" for name in MEASURES),
        arrays=", ".join(f":{name}" for name in MEASURES),
        names=", ".join(MEASURES),
    )
).bindparams(*(bindparam(name, type_=ARRAY(BigInteger)) for name in ("ids", *MEASURES)))


@dataclass(frozen=True, slots=True)
class Holding:
    """Locked lots: their balances, and the rows they are kept in."""

    balances: Mapping[Lot, Amounts]
    ids: Mapping[Lot, int]

    def __or__(self, other: "Holding") -> "Holding":
        return Holding({**self.balances, **other.balances}, {**self.ids, **other.ids})


async def lock_lines(session: AsyncSession, lines: Collection[Line]) -> Holding:
    """Lock all lots of many lines, in the order that every entry locks them."""
    said: list[dict[str, Any]] = [each.to_dict() for each in lines]
    query = select(LOTS).where(OF_LINES).order_by(*IN_ORDER).with_for_update(of=LOTS)
    asked = {f"{name}s": [each[name] for each in said] for name in said[0]}
    rows = await session.execute(query, {**asked, "since": [each.unit_since for each in lines]})
    return holding_of(rows.all())


async def open_lots(session: AsyncSession, lots: Collection[Lot]) -> Holding:
    """Lock lots that receive money, and make those that are not there yet."""
    rows = [_key(lot) for lot in sorted(lots, key=_order)]
    statement = insert(LOTS).values(rows)
    locking = statement.on_conflict_do_update(
        constraint="uq_lots_key", set_={"opening_balance_vnd": LOTS.c.opening_balance_vnd}
    )
    return holding_of((await session.execute(locking.returning(*LOTS.c))).all())


async def balances_of(session: AsyncSession, lots: Collection[Lot]) -> Balances:
    """Read what lots hold, without locking them."""
    terms = [
        and_(*(LOTS.c[name].is_not_distinct_from(value) for name, value in _key(lot).items())) for lot in lots
    ]
    rows = (await session.execute(select(LOTS).where(or_(*terms)).order_by(*IN_ORDER))).all()
    return holding_of(rows).balances


async def keep_balances(session: AsyncSession, holding: Holding, after: Mapping[Lot, Amounts]) -> None:
    """Write the balances of locked lots in one statement."""
    columns = zip(
        MEASURES, map(list, zip(*(each.to_values() for each in after.values()), strict=True)), strict=True
    )
    await session.execute(KEEP, {"ids": [holding.ids[lot] for lot in after], **dict(columns)})


async def places(session: AsyncSession, year: int | None) -> list[UnitVersion]:
    """Find where the lots of a year lie, or all lots."""
    query = select(LOTS.c.unit, LOTS.c.unit_since).distinct()
    if year is not None:
        query = query.where(LOTS.c.year == year)
    return [(row.unit, row.unit_since) for row in await session.execute(query)]


async def unbalanced(session: AsyncSession) -> Sequence[int]:
    """Find lots whose balance is not the sum of their postings. There are none, unless a table was tampered with."""
    sums = (func.sum(POSTINGS.c[name]).label(name) for name in MEASURES)
    recomputed = select(POSTINGS.c.lot_id, *sums).group_by(POSTINGS.c.lot_id).subquery()
    differs = or_(*(func.coalesce(recomputed.c[name], 0) != LOTS.c[name] for name in MEASURES))
    query = select(LOTS.c.id).outerjoin(recomputed, recomputed.c.lot_id == LOTS.c.id).where(differs)
    return (await session.scalars(query)).all()


def lot_terms(sought: LedgerFilter) -> list[ColumnElement[bool]]:
    """Say which lots are sought, as conditions."""
    equal = {name: getattr(sought, name) for name in ("year", "program", "capital", "origin_year")}
    terms = [LOTS.c[name] == value for name, value in equal.items() if value is not None]
    if sought.component == NO_COMPONENT:
        terms.append(LOTS.c.component.is_(None))
    elif sought.component is not None:
        terms.append(LOTS.c.component == sought.component)
    if sought.sources is not None:
        terms.append(LOTS.c.source.in_(sought.sources))
    if sought.places is not None:
        terms.append(tuple_(LOTS.c.unit, LOTS.c.unit_since).in_(list(sought.places)))
    return terms


def lot_of(row: Row[Any]) -> Lot:
    """Make a lot of a row that has the columns of its key."""
    line = Line(
        year=row.year,
        program=row.program,
        component=row.component,
        capital=cast("Capital", row.capital),
        source=row.source,
        unit=row.unit,
        unit_since=row.unit_since,
    )
    return Lot(line, row.origin_year)


def amounts_of(row: Row[Any]) -> Amounts:
    """Make amounts of a row that has a column for each measure."""
    return Amounts(*MEASURED(row))


def holding_of(rows: Sequence[Row[Any]]) -> Holding:
    """Make a holding of locked rows."""
    found = {lot_of(row): row for row in rows}
    return Holding(
        {lot: amounts_of(row) for lot, row in found.items()}, {lot: row.id for lot, row in found.items()}
    )


def _order(lot: Lot) -> tuple[int, int, str]:
    return lot.line.year, lot.origin_year, str(lot.line)


def _key(lot: Lot) -> dict[str, Any]:
    return {name: lot.origin_year if name == "origin_year" else getattr(lot.line, name) for name in KEY}
