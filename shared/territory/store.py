"""Queries and inserts of units. Reading the whole tree takes two statements, at start and not per request."""

from collections.abc import Collection, Sequence
from typing import Any, cast

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.territory.matching import Gazetteer
from shared.territory.models import SpellingRow, SuccessionRow, UnitRow
from shared.territory.tree import Territory
from shared.territory.units import Box, Level, Spelling, Succession, SuccessionKind, Unit

UNITS = UnitRow.__table__
SUCCESSIONS = SuccessionRow.__table__
SPELLINGS = SpellingRow.__table__


async def load_tree(session: AsyncSession, *, villages: bool = False) -> Territory:
    """Return the territory, with or without its villages."""
    query = select(UNITS) if villages else select(UNITS).where(UnitRow.level != "village")
    units = [_unit(row) for row in await session.execute(query)]
    return Territory(units, [_succession(row) for row in await session.execute(select(SUCCESSIONS))])


async def load_gazetteer(session: AsyncSession, territory: Territory) -> Gazetteer:
    """Return the names and spellings of a territory."""
    rows = await session.execute(select(SPELLINGS))
    return Gazetteer(
        territory, [Spelling(row.code, row.valid_from, row.spelling, row.source) for row in rows]
    )


async def find_villages(session: AsyncSession, codes: Collection[str]) -> tuple[Unit, ...]:
    """Return registered villages by code, every version of each; unknown codes are left out."""
    query = select(UNITS).where(UnitRow.level == "village", UnitRow.code.in_(codes))
    return tuple(
        _unit(row) for row in await session.execute(query.order_by(UnitRow.code, UnitRow.valid_from))
    )


async def find_villages_in(session: AsyncSession, communes: Collection[str]) -> tuple[Unit, ...]:
    """Return the villages registered in communes, ordered by code."""
    query = select(UNITS).where(UnitRow.level == "village", UnitRow.parent.in_(communes))
    return tuple(
        _unit(row) for row in await session.execute(query.order_by(UnitRow.code, UnitRow.valid_from))
    )


async def insert_units(session: AsyncSession, units: Sequence[Unit]) -> None:
    """Insert villages. The caller has checked them with `territory.with_units(units)`."""
    await session.execute(insert(UnitRow), [_row(unit) for unit in units])


def _unit(row: Row[Any]) -> Unit:
    box = None if row.min_lat is None else Box(row.min_lat, row.min_lon, row.max_lat, row.max_lon)
    return Unit(
        code=row.code,
        level=cast("Level", row.level),
        kind=row.kind,
        name=row.name,
        parent=row.parent,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        name_en=row.name_en,
        lat=row.lat,
        lon=row.lon,
        bbox=box,
        area_km2=row.area_km2,
        border=row.border,
        source=row.source,
        confidence=row.confidence,
    )


def _row(unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "level": unit.level,
        "kind": unit.kind,
        "name": unit.name,
        "parent": unit.parent,
        "valid_from": unit.valid_from,
        "valid_to": unit.valid_to,
        "name_en": unit.name_en,
        "lat": unit.lat,
        "lon": unit.lon,
        **(unit.bbox._asdict() if unit.bbox else dict.fromkeys(Box._fields)),
        "area_km2": unit.area_km2,
        "border": unit.border,
        "source": unit.source,
        "confidence": unit.confidence,
    }


def _succession(row: Row[Any]) -> Succession:
    return Succession(
        predecessor=row.predecessor,
        predecessor_valid_from=row.predecessor_valid_from,
        successor=row.successor,
        successor_valid_from=row.successor_valid_from,
        effective_on=row.effective_on,
        kind=cast("SuccessionKind", row.kind),
        weight=row.weight,
    )
