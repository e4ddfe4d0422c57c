"""How progress is read: one statement, summed up by the database.

The present is in the lots; the past is what had been posted to them by an instant.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import BigInteger, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.balances import MEASURES, Book
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.progress.rules import Part
from services.funding.queries import Sought
from services.funding.store import amounts_of, lot_terms

Grouping = Literal["program", "component", "capital", "source", "unit", "origin_year"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


async def parts(
    session: AsyncSession,
    sought: Sought,
    by: Sequence[str],
    *,
    as_of: datetime | None = None,
    book: Book = "agency",
) -> list[Part]:
    """Sum up lots by the keys asked for, and by source and origin, which the rates and the carry-over need.

    As of an instant, what had been recorded by then is summed up; it costs what the entries of the year cost.
    """
    names = list(dict.fromkeys((*by, "source", "origin_year")))
    amounts = LOTS if as_of is None else POSTINGS
    sums = (cast(func.sum(amounts.c[name]), BigInteger).label(name) for name in MEASURES)
    query = select(*(LOTS.c[name] for name in names), *sums).group_by(*(LOTS.c[name] for name in names))
    if as_of is not None:
        query = (
            query.select_from(LOTS)
            .join(POSTINGS, POSTINGS.c.lot_id == LOTS.c.id)
            .join(ENTRIES, and_(ENTRIES.c.id == POSTINGS.c.entry_id, ENTRIES.c.year == POSTINGS.c.year))
            .where(ENTRIES.c.recorded_at <= as_of)
        )
    rows = (await session.execute(query.where(*lot_terms(sought)))).all()
    return [
        Part(
            {name: getattr(row, name) for name in by},
            row.source,
            row.origin_year,
            amounts_of(row).read_in(book),
            own=row.origin_year == sought.year,
        )
        for row in rows
    ]
