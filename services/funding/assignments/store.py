"""How assignments and what was allocated of them are read, under a lock of their own.

The lock stands for one year, program, capital kind and source. It is taken before any lot, so it never closes a circle.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, Select, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.balances import Line
from services.funding.models import LOTS

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || :plan, 0))")
ALLOCATED = LOTS.c.opening_balance_vnd + LOTS.c.allocated_vnd - LOTS.c.cancelled_vnd
"""What came out of the plan. An opening balance did so before this ledger began."""


async def lock_plan(session: AsyncSession, line: Line) -> None:
    """Wait until nobody else allocates from the same plan."""
    plan = f"/assignments/{line.year}/{line.program}/{line.capital}/{line.source}"
    await session.execute(LOCK.bindparams(plan=plan))


async def assignments(session: AsyncSession, line: Line) -> Sequence[Row[Any]]:
    """Find what was assigned for the plan of a line: by unit and component."""
    query: Select[Any] = select(
        LOTS.c.unit, LOTS.c.unit_since, LOTS.c.component, func.sum(LOTS.c.assigned_vnd).label("assigned")
    ).where(*_of_plan(line), LOTS.c.assigned_vnd > 0)
    rows: Sequence[Row[Any]] = (await session.execute(query.group_by(*query.selected_columns[:3]))).all()
    return rows


async def allocations(session: AsyncSession, line: Line) -> Sequence[Row[Any]]:
    """Find what was allocated and not cancelled in the plan of a line: by unit and component.

    Money of an earlier origin came out of an earlier plan, so cutting it makes no room in this one.
    """
    total = cast(func.sum(ALLOCATED), BigInteger).label("allocated")
    query: Select[Any] = select(LOTS.c.unit, LOTS.c.unit_since, LOTS.c.component, total).where(
        *_of_plan(line), LOTS.c.origin_year == LOTS.c.year
    )
    rows: Sequence[Row[Any]] = (await session.execute(query.group_by(*query.selected_columns[:3]))).all()
    return rows


def _of_plan(line: Line) -> list[Any]:
    return [LOTS.c[name] == getattr(line, name) for name in ("year", "program", "capital", "source")]
