"""How recognitions are found and kept. Flushes, never commits.

Known at an instant is what was heard by then in the life of the feed that was followed then.
"""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from services.ethnic.models import Recognition, Revocation
from shared.kit.feed_consumer.cursor import life_known
from shared.territory.models import UnitRow
from shared.territory.succession_queries import unit_versions_within

PATH = "/v1/ethnic/recognitions"
FEED = "/v1/rural/changes"
"""The feed that they are heard in, behind the door."""


async def land_of(session: AsyncSession, commune: str, on: date) -> tuple[str, date] | None:
    """Find what names a commune's land on a day, its code and the first day of that meaning; None: no such commune."""
    row = (
        await session.execute(
            select(UnitRow.code, UnitRow.valid_from).where(
                UnitRow.code == commune,
                UnitRow.level == "commune",
                UnitRow.valid_from <= on,
                or_(UnitRow.valid_to.is_(None), UnitRow.valid_to >= on),
            )
        )
    ).one_or_none()
    return (row.code, row.valid_from) if row else None


async def life(session: AsyncSession) -> int:
    """Tell which life of the feed is followed."""
    found = (await session.execute(select(life_known(FEED, None)))).scalar_one()
    return int(found)


async def find(
    session: AsyncSession, recognition_id: uuid.UUID, as_of: datetime | None
) -> Recognition | None:
    """Find one with what ended it, as it was known; or None."""
    found: Recognition | None = await session.scalar(
        _known(select(Recognition), as_of).where(Recognition.id == recognition_id)
    )
    return found


def listed(units: Collection[str] | None, as_of: datetime | None) -> Select[Any]:
    """Select the recognitions of communes in these units (as the map was on their day), newest first."""
    query = _known(select(Recognition), as_of)
    if units is not None:
        query = query.where(Recognition.line.op("&&")(literal(sorted(units), ARRAY(Text))))
    return query.order_by(Recognition.recorded_at.desc(), Recognition.id.desc())


async def placed(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[tuple[str, Recognition]]:
    """Give the recognitions by a day of communes in units of that day, each with the commune. One statement."""
    lands = unit_versions_within(units, on, adds=False)
    query = _known(select(lands.c.place, Recognition), as_of).join(
        lands, and_(lands.c.code == Recognition.land, lands.c.valid_from == Recognition.land_since)
    )
    rows = await session.execute(query.where(Recognition.decision_date <= on))
    return [(place, row) for place, row in rows]


def _known(query: Select[Any], as_of: datetime | None) -> Select[Any]:
    """Keep what was known at an instant (None: now), each with its revocation if that was known."""
    ended: ColumnElement[bool] = true() if as_of is None else Revocation.recorded_at <= as_of
    same = and_(Revocation.recognition_id == Recognition.id, Revocation.life == Recognition.life)
    return (
        query.outerjoin(Revocation, and_(same, ended))
        .where(
            Recognition.life == life_known(FEED, as_of),
            true() if as_of is None else Recognition.recorded_at <= as_of,
        )
        .options(contains_eager(Recognition.revocation))
        .execution_options(populate_existing=True)
    )
