"""Taking the place where a report is to stand, or ceases to: whoever is to change something there waits for it.

A place is a unit that answers, with all that lies below it, in one year: the sums that a report touches are its own, and
whatever could be stated twice is stated in it or above. So it is taken whole, and what lies above it is shared with the
other places there: a province's own report waits for its districts', which do not wait for each other. Like the write
order it is held to the commit, and always taken before it.
"""

from collections.abc import Iterable

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.compiled import Compiled
from shared.kit.database import Codes
from shared.periods import Period, PeriodKind
from shared.territory.tree import Territory

_TAKE = Compiled(
    text(
        """
    SELECT CASE WHEN place = ANY(:shared) THEN pg_advisory_xact_lock_shared(key) ELSE pg_advisory_xact_lock(key) END
    FROM unnest(:places) AS wanted (place), hashtextextended(current_schema() || '/' || place, 0) AS key
    """
    ).bindparams(bindparam("places", type_=Codes), bindparam("shared", type_=Codes))
)
"""In the order of the names, as everybody takes them."""


async def lock_unit_year(session: AsyncSession, territory: Territory, unit: str, period: Period) -> None:
    """Wait for the place of a unit's reports for a period. One statement.

    In a year of two maps it is everything: what is one place on the one map lies in several on the other.
    """
    if not _one_map(territory, period.year):
        await lock_years(session, [period.year])
        return
    year, on = str(period.year), period.ends_on
    own = territory.answering_unit(unit, on).code
    above = [year, *(f"{year}/{one.code}" for one in territory.ancestors(own, on))]
    await _TAKE.rows(session, {"places": sorted([*above, f"{year}/{own}"]), "shared": above})


async def lock_years(session: AsyncSession, years: Iterable[int]) -> None:
    """Wait for every place in these years. One statement."""
    places = sorted({str(year) for year in years})
    if places:
        await _TAKE.rows(session, {"places": places, "shared": ()})


def _one_map(territory: Territory, year: int) -> bool:
    """Tell whether every period of a year ends on the same map."""
    return territory.same_map(Period(year, PeriodKind.MONTH, 1).ends_on, Period(year).ends_on)
