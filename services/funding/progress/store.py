"""How progress is read: one statement over the lots of a year, summed up by the database."""

from collections.abc import Sequence
from typing import Literal, get_args

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.models import LOTS
from services.funding.progress.rules import Part
from services.funding.queries import Sought
from services.funding.rules import MEASURES
from services.funding.store import amounts_of, lot_terms

Grouping = Literal["program", "component", "capital", "source", "unit", "origin_year"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


async def parts(session: AsyncSession, sought: Sought, by: Sequence[str]) -> list[Part]:
    """Sum up lots by the keys asked for, and by source and origin, which the rates and the carry-over need."""
    names = list(dict.fromkeys((*by, "source", "origin_year")))
    sums = (cast(func.sum(LOTS.c[name]), BigInteger).label(name) for name in MEASURES)
    query = select(*(LOTS.c[name] for name in names), *sums).group_by(*(LOTS.c[name] for name in names))
    rows = (await session.execute(query.where(*lot_terms(sought)))).all()
    return [
        Part({name: getattr(row, name) for name in by}, row.source, row.origin_year, amounts_of(row))
        for row in rows
    ]
