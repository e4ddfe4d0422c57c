"""The figures that count recognized communes and villages, for the reporting engine."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.recognitions.store import PATH, select_in_force
from shared.reporting.engine import CountScope, EventData, RegisterCount
from shared.reporting.register_rows import format_lineage

FIGURES = {
    "communes_recognized": ("commune", "meets"),
    "communes_advanced": ("commune", "advanced"),
    "communes_model": ("commune", "model"),
    "villages_meeting_standard": ("village", "meets"),
    "villages_model": ("village", "model"),
}
"""The level of the unit and of the recognition that each figure counts."""

EVENT_TYPES = frozenset({"unit.recognized", "unit.recognition_revoked"})
"""Types of the events that may change a figure."""


def may_change(figure: str, event: EventData) -> bool:
    """Whether a recognition or revocation may change a figure."""
    return FIGURES[figure] == (event["unit_level"], event["level"])


async def count_recognitions(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
    """Return the counts of a scope by figure. One statement."""
    rows = select_in_force(scope.units, scope.on, scope.as_of).subquery()
    columns = [
        func.count(rows.c.unit.distinct()).filter(rows.c.unit_level == unit_level, rows.c.level == level)
        for unit_level, level in FIGURES.values()
    ]
    counts = (await session.execute(select(*columns))).one()
    return {
        figure: RegisterCount(
            count,
            format_lineage(PATH, scope, unit_level=unit_level, level=level, in_force_on=scope.on.isoformat()),
        )
        for (figure, (unit_level, level)), count in zip(FIGURES.items(), counts, strict=True)
    }


async def count_recognitions_in_scopes(
    session: AsyncSession, scopes: Sequence[CountScope]
) -> list[dict[str, RegisterCount]]:
    """Return the counts of many scopes of one day by figure. One statement."""
    first = scopes[0]
    units = frozenset().union(*(scope.units for scope in scopes))
    rows = select_in_force(units, first.on, first.as_of).subquery()
    columns = (rows.c.unit, rows.c.unit_of_day, rows.c.unit_level, rows.c.level)
    recognized: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for unit, unit_of_day, unit_level, level in await session.execute(select(*columns)):
        for place in {unit_of_day, unit if unit_level == "village" else unit_of_day}:
            recognized[place, unit_level, level].add(unit)
    return [
        {
            figure: RegisterCount(
                len(
                    frozenset().union(
                        *(recognized.get((unit, unit_level, level), ()) for unit in scope.units)
                    )
                ),
                format_lineage(
                    PATH, scope, unit_level=unit_level, level=level, in_force_on=scope.on.isoformat()
                ),
            )
            for figure, (unit_level, level) in FIGURES.items()
        }
        for scope in scopes
    ]
