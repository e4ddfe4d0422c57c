"""Which recognitions are in force on a day, and how many: for lists, for pages of communes and villages, for the engine.

In force on a day: of the decisions by then the latest on its unit at its level, unless it was revoked by then.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import Select, and_, case, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.criteria.sets import RecognitionLevel
from services.rural.models import Recognition, Revocation
from services.rural.recognitions.store import PATH, Sought, narrowed, newest_first
from shared.reporting.basis import to_rfc3339
from shared.reporting.engine import CountScope, EventData, RegisterCount
from shared.reporting.registers import topmost_units
from shared.territory.succession_queries import unit_versions_within
from shared.territory.units import to_commune_code

COUNTED = {
    "communes_recognized": ("commune", "meets"),
    "communes_advanced": ("commune", "advanced"),
    "communes_model": ("commune", "model"),
    "villages_meeting_standard": ("village", "meets"),
    "villages_model": ("village", "model"),
}
"""The figures that are counted here, by level of the unit and of the recognition."""

CHANGES = frozenset({"unit.recognized", "unit.recognition_revoked"})
"""The changes of the feed that tell of recognitions and of their ends."""


def may_move(figure: str, facts: EventData) -> bool:
    """Tell whether a recognition, or the end of one, may move the count of a figure."""
    return COUNTED[figure] == (facts["unit_level"], facts["level"])


async def held_by(
    session: AsyncSession, communes: Collection[str], on: date, as_of: datetime | None = None
) -> dict[str, list[tuple[str, str]]]:
    """Give the levels and sets that communes of a day hold on it, by commune. One statement."""
    rows = _rows(communes, on, as_of).subquery()
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in await session.execute(select(rows).where(rows.c.unit_level == "commune")):
        found[row.place].append((row.level, row.criteria_set))
    return found


async def levels_of(
    session: AsyncSession, villages: Collection[str], on: date
) -> dict[str, set[RecognitionLevel]]:
    """Give the levels that villages hold on a day, by village. One statement."""
    rows = _rows(villages, on, None).subquery()
    found: dict[str, set[RecognitionLevel]] = defaultdict(set)
    for row in await session.execute(select(rows.c.unit, rows.c.level)):
        found[row.unit].add(row.level)
    return found


def listed(units: Collection[str], on: date, sought: Sought) -> Select[Any]:
    """Select the recognitions of units of a day that are in force on it: each unit's latest decision at each level."""
    rows = _rows(units, on, sought.as_of).subquery()
    return newest_first(select(Recognition).where(Recognition.id.in_(select(rows.c.id)), *narrowed(sought)))


class UnderSet(NamedTuple):
    """How many units hold a level under a set."""

    unit_level: str
    level: str
    criteria_set: str
    units: int


async def by_set(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[UnderSet]:
    """Count the units that are recognized on a day, by level and by the set under which they are. One statement."""
    rows = _rows(units, on, as_of).subquery()
    keys = (rows.c.unit_level, rows.c.level, rows.c.criteria_set)
    found = await session.execute(select(*keys, func.count()).group_by(*keys))
    return [UnderSet(*row) for row in found]


async def count(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
    """Count recognized communes and villages, for the engine. One statement."""
    rows = _rows(scope.units, scope.on, scope.as_of).subquery()
    numbers = select(
        *(
            func.count(rows.c.unit.distinct())
            .filter(rows.c.unit_level == unit_level, rows.c.level == level)
            .label(figure)
            for figure, (unit_level, level) in COUNTED.items()
        )
    )
    found = (await session.execute(numbers)).one()._mapping  # noqa: SLF001 (SQLAlchemy's public name)
    return {
        figure: RegisterCount(found[figure], _lineage(scope, *asked)) for figure, asked in COUNTED.items()
    }


def _lineage(scope: CountScope, unit_level: str, level: str) -> str:
    query = {
        "unit": topmost_units(scope.units),
        "unit_level": unit_level,
        "level": level,
        "in_force_on": scope.on.isoformat(),
    }
    if scope.as_of:
        query["as_of"] = to_rfc3339(scope.as_of) or ""
    return f"{PATH}?{urlencode(query, safe=',:')}"


def _rows(units: Collection[str], on: date, as_of: datetime | None) -> Select[*tuple[Any, ...]]:
    """Select what is in force on a day in units of that day; a village asked for without its commune stands for itself.

    Of the decisions by that day the latest on each unit at each level counts, unless it was revoked by then.
    """
    communes = {code for code in units if to_commune_code(code) is None}
    alone = {
        code: commune for code in units if (commune := to_commune_code(code)) and commune not in communes
    }
    lands = unit_versions_within({*communes, *alone.values()}, on, adds=False)
    whose = case((Recognition.unit_level == "village", Recognition.unit), else_=lands.c.place)
    latest = (
        select(
            Recognition.id,
            Recognition.unit,
            Recognition.unit_level,
            Recognition.level,
            Recognition.criteria_set,
            lands.c.place,
        )
        .join(lands, and_(lands.c.code == Recognition.land, lands.c.valid_from == Recognition.land_since))
        .where(
            Recognition.decision_date <= on,
            true() if as_of is None else Recognition.recorded_at <= as_of,
            or_(lands.c.place.in_(communes), Recognition.unit.in_(alone)) if alone else true(),
        )
        .ext(distinct_on(whose, Recognition.level))
        .order_by(whose, Recognition.level, Recognition.decision_date.desc(), Recognition.id.desc())
        .subquery("latest")
    )
    ended = (
        select(Revocation.recognition_id)
        .where(
            Revocation.recognition_id == latest.c.id,
            Revocation.decision_date <= on,
            true() if as_of is None else Revocation.recorded_at <= as_of,
        )
        .exists()
    )
    return select(latest).where(~ended)
