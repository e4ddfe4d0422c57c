"""Queries of received recognitions. Flushes, never commits.

What counts at an instant is what was received by then in the life of the feed that was followed then.
"""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from services.ethnic.models import ReceivedRecognition, ReceivedRevocation
from shared.kit.feed_consumer.cursor import select_life
from shared.reporting.register_rows import is_in_units, is_land_of, is_recorded_by, order_newest_first
from shared.territory.models import UnitRow
from shared.territory.succession_queries import unit_versions_within

PATH = "/v1/ethnic/recognitions"
FEED = "/v1/rural/changes"
"""Path of the feed in which they are received, at the gateway."""


async def find_land(session: AsyncSession, commune: str, on: date) -> tuple[str, date] | None:
    """Return the code of a commune's land on a day and the first day of that meaning; None: no such commune."""
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


async def read_life(session: AsyncSession) -> int:
    """Return the life of the feed that is followed now."""
    life = (await session.execute(select(select_life(FEED, None)))).scalar_one()
    return int(life)


async def find_recognition(
    session: AsyncSession, recognition_id: uuid.UUID, as_of: datetime | None
) -> ReceivedRecognition | None:
    """Return a recognition with its revocation as of an instant, or None."""
    recognition: ReceivedRecognition | None = await session.scalar(
        _limit_to_received(select(ReceivedRecognition), as_of).where(ReceivedRecognition.id == recognition_id)
    )
    return recognition


def select_recognitions(units: Collection[str] | None, as_of: datetime | None) -> Select[Any]:
    """Select the recognitions of communes in these units (on the map of each decision's day), newest first."""
    query = _limit_to_received(select(ReceivedRecognition), as_of)
    if units is not None:
        query = query.where(is_in_units(ReceivedRecognition, units))
    return order_newest_first(query, ReceivedRecognition)


async def find_recognitions_in_units(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[tuple[str, ReceivedRecognition]]:
    """Return the recognitions of communes in effect by a day, each with its commune in units of that day. One statement."""
    lands = unit_versions_within(units, on, adds=False)
    query = _limit_to_received(select(lands.c.unit_of_day, ReceivedRecognition), as_of).join(
        lands, is_land_of(ReceivedRecognition, lands)
    )
    rows = await session.execute(
        query.where(ReceivedRecognition.unit_level == "commune", ReceivedRecognition.effective_on <= on)
    )
    return [(commune, recognition) for commune, recognition in rows]


def select_recognitions_of_lands(lands: CTE, on: date, as_of: datetime | None) -> Select[Any]:
    """Select the recognitions of these lands that are in effect by a day: of communes and of villages."""
    query = _limit_to_received(select(ReceivedRecognition, lands.c.unit_of_day), as_of)
    return query.join(lands, is_land_of(ReceivedRecognition, lands)).where(
        ReceivedRecognition.effective_on <= on
    )


def _limit_to_received(query: Select[Any], as_of: datetime | None) -> Select[Any]:
    """Return the query of what counts at an instant (None: now), each recognition with its revocation by then."""
    by_then: ColumnElement[bool] = true() if as_of is None else ReceivedRevocation.recorded_at <= as_of
    same = and_(
        ReceivedRevocation.recognition_id == ReceivedRecognition.id,
        ReceivedRevocation.life == ReceivedRecognition.life,
    )
    return (
        query.outerjoin(ReceivedRevocation, and_(same, by_then))
        .where(
            ReceivedRecognition.life == select_life(FEED, as_of), is_recorded_by(ReceivedRecognition, as_of)
        )
        .options(contains_eager(ReceivedRecognition.revocation))
        .execution_options(populate_existing=True)
    )
