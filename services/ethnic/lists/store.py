"""Queries and inserts of lists. Flushes, never commits."""

import uuid
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.models import Classification, ClassificationList
from shared.kit.canonical_text import canonicalize
from shared.reporting.register_rows import is_in_units, is_recorded_by, order_newest_first

PATH = "/v1/ethnic/lists"


async def find_same_list(session: AsyncSession, candidate: ClassificationList) -> ClassificationList | None:
    """Return the list of the same decision, kind, level, unit and day of taking effect, or None."""
    same: ClassificationList | None = await session.scalar(
        select(ClassificationList).where(
            ClassificationList.unit == candidate.unit,
            ClassificationList.kind == candidate.kind,
            ClassificationList.level == candidate.level,
            ClassificationList.effective_on == candidate.effective_on,
            ClassificationList.decision_key == canonicalize(candidate.decision_number),
            ClassificationList.decision_date == candidate.decision_date,
        )
    )
    return same


async def insert_rows(session: AsyncSession, rows: Iterable[dict[str, Any]]) -> None:
    """Insert the rows of a list."""
    await session.execute(insert(Classification), list(rows))


async def find_list(session: AsyncSession, list_id: uuid.UUID) -> ClassificationList | None:
    """Return a list, or None."""
    return await session.get(ClassificationList, list_id)


def select_lists(
    units: Collection[str] | None,
    kind: str | None,
    level: str | None,
    on: date | None,
    as_of: datetime | None,
) -> Select[Any]:
    """Select the lists of these units, kinds and levels, newest first; with a day those whose days hold it."""
    query = select(ClassificationList).where(is_recorded_by(ClassificationList, as_of))
    if units is not None:
        query = query.where(is_in_units(ClassificationList, units))
    if kind is not None:
        query = query.where(ClassificationList.kind == kind)
    if level is not None:
        query = query.where(ClassificationList.level == level)
    if on is not None:
        query = query.where(
            ClassificationList.effective_on <= on,
            ClassificationList.ends_on.is_(None) | (ClassificationList.ends_on >= on),
        )
    return order_newest_first(query, ClassificationList)


def select_rows(list_id: uuid.UUID) -> Select[Any]:
    """Select the rows of a list in their order."""
    return select(Classification).where(Classification.list_id == list_id).order_by(Classification.row_number)
