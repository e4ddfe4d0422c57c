"""How recognitions are found and kept. Flushes, never commits.

In force on a day: of the decisions by then the latest on its unit at its level, unless it was revoked by then. A recognition
follows its unit only to the same land: a merged commune has to be recognized anew.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from services.rural.criteria.sets import RecognitionLevel
from services.rural.models import Recognition, Revocation
from services.rural.recognitions.rules import Assessed, Known, ordered
from services.rural.rules import CRITERIA, missing
from shared.kit.problems import NotFound, Sentence
from shared.periods import Period
from shared.reporting.basis import instant
from shared.reporting.engine import Counted, Facts, Scope
from shared.reporting.models import Observation, Report, Standing
from shared.reporting.registers import Place, tops
from shared.territory.placing import places
from shared.territory.units import village_commune

PATH = "/v1/rural/recognitions"

COUNTED = {
    "communes_recognized": ("commune", "meets"),
    "communes_advanced": ("commune", "advanced"),
    "communes_model": ("commune", "model"),
    "villages_meeting_standard": ("village", "meets"),
    "villages_model": ("village", "model"),
}
"""The figures that are counted here, by level of the unit and of the recognition."""

CHANGES = frozenset({"unit.recognized", "unit.recognition_revoked"})
"""The changes of the feed that tell of recognitions and of their ends."""


def may_move(figure: str, facts: Facts) -> bool:
    """Tell whether a recognition, or the end of one, may move the count of a figure."""
    return COUNTED[figure] == (facts["unit_level"], facts["level"])


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


async def of_unit(session: AsyncSession, found: Place, on: date) -> list[Recognition]:
    """Give the recognitions of a unit, wherever its land had the code before."""
    lands = places([found.land[0]], on, adds=False)
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
    lands = places([commune], on, adds=False)
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


async def held_by(
    session: AsyncSession, communes: Collection[str], on: date, as_of: datetime | None = None
) -> dict[str, list[tuple[str, str]]]:
    """Give the levels and sets that communes of a day hold on it, by commune. One statement."""
    rows = _in_force(communes, on, as_of).subquery()
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in await session.execute(select(rows).where(rows.c.unit_level == "commune")):
        found[row.place].append((row.level, row.criteria_set))
    return found


async def levels_of(
    session: AsyncSession, villages: Collection[str], on: date
) -> dict[str, set[RecognitionLevel]]:
    """Give the levels that villages hold on a day, by village. One statement."""
    rows = _in_force(villages, on, None).subquery()
    found: dict[str, set[RecognitionLevel]] = defaultdict(set)
    for row in await session.execute(select(rows.c.unit, rows.c.level)):
        found[row.unit].add(row.level)
    return found


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
        .join(Standing, Standing.report_id == Observation.report_id)
        .join(Report, Report.id == Observation.report_id)
        .where(
            Observation.year == year,
            Observation.period == str(Period(year)),
            Observation.unit == commune,
            Observation.indicator.in_(CRITERIA),
            Standing.basis == "accepted",
            Standing.until.is_(None),
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
        select(Standing.unit, Standing.period).where(
            Standing.basis == "accepted",
            Standing.until.is_(None),
            Standing.unit.in_(units),
            Standing.form == form,
            Standing.year <= year,
        )
    )
    return [(unit, Period.parse(period)) for unit, period in rows]


def listed(units: Collection[str] | None, sought: Sought) -> Select[Any]:
    """Select recognitions of these units (as the map was on the day of each decision), newest first."""
    query = select(Recognition).where(*_asked(sought))
    if units is not None:
        query = query.where(Recognition.line.op("&&")(literal(sorted(units), ARRAY(Text))))
    return _newest_first(query)


def in_force(units: Collection[str], on: date, sought: Sought) -> Select[Any]:
    """Select the recognitions of units of a day that are in force on it: each unit's latest decision at each level."""
    rows = _in_force(units, on, sought.as_of).subquery()
    return _newest_first(select(Recognition).where(Recognition.id.in_(select(rows.c.id)), *_asked(sought)))


class UnderSet(NamedTuple):
    """How many units hold a level under a set."""

    unit_level: str
    level: str
    criteria_set: str
    units: int


async def by_set(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[UnderSet]:
    """Count the units that are recognized on a day, by level and by the set under which they are. One statement."""
    rows = _in_force(units, on, as_of).subquery()
    keys = (rows.c.unit_level, rows.c.level, rows.c.criteria_set)
    found = await session.execute(select(*keys, func.count()).group_by(*keys))
    return [UnderSet(*row) for row in found]


async def count(session: AsyncSession, scope: Scope) -> dict[str, Counted]:
    """Count recognized communes and villages, for the engine. One statement."""
    rows = _in_force(scope.units, scope.on, scope.as_of).subquery()
    numbers = select(
        *(
            func.count(rows.c.unit.distinct())
            .filter(rows.c.unit_level == unit_level, rows.c.level == level)
            .label(figure)
            for figure, (unit_level, level) in COUNTED.items()
        )
    )
    found = (await session.execute(numbers)).one()._mapping  # noqa: SLF001 (SQLAlchemy's public name)
    return {figure: Counted(found[figure], _lineage(scope, *asked)) for figure, asked in COUNTED.items()}


def _lineage(scope: Scope, unit_level: str, level: str) -> str:
    query = {
        "unit": tops(scope.units),
        "unit_level": unit_level,
        "level": level,
        "in_force_on": scope.on.isoformat(),
    }
    if scope.as_of:
        query["as_of"] = instant(scope.as_of) or ""
    return f"{PATH}?{urlencode(query, safe=',:')}"


def _in_force(units: Collection[str], on: date, as_of: datetime | None) -> Select[*tuple[Any, ...]]:
    """Select what is in force on a day in units of that day; a village asked for without its commune stands for itself.

    Of the decisions by that day the latest on each unit at each level counts, unless it was revoked by then.
    """
    communes = {code for code in units if village_commune(code) is None}
    alone = {
        code: commune for code in units if (commune := village_commune(code)) and commune not in communes
    }
    lands = places({*communes, *alone.values()}, on, adds=False)
    whose = case((Recognition.unit_level == "village", Recognition.unit), else_=lands.c.place)
    latest = (
        select(
            Recognition.id,
            Recognition.unit,
            Recognition.unit_level,
            Recognition.level,
            Recognition.criteria_set,
            lands.c.place,
        )
        .join(lands, and_(lands.c.code == Recognition.land, lands.c.valid_from == Recognition.land_since))
        .where(
            Recognition.decision_date <= on,
            true() if as_of is None else Recognition.recorded_at <= as_of,
            or_(lands.c.place.in_(communes), Recognition.unit.in_(alone)) if alone else true(),
        )
        .ext(distinct_on(whose, Recognition.level))
        .order_by(whose, Recognition.level, Recognition.decision_date.desc(), Recognition.id.desc())
        .subquery("latest")
    )
    ended = (
        select(Revocation.recognition_id)
        .where(
            Revocation.recognition_id == latest.c.id,
            Revocation.decision_date <= on,
            true() if as_of is None else Revocation.recorded_at <= as_of,
        )
        .exists()
    )
    return select(latest).where(~ended)


def _asked(sought: Sought) -> list[ColumnElement[bool]]:
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


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.options(joinedload(Recognition.revocation)).order_by(
        Recognition.recorded_at.desc(), Recognition.id.desc()
    )
