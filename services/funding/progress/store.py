"""How progress is read: one statement, summed up by the database.

The present is in the lots; the past is what had been posted to them by an instant, or had taken effect by a day.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, Select, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import MEASURES, Book
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.progress.rules import Part
from services.funding.store import LedgerFilter, to_amounts

Grouping = Literal["program", "component", "capital", "source", "unit", "origin_year", "month"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


MONTH = func.to_char(ENTRIES.c.effective_on, "YYYY-MM")
"""The month in which an entry takes effect; of a budget year it may lie in the year before or after."""


async def parts(
    session: AsyncSession,
    sought: LedgerFilter,
    by: Sequence[str],
    *,
    until: date | None = None,
    as_of: datetime | None = None,
    book: Book = "agency",
) -> list[Part]:
    """Sum up lots by the keys asked for, and by source and origin, which the rates and the carry-over need.

    By month, until a day, or as of an instant, it is the postings that are summed up; that costs what the entries of the
    year cost.
    """
    names = list(dict.fromkeys((*by, "source", "origin_year")))
    from_postings = until is not None or as_of is not None or "month" in by
    keys = {name: MONTH if name == "month" else LOTS.c[name] for name in names}
    amounts = POSTINGS if from_postings else LOTS
    sums = (cast(func.sum(amounts.c[name]), BigInteger).label(name) for name in MEASURES)
    query: Select[Any] = select(*(key.label(name) for name, key in keys.items()), *sums)
    query = query.group_by(*keys.values())
    if from_postings:
        assert sought.year is not None
        a_carry_over_stands_in_the_year_it_leaves = (sought.year, sought.year - 1)
        query = (
            query.select_from(LOTS)
            .join(POSTINGS, POSTINGS.c.lot_id == LOTS.c.id)
            .join(ENTRIES, and_(ENTRIES.c.id == POSTINGS.c.entry_id, ENTRIES.c.year == POSTINGS.c.year))
            .where(
                POSTINGS.c.year.in_(a_carry_over_stands_in_the_year_it_leaves),
                ENTRIES.c.year.in_(a_carry_over_stands_in_the_year_it_leaves),
            )
        )
    if until is not None:
        query = query.where(ENTRIES.c.effective_on <= until)
    if as_of is not None:
        query = query.where(ENTRIES.c.recorded_at <= as_of)
    rows = (await session.execute(query.where(*sought.to_conditions()))).all()
    return [
        Part(
            {name: getattr(row, name) for name in by},
            row.source,
            row.origin_year,
            to_amounts(row).to_book(book),
            own=row.origin_year == sought.year,
        )
        for row in rows
    ]
