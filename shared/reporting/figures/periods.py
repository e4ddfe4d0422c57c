"""Which periods have accepted figures."""

from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.periods import Period

_ACCEPTED_PERIODS = text(
    """
    WITH RECURSIVE reported AS (
        (SELECT period FROM standings ORDER BY period LIMIT 1)
        UNION ALL
        SELECT (SELECT s.period FROM standings s WHERE s.period > reported.period ORDER BY s.period LIMIT 1)
        FROM reported WHERE reported.period IS NOT NULL
    )
    SELECT period FROM reported
    WHERE EXISTS (
        SELECT FROM standings s WHERE s.period = reported.period AND s.basis = 'accepted' AND s.until IS NULL
    )
    """
)
"""Steps through the index from one period to the next, so that its cost is the number of periods and not of reports."""


class AcceptedPeriodOut(BaseModel):
    """A period that has accepted reports."""

    period: str = Field(description="SDMX time period", examples=["2023"])


class AcceptedPeriodsOut(BaseModel):
    """The periods that have accepted reports."""

    items: list[AcceptedPeriodOut] = Field(
        description="the latest first; of those that end together the longest"
    )


async def read_accepted_periods(session: AsyncSession) -> AcceptedPeriodsOut:
    """Return every period for which an accepted report is in effect. One statement."""
    periods = [Period.parse(period) for period in await session.scalars(_ACCEPTED_PERIODS)]
    periods.sort(key=lambda period: (period.ends_on, period.kind.months), reverse=True)
    return AcceptedPeriodsOut(items=[AcceptedPeriodOut(period=str(period)) for period in periods])
