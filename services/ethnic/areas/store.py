"""Queries of what the status of units follows from. Flushes, never commits.

A row of a commune or district follows it only to the same land; a commune that was merged keeps its rows as a unit that has
ended. A row of a village follows its land through a merger, because the village goes on.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.area_laws import ListLevel
from services.ethnic.areas.rules import Listing, UnitTimeline
from services.ethnic.classifications.rules import CommuneRecognition
from services.ethnic.classifications.store import find_whole_lists, to_commune_recognition
from services.ethnic.models import Classification, ClassificationList, ReceivedRecognition
from services.ethnic.recognitions.store import select_recognitions_of_lands
from shared.reporting.register_rows import is_land_of, is_recorded_by
from shared.territory.models import UnitRow
from shared.territory.succession_queries import unit_versions_within
from shared.territory.units import UnitKey


async def read_unit_timelines(
    session: AsyncSession, units: Collection[str], on: date, as_of: datetime | None
) -> list[UnitTimeline]:
    """Return the timeline up to a day of each listed unit in units of that day, villages and ended communes included.

    Five statements, whatever the number of units. `units` holds no villages.
    """
    exact, parents = await _find_exact_lands(session, units, on)
    lands = unit_versions_within(units, on, adds=True)
    query = (
        select(lands.c.unit_of_day, Classification)
        .join(lands, is_land_of(Classification, lands))
        .where(Classification.effective_on <= on, is_recorded_by(Classification, as_of))
        .order_by(Classification.recorded_at, Classification.id)
    )
    builder = _TimelineBuilder(exact, parents)
    for unit_of_day, row in await session.execute(query):
        builder.add_classification(unit_of_day, row)
    builder.add_omissions(await find_whole_lists(session, on, as_of))
    for recognition, unit_of_day in await session.execute(select_recognitions_of_lands(lands, on, as_of)):
        builder.add_recognition(unit_of_day, recognition)
    return builder.build(await _find_last_days(session, builder.list_ended()))


async def _find_exact_lands(
    session: AsyncSession, units: Collection[str], on: date
) -> tuple[dict[UnitKey, str], dict[str, str | None]]:
    """Return the unit of the day that each version of a unit is exactly the land of, and the parents of these units."""
    lands = unit_versions_within(units, on, adds=False)
    is_of_day = and_(
        UnitRow.code == lands.c.unit_of_day,
        UnitRow.valid_from <= on,
        or_(UnitRow.valid_to.is_(None), UnitRow.valid_to >= on),
    )
    rows = await session.execute(
        select(lands.c.code, lands.c.valid_from, lands.c.unit_of_day, UnitRow.parent).join(UnitRow, is_of_day)
    )
    exact: dict[UnitKey, str] = {}
    parents: dict[str, str | None] = {}
    for row in rows:
        exact[row.code, row.valid_from] = row.unit_of_day
        parents[row.unit_of_day] = row.parent
    return exact, parents


async def _find_last_days(session: AsyncSession, codes: Collection[str]) -> dict[UnitKey, date]:
    """Return the last day of each version of these codes that has ended."""
    if not codes:
        return {}
    rows = await session.execute(
        select(UnitRow.code, UnitRow.valid_from, UnitRow.valid_to).where(
            UnitRow.code.in_(codes), UnitRow.valid_to.is_not(None)
        )
    )
    return {(row.code, row.valid_from): row.valid_to for row in rows}


class TimelineKey(NamedTuple):
    """The unit of a timeline, and the first day of the version of a commune or district that has ended."""

    level: ListLevel
    code: str
    ended_since: date | None


class _TimelineBuilder:
    """Puts rows together by unit: of the day, or of a version of a commune or district that has ended."""

    def __init__(self, exact: Mapping[UnitKey, str], parents: Mapping[str, str | None]) -> None:
        self._exact = exact
        self._parents = parents
        self._timelines: dict[TimelineKey, UnitTimeline] = {}
        self._recognitions: dict[TimelineKey, list[CommuneRecognition]] = defaultdict(list)
        self._own: dict[str, list[CommuneRecognition]] = defaultdict(list)

    def add_classification(self, unit_of_day: str, row: Classification) -> None:
        """Add a row; of several for one day, unit and kind the one recorded last counts."""
        level = find_level(row.unit)
        key = self._find_key(unit_of_day, level, row)
        line = (key.code, unit_of_day) if level == "village" else (key.code,)
        timeline = self._timelines.setdefault(key, UnitTimeline(key.code, level, line))
        above = [code for code in (*row.line, self._parents.get(unit_of_day)) if code and code not in line]
        timeline.line = (*line, *above)
        listings = timeline.listings.setdefault((row.kind, row.ethnic_group), [])
        listings[:] = [listing for listing in listings if listing.effective_on != row.effective_on]
        listings.append(to_listing(row))

    def add_omissions(self, whole_lists: Iterable[ClassificationList]) -> None:
        """Add what whole lists say of the units of their level and kind that they leave out."""
        for whole in whole_lists:
            for timeline in self._timelines.values():
                if timeline.level != whole.level or whole.unit not in timeline.line:
                    continue
                for (kind, _), listings in timeline.listings.items():
                    days = {listing.effective_on for listing in listings}
                    if kind == whole.kind and whole.effective_on not in days:
                        listings.append(to_omission(whole))

    def add_recognition(self, unit_of_day: str, recognition: ReceivedRecognition) -> None:
        """Add a recognition of a commune or of a village."""
        converted = to_commune_recognition(recognition)
        if recognition.unit_level == "village":
            self._own[recognition.unit].append(converted)
        else:
            self._recognitions[self._find_key(unit_of_day, "commune", recognition)].append(converted)

    def list_ended(self) -> frozenset[str]:
        """Return the codes of communes and districts that were merged or divided since."""
        return frozenset(key.code for key in self._timelines if key.ended_since is not None)

    def build(self, last_days: Mapping[UnitKey, date]) -> list[UnitTimeline]:
        """Return the timelines, in the order of their codes; `last_days` are those of the versions that have ended."""
        for key, timeline in self._timelines.items():
            if key.ended_since is not None:
                timeline.ended_on = last_days.get((key.code, key.ended_since))
            if key.level == "village":
                timeline.own_recognitions = self._own[key.code]
                timeline.recognitions = self._recognitions[TimelineKey("commune", timeline.line[1], None)]
            else:
                timeline.recognitions = self._recognitions[key]
        return sorted(self._timelines.values(), key=lambda timeline: timeline.code)

    def _find_key(
        self, unit_of_day: str, level: ListLevel, row: Classification | ReceivedRecognition
    ) -> TimelineKey:
        if level == "village":
            return TimelineKey(level, row.unit, None)
        if (row.land, row.land_since) in self._exact:
            return TimelineKey(level, unit_of_day, None)
        return TimelineKey(level, row.unit, row.land_since)


def find_level(code: str) -> ListLevel:
    """Return the level of a unit, which the official list tells by the length of its code."""
    levels: dict[int, ListLevel] = {2: "province", 3: "district", 5: "commune"}
    return levels.get(len(code), "village")


def to_listing(row: Classification) -> Listing:
    """Convert a row."""
    return Listing(
        id=row.id,
        kind=row.kind,
        listed=row.listed,
        effective_on=row.effective_on,
        decision_number=row.decision_number,
        decided_on=row.decision_date,
        region=row.region,
        specially_difficult=row.specially_difficult,
        ethnic_group=row.ethnic_group,
        ends_on=row.ends_on,
        law=row.law,
        list_id=row.list_id,
    )


def to_omission(whole: ClassificationList) -> Listing:
    """Return what a whole list says of a unit that it leaves out."""
    return Listing(
        id=whole.id,
        kind=whole.kind,
        listed=False,
        effective_on=whole.effective_on,
        decision_number=whole.decision_number,
        decided_on=whole.decision_date,
        law=whole.law,
        list_id=whole.id,
        omitted=True,
    )
