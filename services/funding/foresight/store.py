"""How past years and the lots of this one are read, month by month: what was known by an instant, and in effect by a day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Date, Integer, Select, and_, bindparam, func, select
from sqlalchemy import cast as as_type
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.foresight.learning import Account, Flow, month_of
from services.funding.foresight.parting import by_deadline
from services.funding.foresight.rules import Held
from services.funding.lapses import store as lapses
from services.funding.lapses.rules import (
    DeadlineRule,
    MoneyKind,
    calculate_date,
    find_deadline,
    find_legal_deadline,
)
from services.funding.ledger import Book, Capital, Lot
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.store import LOT_KEY, LedgerFilter

DAY = timedelta(days=1)
PAID: Mapping[Book, str] = {"agency": "disbursed_vnd", "treasury": "confirmed_vnd"}
CAME = ("opening_balance_vnd", "allocated_vnd", "carried_over_vnd", "received_vnd")
WENT = ("given_vnd", "cancelled_vnd")

IN_MONTH = func.greatest(
    1,
    (func.extract("year", ENTRIES.c.effective_on) - LOTS.c.year) * 12
    + func.extract("month", ENTRIES.c.effective_on),
)
OWN = (LOTS.c.origin_year == LOTS.c.year).label("own")


@dataclass(frozen=True, slots=True)
class Seen:
    """From where one looks: what was in effect by a day, as known by an instant, by the payments of a book."""

    on: date
    as_of: datetime | None
    book: Book


async def accounts(
    session: AsyncSession,
    year: int,
    years_back: int,
    sources: Collection[str],
    deadlines: Sequence[DeadlineRule],
    seen: Seen,
) -> list[Account]:
    """Add up the money of a year and of some years before it by capital kind, deadline, unit and month.

    A past year of a unit that began with an opening balance is left out: how that was paid out is not in the ledger.
    """
    first = year - years_back
    month = as_type(IN_MONTH, Integer)
    of = (LOTS.c.year, LOTS.c.capital, OWN, LOTS.c.unit, LOTS.c.unit_since)
    query = (
        _postings(seen, first, year)
        .add_columns(*of, month.label("month"), _sum("opening_balance_vnd"))
        .where(LOTS.c.year.between(first, year), LOTS.c.source.in_(sources))
        .group_by(*of, month)
    )
    found: dict[tuple[int, Capital, MoneyKind, str], dict[int, Flow]] = {}
    begun_before: set[tuple[int, Capital, str]] = set()
    for row in await session.execute(query):
        money: MoneyKind = "own" if row.own else "carried"
        unit = f"{row.unit} {row.unit_since}"
        found.setdefault((row.year, row.capital, money, unit), {})[row.month] = Flow(
            row.came, row.paid, row.gone
        )
        if row.opening_balance_vnd and row.year < year:
            begun_before.add((row.year, row.capital, unit))
    return [
        Account(
            of_year,
            capital,
            unit,
            month_of(of_year, find_legal_deadline(deadlines, capital, money, of_year).paid_by),
            series,
        )
        for (of_year, capital, money, unit), series in found.items()
        if (of_year, capital, unit) not in begun_before
    ]


async def lots(
    session: AsyncSession, sought: LedgerFilter, deadlines: Sequence[DeadlineRule], seen: Seen
) -> list[Held]:
    """Read the lots sought, parted by deadline, in stretches that end with months and with passed deadlines."""
    assert sought.year is not None
    extensions = await lapses.read_extensions(session, sought, on=seen.on, as_of=seen.as_of)
    days = {calculate_date(sought.year, rule.paid_years_after, rule.paid_by) for rule in deadlines}
    starts = _starts(sought.year, seen.on, days | {each.paid_by for of in extensions.values() for each in of})
    stretch = func.width_bucket(ENTRIES.c.effective_on, bindparam("starts", starts, ARRAY(Date)))
    query = (
        _postings(seen, sought.year, sought.year)
        .add_columns(
            *(LOTS.c[name] for name in LOT_KEY),
            stretch.label("stretch"),
            *(_sum(name) for name in ("returned_vnd", "carried_out_vnd", "reserved_vnd")),
        )
        .where(*sought.to_conditions())
        .group_by(LOTS.c.id, stretch)
        .order_by(LOTS.c.id)
    )
    found: dict[Lot, Held] = {}
    for row in await session.execute(query):
        lot = Lot.from_row(row)
        known = found.get(lot) or Held(lot, find_deadline(deadlines, lot), {})
        begins = starts[row.stretch - 1] if row.stretch else starts[0] - DAY
        found[lot] = replace(
            known,
            flows={**known.flows, begins: Flow(row.came, row.paid, row.gone)},
            returned_vnd=known.returned_vnd + row.returned_vnd,
            carried_out_vnd=known.carried_out_vnd + row.carried_out_vnd,
            reserved_vnd=known.reserved_vnd + row.reserved_vnd,
        )
    return [
        part for lot, held in found.items() for part in by_deadline(deadlines, held, extensions.get(lot, ()))
    ]


def _postings(seen: Seen, first: int, last: int) -> Select[*tuple[Any, ...]]:
    """Query postings; those of a carry-over stand in the year before the one that it brings money to."""
    came = reduce(add, (POSTINGS.c[name] for name in CAME))
    went = reduce(add, (POSTINGS.c[name] for name in WENT))
    query = (
        select(
            as_type(func.sum(came - went), BigInteger).label("came"),
            as_type(func.sum(POSTINGS.c[PAID[seen.book]]), BigInteger).label("paid"),
            as_type(func.sum(POSTINGS.c.returned_vnd + POSTINGS.c.carried_out_vnd), BigInteger).label("gone"),
        )
        .select_from(LOTS)
        .join(POSTINGS, POSTINGS.c.lot_id == LOTS.c.id)
        .join(ENTRIES, and_(ENTRIES.c.id == POSTINGS.c.entry_id, ENTRIES.c.year == POSTINGS.c.year))
        .where(
            POSTINGS.c.year.between(first - 1, last),
            ENTRIES.c.year.between(first - 1, last),
            ENTRIES.c.effective_on <= seen.on,
        )
    )
    return query if seen.as_of is None else query.where(ENTRIES.c.recorded_at <= seen.as_of)


def _sum(name: str) -> ColumnElement[int]:
    return as_type(func.sum(POSTINGS.c[name]), BigInteger).label(name)


def _starts(year: int, on: date, deadlines: Collection[date]) -> list[date]:
    """Give the first days of the months until a day, and the days after deadlines that have passed."""
    firsts, first = [], date(year, 1, 1)
    while first <= max(on, date(year, 1, 1)):
        firsts.append(first)
        first = (first + 31 * DAY).replace(day=1)
    return sorted({*firsts, *(day + DAY for day in deadlines if day < on)})
