"""The exits of a period, each with its state."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.areas.rules import AreaRules
from services.ethnic.areas.store import read_unit_timelines
from services.ethnic.exits.rules import ExitKey, JudgedExit, find_exits, judge_exits
from services.ethnic.exits.store import read_verdicts, to_verdicts
from services.ethnic.models import ExitReview
from shared.periods import Period


async def read_exits(
    session: AsyncSession,
    rules: AreaRules,
    units: Collection[str],
    period: Period,
    as_of: datetime | None,
) -> tuple[list[JudgedExit], dict[ExitKey, ExitReview]]:
    """Return the exits of units in a period, in the order of days and units, and the verdicts on exits of the period.

    Six statements, whatever the number of units. `units` are those of the period's last day, without villages.
    """
    first, last = period.starts_on, period.ends_on
    timelines = await read_unit_timelines(session, units, last, as_of)
    reviews = await read_verdicts(session, first, last, as_of)
    judged = judge_exits(find_exits(timelines, first, last, rules), to_verdicts(reviews))
    return sorted(judged, key=lambda row: (row.exit.left_on, row.exit.unit)), reviews
