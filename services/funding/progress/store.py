"""How lots are summed: one statement, grouped by the database.

The present is in the lots. The past is in the postings: what had been recorded by an instant, or taken effect by a day.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import MEASURES, Amounts, Book
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.progress.rules import LotSum
from services.funding.store import IS_POSTED_BY, LedgerFilter

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
) -> list[LotSum]:
    """Sum lots by the keys of a grouping, and by source and year of origin, which rates and the carry-over need.

    By month, until a day or as of an instant it sums postings, in time proportional to the entries of the year.
    """
    names = list(dict.fromkeys((*by, "source", "origin_year")))
    from_postings = until is not None or as_of is not None or "month" in by
    keys = {name: MONTH if name == "month" else LOTS.c[name] for name in names}
    amounts = POSTINGS if from_postings else LOTS
    sums = (cast(func.sum(amounts.c[name]), BigInteger).label(name) for name in MEASURES)
    query: Select[Any] = select(*(key.label(name) for name, key in keys.items()), *sums)
    query = query.group_by(*keys.values())
    if from_postings:
        assert ledger_filter.year is not None
        years = (
            ledger_filter.year,
            ledger_filter.year - 1,
        )  # a carry-over is stored under the year that it leaves
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
    rows = (await session.execute(query.where(*ledger_filter.to_conditions()))).all()
    return [
        LotSum(
            {name: getattr(row, name) for name in by},
            row.source,
            row.origin_year,
            Amounts.from_row(row).to_book(book),
            own=row.origin_year == ledger_filter.year,
        )
        for row in rows
    ]
