"""How recognitions are found and kept. Flushes, never commits.

In force on a day: decided by then, and not revoked by then. A recognition follows its unit only to the same land: a merged
commune has to be recognized anew.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, func, literal, select, true, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from services.rural.models import Recognition, Revocation
from services.rural.recognitions.rules import Known
from services.rural.rules import CRITERIA, missing
from shared.periods import Period
from shared.reporting.basis import instant
from shared.reporting.engine import Counted, Scope
from shared.reporting.figures.store import standing_values
from shared.reporting.registers import Place, tops
from shared.territory.placing import places
from shared.territory.units import village_commune

PATH = "/v1/rural/recognitions"

COUNTED = {
    "communes_recognized": ("commune", "meets"),
    "communes_advanced": ("commune", "advanced"),
    "communes_model": ("commune", "model"),
    "villages_meeting_standard": ("village", "meets"),
    "villages_model": ("village", "model"),
}
"""The figures that are counted here, by level of the unit and of the recognition."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a list is asked for; None leaves a question open."""

    level: str | None = None
    unit_level: str | None = None
    criteria_set: str | None = None
    year: int | None = None
    as_of: datetime | None = None


async def find(session: AsyncSession, recognition_id: uuid.UUID) -> Recognition | None:
    """Find one with what ended it, or None."""
    found: Recognition | None = await session.scalar(
        select(Recognition)
        .where(Recognition.id == recognition_id)
        .options(joinedload(Recognition.revocation))
        .execution_options(populate_existing=True)
    )
    return found


async def of_unit(session: AsyncSession, found: Place, on: date) -> list[Recognition]:
    """Give the recognitions of a unit, wherever its land had the code before."""
    lands = places([found.land[0]], on, adds=False)
    rows = await session.scalars(
        select(Recognition)
        .where(
            Recognition.unit == found.unit.code
            if found.unit.level == "village"
            else Recognition.unit_level == "commune",
            tuple_(Recognition.land, Recognition.land_since).in_(select(lands.c.code, lands.c.valid_from)),
        )
        .options(joinedload(Recognition.revocation))
        .order_by(Recognition.decision_date, Recognition.id)
    )
    return list(rows)


async def of_land(session: AsyncSession, commune: str, on: date) -> list[Recognition]:
    """Give the recognitions of the commune that has a code on a day and of its villages, the oldest decision first."""
    lands = places([commune], on, adds=False)
    rows = await session.scalars(
        select(Recognition)
        .where(tuple_(Recognition.land, Recognition.land_since).in_(select(lands.c.code, lands.c.valid_from)))
        .options(joinedload(Recognition.revocation))
        .order_by(Recognition.decision_date, Recognition.id)
    )
    return list(rows)


async def held_by(
    session: AsyncSession, communes: Collection[str], on: date, as_of: datetime | None = None
) -> dict[str, list[tuple[str, str]]]:
    """Give the levels and sets that communes of a day hold on it, by commune. One statement."""
    rows = _in_force(communes, on, as_of).add_columns(Recognition.criteria_set)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in await session.execute(rows.where(Recognition.unit_level == "commune")):
        found[row.place].append((row.level, row.criteria_set))
    return found


def known(it: Recognition) -> Known:
    """Give a row as the rules see it."""
    revoked_on = it.revocation.decision_date if it.revocation else None
    return Known(str(it.id), it.level, it.criteria_set, it.decision_date, revoked_on)


async def unmet_criteria(session: AsyncSession, commune: str, year: int) -> list[int]:
    """Give the criteria that the commune's accepted assessment of a year does not meet; none where there is none."""
    stated = await standing_values(session, period=Period(year), basis="accepted", units=[commune])
    values: dict[str, Decimal] = {it.indicator: it.value for it in stated if it.indicator in CRITERIA}
    return missing(values) if values else []


def listed(units: Collection[str] | None, sought: Sought) -> Select[Any]:
    """Select recognitions of these units (as the map was on the day of each decision), newest first."""
    query = select(Recognition).where(*_asked(sought))
    if units is not None:
        query = query.where(Recognition.line.op("&&")(literal(sorted(units), ARRAY(Text))))
    return _newest_first(query)


def in_force(units: Collection[str], on: date, sought: Sought, *, latest: bool) -> Select[Any]:
    """Select the recognitions of units of a day that are in force on it; or only each unit's latest at each level."""
    rows = _in_force(units, on, sought.as_of).where(*_asked(sought))
    if latest:
        rows = rows.ext(distinct_on(Recognition.unit, Recognition.level)).order_by(
            Recognition.unit,
            Recognition.level,
            Recognition.decision_date.desc(),
            Recognition.recorded_at.desc(),
        )
    chosen = rows.subquery()
    return _newest_first(select(Recognition).where(Recognition.id.in_(select(chosen.c.id))))


async def count(session: AsyncSession, scope: Scope) -> dict[str, Counted]:
    """Count recognized communes and villages, for the engine. One statement."""
    rows = _in_force(scope.units, scope.on, scope.as_of).subquery()
    numbers = select(
        *(
            func.count(rows.c.unit.distinct())
            .filter(rows.c.unit_level == unit_level, rows.c.level == level)
            .label(figure)
            for figure, (unit_level, level) in COUNTED.items()
        )
    )
    found = (await session.execute(numbers)).one()._mapping  # noqa: SLF001 (SQLAlchemy's public name)
    return {figure: Counted(found[figure], _lineage(scope, *asked)) for figure, asked in COUNTED.items()}


def _lineage(scope: Scope, unit_level: str, level: str) -> str:
    query = {
        "unit": tops(scope.units),
        "unit_level": unit_level,
        "level": level,
        "in_force_on": scope.on.isoformat(),
        "latest": "true",
    }
    if scope.as_of:
        query["as_of"] = instant(scope.as_of) or ""
    return f"{PATH}?{urlencode(query, safe=',:')}"


def _in_force(units: Collection[str], on: date, as_of: datetime | None) -> Select[*tuple[Any, ...]]:
    """Select what is in force on a day in units of that day; a village asked for alone stands for itself only."""
    communes = [code for code in units if village_commune(code) is None]
    alone = [] if communes else list(units)
    lands = places(communes or [code[:5] for code in alone], on, adds=False)
    ended = (
        select(Revocation.recognition_id)
        .where(
            Revocation.recognition_id == Recognition.id,
            Revocation.decision_date <= on,
            true() if as_of is None else Revocation.recorded_at <= as_of,
        )
        .exists()
    )
    return (
        select(Recognition.id, Recognition.unit, Recognition.unit_level, Recognition.level, lands.c.place)
        .join(lands, and_(lands.c.code == Recognition.land, lands.c.valid_from == Recognition.land_since))
        .where(
            Recognition.decision_date <= on,
            true() if as_of is None else Recognition.recorded_at <= as_of,
            Recognition.unit.in_(alone) if alone else true(),
            ~ended,
        )
    )


def _asked(sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, wanted in (
        (Recognition.level, sought.level),
        (Recognition.unit_level, sought.unit_level),
        (Recognition.criteria_set, sought.criteria_set),
        (Recognition.year, sought.year),
    ):
        if wanted is not None:
            found.append(column == wanted)
    if sought.as_of is not None:
        found.append(Recognition.recorded_at <= sought.as_of)
    return found


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.options(joinedload(Recognition.revocation)).order_by(
        Recognition.recorded_at.desc(), Recognition.id.desc()
    )
