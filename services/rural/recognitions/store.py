"""Queries of recognitions: all that were decided, and those in force on a day. Flushes, never commits.

In force on a day: of the decisions in effect by then the latest on its unit at its level, unless it was revoked by then. A
recognition follows its unit only to the same land: a merged commune has to be recognized anew.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from services.rural.criteria.sets import RecognitionLevel
from services.rural.models import Recognition, Revocation
from services.rural.recognitions.rules import RegisteredRecognition, set_replacement_days
from shared.kit.problems import NotFound, Sentence
from shared.reporting.register_rows import is_in_units, is_land_of, is_recorded_by, order_newest_first
from shared.reporting.registers import UnitOnDay
from shared.territory.succession_queries import unit_versions_within
from shared.territory.units import to_commune_code

PATH = "/v1/rural/recognitions"


class RecognitionNotFound(NotFound):
    """No recognition has this id."""

    code = "recognition_not_found"
    detail = Sentence("Không có quyết định công nhận này.", "There is no such recognition.")


@dataclass(frozen=True, slots=True)
class RecognitionFilter:
    """The filters of a list of recognitions; None filters nothing."""

    level: str | None = None
    unit_level: str | None = None
    criteria_set: str | None = None
    year: int | None = None
    as_of: datetime | None = None


class SetCount(NamedTuple):
    """The number of units that are recognized at a level under a criteria set."""

    unit_level: str
    level: str
    criteria_set: str
    units: int


async def find_recognition(session: AsyncSession, recognition_id: uuid.UUID) -> Recognition | None:
    """Return a recognition with its revocation, or None."""
    recognition: Recognition | None = await session.scalar(
        _select_with_revocation()
        .where(Recognition.id == recognition_id)
        .execution_options(populate_existing=True)
    )
    return recognition


async def find_unit_recognitions(session: AsyncSession, unit: UnitOnDay, on: date) -> list[Recognition]:
    """Return the recognitions of the land of a unit of a day, under each code that it has had, the earliest effect first."""
    of_unit = (
        Recognition.unit == unit.unit.code
        if unit.unit.level == "village"
        else Recognition.unit_level == "commune"
    )
    rows = await session.scalars(_select_of_land(unit.land[0], on).where(of_unit))
    return list(rows)


async def find_land_recognitions(session: AsyncSession, commune: str, on: date) -> list[Recognition]:
    """Return the recognitions of the land of a commune of a day and of its villages, the earliest effect first."""
    return list(await session.scalars(_select_of_land(commune, on)))


async def find_village_recognitions(session: AsyncSession, code: str) -> list[Recognition]:
    """Return the recognitions of a village, the earliest effect first. A village's code is never used again."""
    rows = await session.scalars(
        _select_with_revocation()
        .where(Recognition.unit == code)
        .order_by(Recognition.effective_on, Recognition.id)
    )
    return list(rows)


def to_registered(rows: Iterable[Recognition]) -> list[RegisteredRecognition]:
    """Convert the recognitions of one commune and its villages, each with the days on which it ended."""
    by_unit: dict[str, list[RegisteredRecognition]] = defaultdict(list)
    for row in rows:
        revoked_on = row.revocation.effective_on if row.revocation else None
        recognition = RegisteredRecognition(
            str(row.id), row.level, row.criteria_set, row.effective_on, revoked_on
        )
        by_unit[row.unit if row.unit_level == "village" else "commune"].append(recognition)
    return [recognition for of_unit in by_unit.values() for recognition in set_replacement_days(of_unit)]


def select_recognitions(units: Collection[str] | None, filters: RecognitionFilter) -> Select[Any]:
    """Select the recognitions of these units (on the map of each decision's day), newest first."""
    query = _select_with_revocation().where(*_to_conditions(filters))
    if units is not None:
        query = query.where(is_in_units(Recognition, units))
    return order_newest_first(query, Recognition)


def select_listed_in_force(units: Collection[str], on: date, filters: RecognitionFilter) -> Select[Any]:
    """Select the recognitions of units of a day that are in force on it, newest first."""
    rows = select_in_force(units, on, filters.as_of).subquery()
    query = _select_with_revocation().where(Recognition.id.in_(select(rows.c.id)), *_to_conditions(filters))
    return order_newest_first(query, Recognition)


async def find_commune_levels(
    session: AsyncSession, communes: Collection[str], on: date, as_of: datetime | None = None
) -> dict[str, list[tuple[str, str]]]:
    """Return the levels in force of communes of a day, each with its criteria set, by commune. One statement."""
    rows = select_in_force(communes, on, as_of).subquery()
    levels: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in await session.execute(select(rows).where(rows.c.unit_level == "commune")):
        levels[row.unit_of_day].append((row.level, row.criteria_set))
    return levels


async def find_village_levels(
    session: AsyncSession, villages: Collection[str], on: date
) -> dict[str, set[RecognitionLevel]]:
    """Return the levels in force of villages on a day, by village. One statement."""
    rows = select_in_force(villages, on, None).subquery()
    levels: dict[str, set[RecognitionLevel]] = defaultdict(set)
    for row in await session.execute(select(rows.c.unit, rows.c.level)):
        levels[row.unit].add(row.level)
    return levels


async def count_by_set(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[SetCount]:
    """Count the units recognized on a day by level and criteria set. One statement."""
    rows = select_in_force(units, on, as_of).subquery()
    keys = (rows.c.unit_level, rows.c.level, rows.c.criteria_set)
    counts = await session.execute(select(*keys, func.count()).group_by(*keys))
    return [SetCount(*row) for row in counts]


def select_in_force(units: Collection[str], on: date, as_of: datetime | None) -> Select[*tuple[Any, ...]]:
    """Select id, unit, unit_level, level, criteria_set and place (commune of the day) of what is in force on a day.

    `units` are units of that day; a village is in its commune, and one without its commune among them counts alone.
    """
    communes = {code for code in units if to_commune_code(code) is None}
    villages_alone = {
        code: commune for code in units if (commune := to_commune_code(code)) and commune not in communes
    }
    lands = unit_versions_within({*communes, *villages_alone.values()}, on, adds=False)
    unit_of_day = case((Recognition.unit_level == "village", Recognition.unit), else_=lands.c.unit_of_day)
    in_units = or_(lands.c.unit_of_day.in_(communes), Recognition.unit.in_(villages_alone))
    latest = (
        select(
            Recognition.id,
            Recognition.unit,
            Recognition.unit_level,
            Recognition.level,
            Recognition.criteria_set,
            lands.c.unit_of_day,
        )
        .join(lands, is_land_of(Recognition, lands))
        .where(
            Recognition.effective_on <= on,
            is_recorded_by(Recognition, as_of),
            in_units if villages_alone else true(),
        )
        .ext(distinct_on(unit_of_day, Recognition.level))
        .order_by(unit_of_day, Recognition.level, Recognition.effective_on.desc(), Recognition.id.desc())
        .subquery("latest")
    )
    revoked = (
        select(Revocation.recognition_id)
        .where(
            Revocation.recognition_id == latest.c.id,
            Revocation.effective_on <= on,
            true() if as_of is None else Revocation.recorded_at <= as_of,
        )
        .exists()
    )
    return select(latest).where(~revoked)


def _select_with_revocation() -> Select[Recognition]:
    return select(Recognition).options(joinedload(Recognition.revocation))


def _select_of_land(commune: str, on: date) -> Select[Recognition]:
    lands = unit_versions_within([commune], on, adds=False)
    land = tuple_(Recognition.land, Recognition.land_since)
    return (
        _select_with_revocation()
        .where(land.in_(select(lands.c.code, lands.c.valid_from)))
        .order_by(Recognition.effective_on, Recognition.id)
    )


def _to_conditions(filters: RecognitionFilter) -> list[ColumnElement[bool]]:
    conditions = [
        column == value
        for column, value in (
            (Recognition.level, filters.level),
            (Recognition.unit_level, filters.unit_level),
            (Recognition.criteria_set, filters.criteria_set),
            (Recognition.year, filters.year),
        )
        if value is not None
    ]
    return [*conditions, is_recorded_by(Recognition, filters.as_of)]
