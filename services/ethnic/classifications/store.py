"""How classifications are found and kept. Flushes, never commits.

What a commune is on a day is its row with the latest day of taking effect by then; of several rows for one day the one
recorded last holds. Rows follow their commune only to the same land: a merged commune has to be classified anew.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, literal, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.classifications.rules import Stated
from services.ethnic.models import Classification
from services.ethnic.recognitions import store as recognitions
from services.ethnic.recognitions.rules import Decided, Recognized
from shared.territory.succession_queries import unit_versions_within

PATH = "/v1/ethnic/classifications"


class Timeline(NamedTuple):
    """What is known of one commune."""

    decisions: list[Decided]
    recognitions: list[Recognized]


async def by_decision(session: AsyncSession, stated: Stated) -> Classification | None:
    """Find what the same decision says of the commune from the same day on."""
    found: Classification | None = await session.scalar(
        select(Classification).where(
            Classification.unit == stated.unit,
            Classification.effective_on == stated.effective_on,
            Classification.decision_number == stated.decision_number,
            Classification.decision_date == stated.decided_on,
        )
    )
    return found


async def find(session: AsyncSession, classification_id: uuid.UUID) -> Classification | None:
    """Find one, or None."""
    return await session.get(Classification, classification_id)


def history(units: Collection[str] | None, as_of: datetime | None) -> Select[Any]:
    """Select everything stated of communes in these units (as the map was on the day of taking effect), newest first."""
    query = select(Classification).where(_known(as_of))
    if units is not None:
        query = query.where(Classification.line.op("&&")(literal(sorted(units), ARRAY(Text))))
    return _newest_first(query)


def chosen(ids: Collection[uuid.UUID]) -> Select[Any]:
    """Select these rows, newest first."""
    return _newest_first(select(Classification).where(Classification.id.in_(ids)))


async def timelines(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[Timeline]:
    """Give what is known by a day of each classified commune in units of that day. Two statements."""
    found: dict[str, Timeline] = defaultdict(lambda: Timeline([], []))
    for row in await session.execute(_effective(units, on, as_of)):
        decided = Decided(row.id, row.region, row.specially_difficult, row.effective_on)
        found[row.place].decisions.append(decided)
    for place, it in await recognitions.placed(session, units, on, as_of):
        if place in found:
            revoked_on = it.revocation.decision_date if it.revocation else None
            found[place].recognitions.append(Recognized(it.id, it.level, it.decision_date, revoked_on))
    return list(found.values())


def _effective(units: Collection[str], on: date, as_of: datetime | None) -> Select[Any]:
    """Give one row for each commune and day of taking effect, by a day: the one recorded last."""
    lands = unit_versions_within(units, on, adds=False)
    return (
        select(
            lands.c.place,
            Classification.id,
            Classification.effective_on,
            Classification.region,
            Classification.specially_difficult,
        )
        .join(
            lands, and_(lands.c.code == Classification.land, lands.c.valid_from == Classification.land_since)
        )
        .where(Classification.effective_on <= on, _known(as_of))
        .ext(distinct_on(lands.c.place, Classification.effective_on))
        .order_by(
            lands.c.place,
            Classification.effective_on,
            Classification.recorded_at.desc(),
            Classification.id.desc(),
        )
    )


def _known(as_of: datetime | None) -> ColumnElement[bool]:
    return true() if as_of is None else Classification.recorded_at <= as_of


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(Classification.recorded_at.desc(), Classification.id.desc())
