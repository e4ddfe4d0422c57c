"""How recognitions are found, beside the assessments that they rest on. Flushes, never commits.

A recognition follows its unit only to the same land: a merged commune has to be recognized anew.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from services.rural.models import Recognition
from services.rural.recognitions.rules import Assessed, Known, ordered
from services.rural.rules import CRITERIA, missing
from shared.kit.problems import NotFound, Sentence
from shared.periods import Period
from shared.reporting.models import OBSERVATION_IN_EFFECT, EffectiveReport, Observation, Report
from shared.reporting.registers import UnitOnDay
from shared.territory.succession_queries import unit_versions_within

PATH = "/v1/rural/recognitions"


class RecognitionNotFound(NotFound):
    """No recognition has this id."""

    code = "recognition_not_found"
    detail = Sentence("Không có quyết định công nhận này.", "There is no such recognition.")


@dataclass(frozen=True, slots=True)
class Sought:
    """What a list is asked for; None leaves a question open."""

    level: str | None = None
    unit_level: str | None = None
    criteria_set: str | None = None
    year: int | None = None
    as_of: datetime | None = None


async def find(session: AsyncSession, recognition_id: uuid.UUID) -> Recognition | None:
    """Find one with what ended it, or None."""
    found: Recognition | None = await session.scalar(
        select(Recognition)
        .where(Recognition.id == recognition_id)
        .options(joinedload(Recognition.revocation))
        .execution_options(populate_existing=True)
    )
    return found


async def of_unit(session: AsyncSession, found: UnitOnDay, on: date) -> list[Recognition]:
    """Give the recognitions of a unit, wherever its land had the code before."""
    lands = unit_versions_within([found.land[0]], on, adds=False)
    rows = await session.scalars(
        select(Recognition)
        .where(
            Recognition.unit == found.unit.code
            if found.unit.level == "village"
            else Recognition.unit_level == "commune",
            tuple_(Recognition.land, Recognition.land_since).in_(select(lands.c.code, lands.c.valid_from)),
        )
        .options(joinedload(Recognition.revocation))
        .order_by(Recognition.decision_date, Recognition.id)
    )
    return list(rows)


async def of_land(session: AsyncSession, commune: str, on: date) -> list[Recognition]:
    """Give the recognitions of the commune that has a code on a day and of its villages, the oldest decision first."""
    lands = unit_versions_within([commune], on, adds=False)
    rows = await session.scalars(
        select(Recognition)
        .where(tuple_(Recognition.land, Recognition.land_since).in_(select(lands.c.code, lands.c.valid_from)))
        .options(joinedload(Recognition.revocation))
        .order_by(Recognition.decision_date, Recognition.id)
    )
    return list(rows)


async def of_village(session: AsyncSession, code: str) -> list[Recognition]:
    """Give the recognitions of a village, whose code is never given to another, the oldest decision first."""
    rows = await session.scalars(
        select(Recognition)
        .where(Recognition.unit == code)
        .options(joinedload(Recognition.revocation))
        .order_by(Recognition.decision_date, Recognition.id)
    )
    return list(rows)


def known(rows: Iterable[Recognition]) -> list[Known]:
    """Give rows as the rules see them, each with what ended it; those of a commune and of its villages keep apart."""
    of_each: dict[str, list[Known]] = defaultdict(list)
    for it in rows:
        revoked_on = it.revocation.decision_date if it.revocation else None
        one = Known(str(it.id), it.level, it.criteria_set, it.decision_date, revoked_on)
        of_each[it.unit if it.unit_level == "village" else "commune"].append(one)
    return [one for of_unit in of_each.values() for one in ordered(of_unit)]


async def assessed(session: AsyncSession, commune: str, year: int) -> tuple[Assessed | None, list[uuid.UUID]]:
    """Give what a commune's accepted assessment of a year says, and the reports that say it; None where there is none."""
    rows = await session.execute(
        select(Observation.indicator, Observation.value, Report.id, Report.document)
        .join(EffectiveReport, OBSERVATION_IN_EFFECT)
        .join(Report, Report.id == Observation.report_id)
        .where(
            Observation.year == year,
            Observation.period == str(Period(year)),
            Observation.unit == commune,
            Observation.indicator.in_(CRITERIA),
            EffectiveReport.basis == "accepted",
            EffectiveReport.until.is_(None),
        )
    )
    values: dict[str, Decimal] = {}
    papers: dict[uuid.UUID, dict[str, Any] | None] = {}
    for row in rows:
        values[row.indicator] = row.value
        papers[row.id] = row.document
    if not values:
        return None, []
    signed = [date.fromisoformat(paper["signed_on"]) for paper in papers.values() if paper]
    return Assessed(tuple(missing(values)), max(signed, default=None)), sorted(papers)


async def assessed_by_then(
    session: AsyncSession, units: Collection[str], form: str, year: int
) -> list[tuple[str, Period]]:
    """Give which of some units reported on a form, accepted, for a year or for one before it, and for which."""
    rows = await session.execute(
        select(EffectiveReport.unit, EffectiveReport.period).where(
            EffectiveReport.basis == "accepted",
            EffectiveReport.until.is_(None),
            EffectiveReport.unit.in_(units),
            EffectiveReport.form == form,
            EffectiveReport.year <= year,
        )
    )
    return [(unit, Period.parse(period)) for unit, period in rows]


def listed(units: Collection[str] | None, sought: Sought) -> Select[Any]:
    """Select recognitions of these units (as the map was on the day of each decision), newest first."""
    query = select(Recognition).where(*narrowed(sought))
    if units is not None:
        query = query.where(Recognition.line.op("&&")(literal(sorted(units), ARRAY(Text))))
    return newest_first(query)


def narrowed(sought: Sought) -> list[ColumnElement[bool]]:
    """Give the conditions that a list is narrowed by."""
    found: list[ColumnElement[bool]] = []
    for column, wanted in (
        (Recognition.level, sought.level),
        (Recognition.unit_level, sought.unit_level),
        (Recognition.criteria_set, sought.criteria_set),
        (Recognition.year, sought.year),
    ):
        if wanted is not None:
            found.append(column == wanted)
    if sought.as_of is not None:
        found.append(Recognition.recorded_at <= sought.as_of)
    return found


def newest_first(query: Select[Any]) -> Select[Any]:
    """Order a list as lists are, each recognition with what ended it."""
    return query.options(joinedload(Recognition.revocation)).order_by(
        Recognition.recorded_at.desc(), Recognition.id.desc()
    )
