"""How classifications are found and kept. Flushes, never commits.

What a commune is on a day is its row with the latest day of taking effect by then; of several rows for one day the one
recorded last holds. Rows follow their commune only to the same land: a merged commune has to be classified anew.
"""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, func, literal, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.classifications.rules import Stated
from services.ethnic.models import Classification
from shared.reporting.basis import instant
from shared.reporting.engine import Counted, Scope
from shared.reporting.registers import tops
from shared.territory.placing import places

PATH = "/v1/ethnic/classifications"
LEFT = "communes_left_special_difficulty"


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


def standing(units: Collection[str], on: date, as_of: datetime | None) -> Select[Any]:
    """Select what each commune in these units of a day is on that day."""
    held = _held(units, on, as_of).subquery()
    return _newest_first(select(Classification).where(Classification.id.in_(select(held.c.id))))


def left(units: Collection[str], first: date, last: date, as_of: datetime | None) -> Select[Any]:
    """Select the rows by which communes left special difficulty within a period and were still out at its end.

    A commune left when the latest row effective by the period's last day says that it is not in special difficulty, and
    an earlier one, in force on the day before the period or taking effect within it, says that it was.
    """
    rows = _effective(units, last, as_of).subquery()
    following = func.lead(rows.c.effective_on).over(partition_by=rows.c.place, order_by=rows.c.effective_on)
    spans = select(rows, following.label("following")).subquery()
    was = select(spans.c.place).where(spans.c.specially_difficult, spans.c.following >= first)
    out = select(spans.c.id).where(
        spans.c.following.is_(None), ~spans.c.specially_difficult, spans.c.place.in_(was)
    )
    return _newest_first(select(Classification).where(Classification.id.in_(out)))


async def count_left(session: AsyncSession, scope: Scope) -> dict[str, Counted]:
    """Count the communes that left special difficulty, for the engine. One statement."""
    first, last = scope.period.starts_on, scope.period.ends_on
    chosen = left(scope.units, first, last, scope.as_of).order_by(None).subquery()
    number = await session.scalar(select(func.count()).select_from(chosen))
    query = {"unit": tops(scope.units), "left_in": str(scope.period)}
    if scope.as_of:
        query["as_of"] = instant(scope.as_of) or ""
    return {LEFT: Counted(number or 0, f"{PATH}?{urlencode(query, safe=',:')}")}


def _held(units: Collection[str], on: date, as_of: datetime | None) -> Select[Any]:
    rows = _effective(units, on, as_of).subquery()
    query = select(rows.c.id).ext(distinct_on(rows.c.place))
    return query.order_by(rows.c.place, rows.c.effective_on.desc())


def _effective(units: Collection[str], on: date, as_of: datetime | None) -> Select[Any]:
    """Give one row for each commune and day of taking effect, by a day: the one recorded last."""
    lands = places(units, on, adds=False)
    return (
        select(
            lands.c.place,
            Classification.id,
            Classification.effective_on,
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
