"""Queries and inserts of units. Reading the whole tree takes four statements, at start and not per request."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Row, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import run_sql
from shared.territory.areas import NamedArea
from shared.territory.matching import Gazetteer
from shared.territory.models import AreaMemberRow, AreaRow, SpellingRow, UnitRow
from shared.territory.tree import Territory
from shared.territory.units import Box, Level, Spelling, Succession, Unit, UnitKey

UNITS = UnitRow.__table__
SPELLINGS = SpellingRow.__table__


READ_VERSION = (
    "SELECT coalesce(string_agg(content_hash, ',' ORDER BY version), '') AS hashes FROM map_versions"
)
READ_UNITS = """
    SELECT code, level, kind, name, parent, valid_from, valid_to FROM units WHERE level <> 'village'
"""
READ_UNITS_WITH_GEOGRAPHY = """
    SELECT code, level, kind, name, parent, valid_from, valid_to, name_en, lat, lon,
           min_lat, min_lon, max_lat, max_lon, area_km2, border, source, confidence
    FROM units WHERE level <> 'village'
"""
READ_SUCCESSIONS = """
    SELECT predecessor, predecessor_valid_from, successor, successor_valid_from, effective_on, kind, weight, main_part
    FROM unit_successions ORDER BY id
"""

READ_LOADED_VERSION = """
    SELECT (SELECT coalesce(max(version), 0) FROM map_versions), count(*) FROM units WHERE level = 'village'
"""

ROWS_OF_A_PART = 1_000

_TREES: dict[bool, tuple[str, Territory]] = {}
"""The newest tree of this process, without and with geography, and its version of the map.

A tree never changes, and applications of one process share it."""


async def read_version_number(session: AsyncSession) -> int:
    """Return the number of the newest version of the map in this schema."""
    ((number,),) = await run_sql(session, "SELECT coalesce(max(version), 0) FROM map_versions")
    return int(number)


async def read_loaded_version(session: AsyncSession) -> tuple[int, int]:
    """Return the number of the newest version of the map in this schema, and of its villages."""
    row = (await session.execute(text(READ_LOADED_VERSION))).one()
    return int(row[0]), int(row[1])


async def load_tree(session: AsyncSession, *, villages: bool = False, geography: bool = True) -> Territory:
    """Return the territory, with or without its villages, and its geography: centres, boxes, areas, sources.

    Only the gateway shows geography; without it the units of the country take half the memory.
    """
    ((hashes,),) = await run_sql(session, READ_VERSION)
    version, territory = _TREES.get(geography, (None, None))
    if territory is None or version != hashes:
        territory = await _read_tree(session, geography=geography)
        _TREES[geography] = (hashes, territory)
    if villages:
        query = select(UNITS).where(UnitRow.level == "village")
        registered = [_from_row(row) for row in await session.execute(query)]
        return territory.with_units(registered) if registered else territory
    return territory


async def _read_tree(session: AsyncSession, *, geography: bool) -> Territory:
    """Return the tree of the rows, read in parts; equal texts, days and numbers are kept once."""
    shared_values: dict[Any, Any] = {}

    def share(values: Iterable[Any]) -> list[Any]:
        return [shared_values.setdefault(value, value) for value in values]

    units: list[Unit] = []
    async for rows in _read_parts(session, READ_UNITS_WITH_GEOGRAPHY if geography else READ_UNITS):
        units += [_to_unit(share(row[:7]), row[7:], share) for row in rows]
    successions: list[Succession] = []
    async for rows in _read_parts(session, READ_SUCCESSIONS):
        successions += [Succession(*share(row[:6]), *row[6:]) for row in rows]
    return Territory(units, successions)


async def _read_parts(session: AsyncSession, statement: str) -> AsyncIterator[Sequence[Row[Any]]]:
    """Yield the rows of a statement in parts: all at once take ten megabytes that the process keeps."""
    result = await session.stream(text(statement))
    async for rows in result.partitions(ROWS_OF_A_PART):
        yield rows


def _to_unit(
    facts: Sequence[Any], geography: Sequence[Any], share: Callable[[Iterable[Any]], list[Any]]
) -> Unit:
    if not geography:
        return Unit(*facts)
    name_en, lat, lon, *corners, area_km2, border = geography[:-2]
    box = None if corners[0] is None else Box(*corners)
    values = (*facts, name_en, lat, lon, box, area_km2, border, *share(geography[-2:]))
    return Unit(*values)


async def load_gazetteer(session: AsyncSession, territory: Territory) -> Gazetteer:
    """Return the names and spellings of a territory."""
    rows = await session.execute(select(SPELLINGS))
    return Gazetteer(
        territory, [Spelling(row.code, row.valid_from, row.spelling, row.source) for row in rows]
    )


async def load_areas(session: AsyncSession) -> tuple[NamedArea, ...]:
    """Return the named areas."""
    members: dict[str, list[UnitKey]] = {}
    for row in await session.execute(
        select(AreaMemberRow.area, AreaMemberRow.unit, AreaMemberRow.valid_from).order_by(
            AreaMemberRow.area, AreaMemberRow.unit, AreaMemberRow.valid_from
        )
    ):
        members.setdefault(row.area, []).append((row.unit, row.valid_from))
    return tuple(
        NamedArea(
            row.code,
            row.name,
            row.name_en,
            row.reason,
            row.valid_from,
            row.valid_to,
            tuple(members.get(row.code, ())),
        )
        for row in await session.scalars(select(AreaRow).order_by(AreaRow.code))
    )


async def insert_areas(session: AsyncSession, areas: Sequence[NamedArea]) -> None:
    """Insert areas with their members; of an area that is stored, write the last day."""
    columns = ("code", "name", "name_en", "reason", "valid_from", "valid_to")
    statement = postgresql.insert(AreaRow)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[AreaRow.code],
            set_={"valid_to": statement.excluded.valid_to},
            where=AreaRow.valid_to.is_(None),
        ),
        [{name: getattr(area, name) for name in columns} for area in areas],
    )
    members = [
        {"area": area.code, "unit": code, "valid_from": since}
        for area in areas
        for code, since in area.members
    ]
    await session.execute(postgresql.insert(AreaMemberRow).on_conflict_do_nothing(), members)


async def find_villages(session: AsyncSession, codes: Collection[str]) -> tuple[Unit, ...]:
    """Return registered villages by code, every version of each; unknown codes are left out."""
    query = select(UNITS).where(UnitRow.level == "village", UnitRow.code.in_(codes))
    return tuple(
        _from_row(row) for row in await session.execute(query.order_by(UnitRow.code, UnitRow.valid_from))
    )


async def find_villages_in(session: AsyncSession, communes: Collection[str]) -> tuple[Unit, ...]:
    """Return the villages registered in communes, ordered by code."""
    query = select(UNITS).where(UnitRow.level == "village", UnitRow.parent.in_(communes))
    return tuple(
        _from_row(row) for row in await session.execute(query.order_by(UnitRow.code, UnitRow.valid_from))
    )


async def insert_units(session: AsyncSession, units: Sequence[Unit]) -> None:
    """Insert villages. The caller has checked them with `territory.with_units(units)`."""
    await session.execute(insert(UnitRow), [to_unit_row(unit) for unit in units])


def _from_row(row: Row[Any]) -> Unit:
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


def to_unit_row(unit: Unit) -> dict[str, Any]:
    """Return the columns of a unit."""
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
