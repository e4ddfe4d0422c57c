"""Queries of classifications. Flushes, never commits.

On a day the classification with the latest day of taking effect by then holds; of several for one day, the one recorded
last. Rows follow their commune only to the same land: a merged commune has to be classified anew.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.classifications.rules import (
    ClassificationDecision,
    CommuneRecognition,
    EffectiveClassification,
)
from services.ethnic.models import Classification, ClassificationList, ReceivedRecognition
from services.ethnic.recognitions.store import find_recognitions_in_units
from shared.kit.canonical_text import canonicalize
from shared.reporting.register_rows import is_in_units, is_land_of, is_recorded_by, order_newest_first
from shared.territory.succession_queries import unit_versions_within

PATH = "/v1/ethnic/classifications"
REGION_KIND = "region"
"""The kind of the classifications of communes by region, of which each is also posted alone."""


class Timeline(NamedTuple):
    """The classifications and recognitions of one commune."""

    classifications: list[EffectiveClassification]
    recognitions: list[CommuneRecognition]


async def find_same_decision(
    session: AsyncSession, decision: ClassificationDecision
) -> Classification | None:
    """Return the row of the same decision for the same commune and day of taking effect, or None."""
    row: Classification | None = await session.scalar(
        select(Classification).where(
            Classification.kind == REGION_KIND,
            Classification.unit == decision.unit,
            Classification.effective_on == decision.effective_on,
            Classification.decision_key == canonicalize(decision.decision_number),
            Classification.decision_date == decision.decided_on,
        )
    )
    return row


async def find_classification(session: AsyncSession, classification_id: uuid.UUID) -> Classification | None:
    """Return a classification, or None."""
    return await session.get(Classification, classification_id)


def select_classifications(units: Collection[str] | None, as_of: datetime | None) -> Select[Any]:
    """Select the classifications of communes in these units (on the map of the day of taking effect), newest first."""
    query = select(Classification).where(
        Classification.kind == REGION_KIND, is_recorded_by(Classification, as_of)
    )
    if units is not None:
        query = query.where(is_in_units(Classification, units))
    return order_newest_first(query, Classification)


def select_by_ids(ids: Collection[uuid.UUID]) -> Select[Any]:
    """Select the classifications with these ids, newest first."""
    return order_newest_first(select(Classification).where(Classification.id.in_(ids)), Classification)


async def read_timelines(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[Timeline]:
    """Return the timeline up to a day of each classified commune in units of that day. Three statements.

    A commune that a whole list leaves out is in no region from the day of the list on.
    """
    timelines: dict[str, Timeline] = defaultdict(lambda: Timeline([], []))
    lists: dict[str, set[uuid.UUID]] = defaultdict(set)
    lines: dict[str, set[str]] = defaultdict(set)
    for row in await session.execute(_select_effective(units, on, as_of)):
        timelines[row.unit_of_day].classifications.append(
            EffectiveClassification(
                row.id, row.region, row.specially_difficult, row.effective_on, row.ends_on, row.law
            )
        )
        lists[row.unit_of_day].add(row.list_id)
        lines[row.unit_of_day].update(row.line)
    for whole in await find_whole_lists(session, on, as_of, kind=REGION_KIND):
        for commune, timeline in timelines.items():
            if whole.unit in lines[commune] and whole.id not in lists[commune]:
                add_omission(timeline.classifications, whole)
    for commune, recognition in await find_recognitions_in_units(session, units, on, as_of):
        if commune in timelines:
            timelines[commune].recognitions.append(to_commune_recognition(recognition))
    return list(timelines.values())


def add_omission(classifications: list[EffectiveClassification], whole: ClassificationList) -> None:
    """Add what a whole list says of a commune that it leaves out, unless a decision for that day says something else."""
    if all(row.effective_on != whole.effective_on for row in classifications):
        left_out = EffectiveClassification(
            whole.id, None, specially_difficult=False, effective_on=whole.effective_on, law=whole.law
        )
        classifications.append(left_out)


def to_commune_recognition(recognition: ReceivedRecognition) -> CommuneRecognition:
    """Convert a received recognition, read with its revocation."""
    revocation = recognition.revocation
    return CommuneRecognition(
        recognition.id,
        recognition.level,
        recognition.effective_on,
        revocation.effective_on if revocation else None,
        recognition.decision_date,
    )


async def find_whole_lists(
    session: AsyncSession, on: date, as_of: datetime | None, kind: str | None = None
) -> list[ClassificationList]:
    """Return the lists in effect by a day that list every unit of their kind and level; of a kind or of all."""
    query = select(ClassificationList).where(
        ClassificationList.whole,
        ClassificationList.effective_on <= on,
        is_recorded_by(ClassificationList, as_of),
    )
    if kind is not None:
        query = query.where(ClassificationList.kind == kind)
    return list(await session.scalars(query))


def _select_effective(units: Collection[str], on: date, as_of: datetime | None) -> Select[Any]:
    """Select one row for each commune of a day (`unit_of_day`) and day of taking effect by then: the one recorded last."""
    lands = unit_versions_within(units, on, adds=False)
    return (
        select(
            lands.c.unit_of_day,
            Classification.id,
            Classification.effective_on,
            Classification.ends_on,
            Classification.region,
            Classification.specially_difficult,
            Classification.law,
            Classification.list_id,
            Classification.line,
        )
        .join(lands, is_land_of(Classification, lands))
        .where(
            Classification.kind == REGION_KIND,
            Classification.effective_on <= on,
            is_recorded_by(Classification, as_of),
        )
        .ext(distinct_on(lands.c.unit_of_day, Classification.effective_on))
        .order_by(
            lands.c.unit_of_day,
            Classification.effective_on,
            Classification.recorded_at.desc(),
            Classification.id.desc(),
        )
    )
