"""How what units state for a standard is found."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.standards.rules import Stated
from shared.periods import Period
from shared.reporting.models import OBSERVATION_IN_EFFECT, EffectiveReport, Observation


async def stated_last(
    session: AsyncSession,
    units: Collection[str],
    indicators: Collection[str],
    on: date,
    as_of: datetime | None,
) -> dict[tuple[str, str], Stated]:
    """Give the accepted value of each unit and indicator for the latest year that had ended by a day. One statement."""
    last_year = on.year if Period(on.year).ends_on <= on else on.year - 1
    query = (
        select(Observation.unit, Observation.indicator, Observation.value, Observation.period)
        .join(EffectiveReport, OBSERVATION_IN_EFFECT)
        .where(
            Observation.year <= last_year,
            Observation.unit.in_(units),
            Observation.indicator.in_(indicators),
            EffectiveReport.basis == "accepted",
        )
        .order_by(Observation.year)
    )
    if as_of is None:
        query = query.where(EffectiveReport.until.is_(None))
    else:
        query = query.where(
            EffectiveReport.since <= as_of,
            or_(EffectiveReport.until.is_(None), EffectiveReport.until > as_of),
        )
    rows = await session.execute(query)
    return {(unit, indicator): Stated(value, period) for unit, indicator, value, period in rows}
