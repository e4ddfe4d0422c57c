"""The timelines of units and the facts by which they are read."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.areas.rules import AreaRules, UnitTimeline
from services.ethnic.areas.store import read_unit_timelines
from shared.kit.resources import resource
from shared.periods import local_day
from shared.reporting.context import ReportingContext

CurrentAreaRules = Annotated[AreaRules, Depends(resource(AreaRules))]
"""The facts of the service by which the status of a unit is found."""


async def read_timelines_below(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[UnitTimeline]:
    """Return the timelines of units that exist on a day: without communes and districts that have ended."""
    timelines = await read_unit_timelines(session, units, on, as_of)
    return [timeline for timeline in timelines if timeline.ended_on is None or timeline.ended_on >= on]


def find_day(context: ReportingContext, codes: Collection[str] | None) -> date:
    """Return today, or the last day of the first of some units to end, where one has ended."""
    today = local_day(context.now)
    last_days = [today]
    for code in codes or ():
        if context.territory.find(code, today) is None:
            ends = (version.valid_to for version in context.territory.versions(code))
            last_days += [max(days)] if (days := [day for day in ends if day is not None]) else []
    return min(last_days)
