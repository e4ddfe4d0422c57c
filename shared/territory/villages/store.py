"""Queries and inserts of villages. Flushes, never commits."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Date, Select, Text, column, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.kit.canonical_text import canonicalize
from shared.territory.models import UnitRow
from shared.territory.named_rows import RowT, name_units
from shared.territory.store import find_villages, to_unit_row
from shared.territory.tree import Territory
from shared.territory.units import Unit, UnknownUnit, to_commune_code
from shared.territory.villages.rules import find_commune_keys


def is_same_village(registered: Unit, village: Unit) -> bool:
    """Whether two villages of one code are the same: name in canonical form, kind and first day."""
    return (canonicalize(registered.name), registered.kind, registered.valid_from) == (
        canonicalize(village.name),
        village.kind,
        village.valid_from,
    )


async def with_villages(session: AsyncSession, territory: Territory, codes: Collection[str]) -> Territory:
    """Return the tree with these villages, which another process may have registered since this one started."""
    villages = [code for code in codes if to_commune_code(code)]
    if not villages:
        return territory
    keys = {unit.key for code in villages if _has_code(territory, code) for unit in territory.versions(code)}
    new = [village for village in await find_villages(session, villages) if village.key not in keys]
    return territory.with_units(new) if new else territory


async def name_listed_units(
    session: AsyncSession, territory: Territory, rows: Iterable[RowT], find_day: Callable[[Any], date]
) -> list[RowT]:
    """Return rows with the names of their units, villages included, on a day of each."""
    listed = list(rows)
    territory_with_villages = await with_villages(
        session, territory, [getattr(row, "unit", "") for row in listed]
    )
    return name_units(territory_with_villages, listed, find_day)


async def with_registered_villages(session: AsyncSession, territory: Territory) -> Territory:
    """Return the tree with every registered village. One statement where none was registered since the tree was read."""
    codes = await session.scalars(select(UnitRow.code).where(UnitRow.level == "village"))
    return await with_villages(session, territory, [code for code in codes if not _has_code(territory, code)])


def _has_code(territory: Territory, code: str) -> bool:
    try:
        return bool(territory.versions(code))
    except UnknownUnit:
        return False


async def insert_new_villages(session: AsyncSession, villages: Sequence[Unit]) -> list[str]:
    """Insert villages whose codes no village has, and return their codes."""
    if not villages:
        return []
    statement = insert(UnitRow).on_conflict_do_nothing().returning(UnitRow.code)
    return list(await session.scalars(statement, [to_unit_row(village) for village in villages]))


async def count_villages(session: AsyncSession) -> int:
    """Return the number of villages."""
    return (
        await session.scalar(select(func.count()).select_from(UnitRow).where(UnitRow.level == "village")) or 0
    )


def select_villages(territory: Territory, communes: Iterable[Unit] | None, on: date) -> Select[Any]:
    """Select the villages by code: all, or those that lie in communes of a day, also as successors of their own."""
    query = select(UnitRow).where(UnitRow.level == "village").order_by(UnitRow.code, UnitRow.valid_from)
    return query if communes is None else query.where(lies_in_communes(territory, communes, on))


def lies_in_communes(territory: Territory, communes: Iterable[Unit], on: date) -> ColumnElement[bool]:
    """Return the condition that a village's row has begun and its commune's land lies in communes of a day."""
    keys = sorted(find_commune_keys(territory, communes, on))
    lands = (
        func.unnest(
            literal([code for code, _ in keys], ARRAY(Text)),
            literal([since for _, since in keys], ARRAY(Date)),
        )
        .table_valued(column("code", Text), column("valid_from", Date), name="lands")
        .render_derived()
    )
    commune = aliased(UnitRow)
    return (UnitRow.valid_from <= on) & exists(
        select(lands.c.code)
        .join(commune, (commune.code == lands.c.code) & (commune.valid_from == lands.c.valid_from))
        .where(
            commune.code == UnitRow.parent,
            commune.valid_from <= UnitRow.valid_from,
            or_(commune.valid_to.is_(None), commune.valid_to >= UnitRow.valid_from),
        )
        .correlate(UnitRow)
    )


async def read_villages_in(
    session: AsyncSession, territory: Territory, communes: Iterable[Unit], on: date
) -> list[Unit]:
    """Return the villages that lie in communes of a day, by code."""
    rows = await session.scalars(select_villages(territory, communes, on))
    codes = [row.code for row in rows]
    territory_with_villages = await with_villages(session, territory, codes)
    return [territory_with_villages.versions(code)[-1] for code in codes]
