"""Sums of lots: one statement, grouped by the database.

The present is in the lots. The past is in the postings: what had been recorded by an instant, or taken effect by a day.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import AMOUNT_NAMES, Amounts, Book
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.progress.rules import LotSum
from services.funding.restatement.rules import LotChange
from services.funding.restatement.store import read_restatement
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
    map of a day, money that passed on later is still with the units of that day, and so is what was done with it since.
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
    restated = await read_restatement(session, ledger_filter, map_day, until=until, as_of=as_of)
    _add_changes(sums_by_key, restated, names, book)
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


def _add_changes(
    sums_by_key: dict[tuple[Any, ...], Amounts],
    changes: Sequence[LotChange],
    names: Sequence[str],
    book: Book,
) -> None:
    """Add changes of lots to the sums; delete each sum that holds nothing then."""
    changed = set()
    for change in changes:
        line = change.lot.line
        terms = {"origin_year": change.lot.origin_year, "month": f"{change.day:%Y-%m}"}
        key = tuple(terms[name] if name in terms else getattr(line, name) for name in names)
        sums_by_key[key] = sums_by_key.get(key, Amounts()) + change.amounts.to_book(book)
        changed.add(key)
    for key in changed:
        if sums_by_key[key] == Amounts():
            del sums_by_key[key]


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
