"""How assignments and what was allocated of them are read, under a lock of their own.

The lock stands for one plan. It is taken before any lot, and of several plans in their order, so it never closes a circle.
"""

from collections.abc import Collection

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.assignments.rules import PlanKey, Planned
from services.funding.models import LOTS

LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || plan, 0))"
    " FROM (SELECT unnest(:plans) AS plan ORDER BY 1) AS wanted"
).bindparams(bindparam("plans", type_=ARRAY(Text)))
PLAN = (LOTS.c.year, LOTS.c.program, LOTS.c.capital, LOTS.c.source)


def out_of_plan(amounts: Table) -> ColumnElement[int]:
    """Tell what came out of the plan of a lot, or by a posting to it; `rules.out_of_plan` says the same."""
    came = amounts.c.opening_balance_vnd + amounts.c.allocated_vnd - amounts.c.cancelled_vnd
    return case((LOTS.c.origin_year == LOTS.c.year, came), else_=0)


async def lock_plans(session: AsyncSession, keys: Collection[PlanKey]) -> dict[PlanKey, Planned]:
    """Wait until nobody else allocates from the same plans, and read them: by unit and component."""
    named = sorted("/assignments/" + "/".join(map(str, key)) for key in keys)
    await session.execute(LOCK, {"plans": named})
    place = (LOTS.c.unit, LOTS.c.unit_since, LOTS.c.component)
    sums = [cast(func.sum(one), BigInteger) for one in (LOTS.c.assigned_vnd, out_of_plan(LOTS))]
    query = select(*PLAN, *place, *sums).where(tuple_(*PLAN).in_(list(keys))).group_by(*PLAN, *place)
    plans: dict[PlanKey, Planned] = {key: {} for key in keys}
    for year, program, capital, source, unit, since, component, assigned, allocated in (
        await session.execute(query)
    ).all():
        plans[year, program, capital, source][unit, since, component] = (assigned, allocated)
    return plans
