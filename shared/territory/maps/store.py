"""Queries and inserts of versions of the map. A version is applied in one transaction, in every schema in the same order."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import run_sql
from shared.territory.maps.rules import MapChange
from shared.territory.maps.schemas import MapContent
from shared.territory.models import MapVersionRow, SuccessionRow, UnitRow
from shared.territory.store import insert_areas, to_unit_row
from shared.territory.villages.store import insert_new_villages

END_UNITS = """
    UPDATE units SET valid_to = ended.valid_to
    FROM unnest($1::text[], $2::date[], $3::date[]) AS ended (code, valid_from, valid_to)
    WHERE units.code = ended.code AND units.valid_from = ended.valid_from AND units.valid_to IS NULL
"""
LOCK_VERSIONS = "SELECT pg_advisory_xact_lock(to_regnamespace(current_schema())::oid::int, 7702)"
"""One load at a time in a schema."""


async def lock_versions(session: AsyncSession) -> None:
    """Wait for another load, and hold the lock to the commit."""
    await run_sql(session, LOCK_VERSIONS)


async def list_versions(session: AsyncSession, after: int = 0) -> Sequence[MapVersionRow]:
    """Return the versions after a number, the oldest first."""
    query = select(MapVersionRow).where(MapVersionRow.version > after).order_by(MapVersionRow.version)
    return (await session.scalars(query)).all()


async def find_version_row(session: AsyncSession, version: int) -> MapVersionRow | None:
    """Return a version, or None."""
    return await session.get(MapVersionRow, version)


def hash_content(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a version's content."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def insert_version(
    session: AsyncSession, version: int, change: MapChange, *, legal_basis: str, source: str, loaded_by: str
) -> MapVersionRow:
    """Insert a version with its units, ends and successions, and return its row."""
    content = MapContent.from_change(change).model_dump(mode="json")
    if change.ended:
        await run_sql(
            session,
            END_UNITS,
            [unit.code for unit in change.ended],
            [unit.valid_from for unit in change.ended],
            [unit.valid_to for unit in change.ended],
        )
    if change.begun:
        units = [unit for unit in change.begun if unit.level != "village"]
        if units:
            await session.execute(insert(UnitRow), [to_unit_row(unit) for unit in units])
        await insert_new_villages(session, [unit for unit in change.begun if unit.level == "village"])
    if change.successions:
        rows = [
            {
                "predecessor": link.predecessor,
                "predecessor_valid_from": link.predecessor_valid_from,
                "successor": link.successor,
                "successor_valid_from": link.successor_valid_from,
                "effective_on": link.effective_on,
                "kind": link.kind,
                "weight": link.weight,
                "main_part": link.main_part,
            }
            for link in change.successions
        ]
        await session.execute(insert(SuccessionRow), rows)
    if change.areas:
        await insert_areas(session, change.areas)
    row = MapVersionRow(
        version=version,
        content_hash=hash_content(content),
        legal_basis=legal_basis,
        source=source,
        loaded_by=loaded_by,
        content=content,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return row
