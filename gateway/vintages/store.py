"""Queries of vintages. Flushes, never commits."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from gateway.models import VintageRow
from gateway.vintages.rules import VintageNotFound
from shared.kit.canonical_text import canonicalize


def select_vintages(unit: str | None, period: str | None) -> Select[Any]:
    """Return the query of vintages, newest first."""
    query = select(VintageRow).order_by(VintageRow.frozen_at.desc(), VintageRow.id.desc())
    if unit is not None:
        query = query.where(VintageRow.unit == unit)
    return query if period is None else query.where(VintageRow.period == period)


async def find_vintage(session: AsyncSession, unit: str, period: str, name: str) -> VintageRow | None:
    """Return the vintage of a unit and period whose name has the same canonical form, or None."""
    columns = load_only(VintageRow.id, VintageRow.name)
    rows = await session.scalars(select_vintages(unit, period).options(columns))
    canonical = canonicalize(name)
    return next((row for row in rows if canonicalize(row.name) == canonical), None)


async def get_vintage(session: AsyncSession, vintage_id: UUID) -> VintageRow:
    """Return a vintage; raise `VintageNotFound`."""
    row = await session.get(VintageRow, vintage_id)
    if row is None:
        raise VintageNotFound(vintage=str(vintage_id))
    return row
