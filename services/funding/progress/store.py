"""Sums of lots: one statement, grouped by the database.

The present is in the lots. The past is in the postings: what had been recorded by an instant, or taken effect by a day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import AMOUNT_NAMES, Amounts, Book
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.progress.rules import LotSum
from services.funding.store import IS_POSTED_BY, LedgerFilter, find_entry_years

Grouping = Literal["program", "component", "capital", "source", "unit", "origin_year", "month"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


MONTH = func.to_char(ENTRIES.c.effective_on, "YYYY-MM")
"""The month in which an entry takes effect; it can lie in the year before or after the budget year."""


async def sum_lots(
    session: AsyncSession,
    ledger_filter: LedgerFilter,
    by: Sequence[str],
    *,
    until: date | None = None,
    as_of: datetime | None = None,
    book: Book = "agency",
    map_day: date | None = None,
) -> list[LotSum]:
    """Sum lots by the keys of a grouping, and by source and year of origin, which rates and the carry-over need.

    By month, until a day or as of an instant it sums postings, in time proportional to the entries of the year. Read on the
    map of a day, money that passed on later to units of another map is still with the units of that day.
    """
    names = list(dict.fromkeys((*by, "source", "origin_year")))
    from_postings = until is not None or as_of is not None or "month" in by
    keys = {name: MONTH if name == "month" else LOTS.c[name] for name in names}
    amounts = POSTINGS if from_postings else LOTS
    measures = (cast(func.sum(amounts.c[name]), BigInteger).label(name) for name in AMOUNT_NAMES)
    query: Select[Any] = select(*(key.label(name) for name, key in keys.items()), *measures)
    query = query.group_by(*keys.values()).where(*ledger_filter.to_conditions())
    if from_postings:
        query = _join_postings(query, ledger_filter, until, as_of)
    sums_by_key = {
        tuple(getattr(row, name) for name in names): Amounts.from_row(row).to_book(book)
        for row in (await session.execute(query)).all()
    }
    if map_day is not None:
        later = _select_later_successions(keys, map_day).where(*ledger_filter.to_conditions())
        later = _join_postings(later, ledger_filter, until, as_of)
        for row in (await session.execute(later)).all():
            _subtract_later_succession(sums_by_key, tuple(getattr(row, name) for name in names), row)
    return [
        LotSum(
            {name: key[names.index(name)] for name in by},
            key[names.index("source")],
            key[names.index("origin_year")],
            amounts,
            own=key[names.index("origin_year")] == ledger_filter.year,
        )
        for key, amounts in sums_by_key.items()
    ]


def _subtract_later_succession(
    sums_by_key: dict[tuple[Any, ...], Amounts], key: tuple[Any, ...], row: Any
) -> None:
    """Subtract later successions from a sum; delete the sum where it holds nothing else."""
    later_succession = Amounts(succeeded_in_vnd=-row.taken_over, succeeded_out_vnd=-row.passed_on)
    amounts = sums_by_key[key] + later_succession
    if replace(amounts, reserved_vnd=0) == Amounts():
        del sums_by_key[key]
    else:
        sums_by_key[key] = amounts


def _join_postings(
    query: Select[Any], ledger_filter: LedgerFilter, until: date | None, as_of: datetime | None
) -> Select[Any]:
    """Return a query of lots with the postings that had taken effect by a day and were recorded by an instant."""
    assert ledger_filter.year is not None
    years = find_entry_years(ledger_filter.year)
    query = (
        query.select_from(LOTS)
        .join(POSTINGS, POSTINGS.c.lot_id == LOTS.c.id)
        .join(ENTRIES, IS_POSTED_BY)
        .where(POSTINGS.c.year.in_(years), ENTRIES.c.year.in_(years))
    )
    if until is not None:
        query = query.where(ENTRIES.c.effective_on <= until)
    if as_of is not None:
        query = query.where(ENTRIES.c.recorded_at <= as_of)
    return query


def _select_later_successions(keys: Mapping[str, ColumnElement[Any]], map_day: date) -> Select[Any]:
    """Return the query of what passed on after the day of a map, by the keys of a grouping."""
    taken_over, passed_on = POSTINGS.c.succeeded_in_vnd, POSTINGS.c.succeeded_out_vnd
    return (
        select(
            *(key.label(name) for name, key in keys.items()),
            cast(func.sum(taken_over), BigInteger).label("taken_over"),
            cast(func.sum(passed_on), BigInteger).label("passed_on"),
        )
        .where(ENTRIES.c.effective_on > map_day, or_(taken_over != 0, passed_on != 0))
        .group_by(*keys.values())
    )
