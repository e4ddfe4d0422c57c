"""Queries for targets. The latest row of (period, unit, indicator, standard) is the one in force."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import cast

from sqlalchemy import Select, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from shared.reporting.models import Target
from shared.reporting.targets.rules import Plan, TargetKind


def to_plan(target: Target) -> Plan:
    """Return what a target plans."""
    return Plan(cast("TargetKind", target.kind), target.value, target.upper)


async def read_targets_in_force(
    session: AsyncSession, unit: str, period: str, *, as_of: datetime | None = None
) -> Collection[Target]:
    """Return the targets in force for a unit and period, now or at an instant."""
    return await read_targets_of_units(session, (unit,), period, as_of=as_of)


async def read_targets_of_units(
    session: AsyncSession,
    units: Collection[str],
    period: str,
    *,
    indicators: Collection[str] | None = None,
    as_of: datetime | None = None,
) -> Collection[Target]:
    """Return the targets in force for units and a period, of all figures or of these, now or at an instant. One statement."""
    query = (
        select(Target)
        .ext(distinct_on(Target.unit, Target.indicator, Target.standard))
        .where(Target.unit.in_(units), Target.period == period)
        .order_by(Target.unit, Target.indicator, Target.standard, Target.id.desc())
    )
    if indicators is not None:
        query = query.where(Target.indicator.in_(indicators))
    if as_of is not None:
        query = query.where(Target.set_at <= as_of)
    return (await session.scalars(query)).all()


async def insert_targets(
    session: AsyncSession,
    *,
    unit: str,
    period: str,
    values: Mapping[tuple[str, str], Plan],
    decision_number: str,
    decision_date: date,
    client_id: str,
    at: datetime,
) -> None:
    """Insert what is planned, by figure and standard, under a decision."""
    await session.execute(
        insert(Target),
        [
            {
                "unit": unit,
                "period": period,
                "indicator": indicator,
                "standard": standard,
                "kind": plan.kind,
                "value": plan.value,
                "upper": plan.upper,
                "decision_number": decision_number,
                "decision_date": decision_date,
                "client_id": client_id,
                "set_at": at,
            }
            for (indicator, standard), plan in values.items()
        ],
    )


def select_target_history(
    units: Collection[str] | None, period: str | None, indicators: Collection[str] | None
) -> Select[Target]:
    """Return the query for targets with all their revisions, newest first."""
    query = select(Target).order_by(Target.id.desc())
    if units is not None:
        query = query.where(Target.unit.in_(units))
    if period is not None:
        query = query.where(Target.period == period)
    return query.where(Target.indicator.in_(indicators)) if indicators is not None else query
