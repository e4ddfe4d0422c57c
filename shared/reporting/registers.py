"""What the registers of all programs do alike: place a unit on a day, look at a decision, answer what was kept.

A register keeps what was decided in rows that are only ever added; what is in force on a day is computed from their
dates. A row keeps the unit's code with the first day of that meaning, and the units that held it on the day of which it
speaks, so a list can be asked by any of them long after the map has changed.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, Invalid, Sentence, make_fault
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.territory.store import find_villages
from shared.territory.tree import Territory
from shared.territory.units import (
    LEVEL_NAMES,
    UNIT_UNKNOWN,
    UNIT_UNKNOWN_ON_DATE,
    Level,
    NoCounterpartOnMap,
    SplitWithoutWeight,
    Unit,
    UnitNotGranted,
    UnknownUnit,
    UnknownUnitOnDate,
    to_commune_code,
)

DECISION_IN_FUTURE = Sentence(
    "Quyết định đề ngày {date}, sau ngày hôm nay ({today}).",
    "The decision is dated {date}, after today ({today}).",
)
UNIT_LEVEL = Sentence(
    "Đơn vị {unit} thuộc cấp {level}; cần cấp {levels}.",
    "The unit {unit} is a {level}; wanted: {levels}.",
)

Row = TypeVar("Row")

UnitsQuery = Annotated[
    str | None,
    Query(
        min_length=2,
        max_length=400,
        description="only these units (codes separated by commas) and what lies below them; without a day in the "
        "question, as the map was on the day of each row",
    ),
]


@dataclass(frozen=True, slots=True)
class UnitOnDay:
    """A unit on a day, with what held it: `line` is its own code and those above, the nearest first."""

    unit: Unit
    line: tuple[str, ...]
    land: tuple[str, date]
    """The code and first day of the meaning that names the land: a village's is its commune's."""

    def columns(self) -> dict[str, Any]:
        """Give what a row of a register keeps of the place, by the names of its columns."""
        code, since = self.land
        return {"unit": self.unit.code, "land": code, "land_since": since, "line": list(self.line)}


@dataclass(frozen=True)
class RegisterResult(Generic[Row]):
    """A row that is kept, and whether this request made or changed it."""

    row: Row
    created: bool


async def with_villages(session: AsyncSession, territory: Territory, codes: Collection[str]) -> Territory:
    """Give the tree with these villages, which another process may have registered since this one started."""
    villages = [code for code in codes if to_commune_code(code)]
    if not villages:
        return territory
    known = {each.key for code in villages if _has(territory, code) for each in territory.versions(code)}
    new = [each for each in await find_villages(session, villages) if each.key not in known]
    return territory.with_units(new) if new else territory


def _has(territory: Territory, code: str) -> bool:
    try:
        return bool(territory.versions(code))
    except UnknownUnit:
        return False


def locate_unit(
    territory: Territory, code: str, on: date, *, levels: Sequence[Level], at: str = "/unit"
) -> UnitOnDay | Fault:
    """Find a unit of one of these levels on a day, or tell what is wrong with its code."""
    try:
        unit = territory.unit(code, on)
    except UnknownUnitOnDate:
        return make_fault(at, "unit_unknown_on_date", UNIT_UNKNOWN_ON_DATE, unit=code, on=on)
    except UnknownUnit:
        return make_fault(at, "unit_unknown", UNIT_UNKNOWN, unit=code[:20])
    if unit.level not in levels:
        names = [LEVEL_NAMES[each] for each in levels]
        wanted = Sentence(", ".join(each.vi for each in names), ", ".join(each.en for each in names))
        own = LEVEL_NAMES[unit.level]
        return make_fault(at, "unit_level_wrong", UNIT_LEVEL, unit=code, level=own, levels=wanted)
    above = territory.ancestors(code, on)
    land = above[0] if unit.level == "village" else unit
    return UnitOnDay(unit, (code, *(each.code for each in above)), land.key)


async def locate_body_unit(
    context: ReportingContext,
    draft: PartialBody[Any],
    code: str,
    on: date,
    *,
    levels: Sequence[Level],
    dated_by: str,
) -> UnitOnDay | Fault | None:
    """Find the unit that a draft speaks of on its day; None where the code, or the field that gives the day, is unread."""
    if {"unit", dated_by} & draft.unread:
        return None
    territory = await with_villages(context.session, context.territory, [code])
    return locate_unit(territory, code, on, levels=levels)


def require_valid(
    context: ReportingContext,
    draft: PartialBody[Any],
    found: UnitOnDay | Fault | None,
    faults: Iterable[Fault] = (),
    *,
    decided_on: date | None = None,
) -> UnitOnDay:
    """Give the place of which a draft speaks, or refuse the draft: every fault of it first, then a place not granted."""
    every = [*draft.faults, *faults]
    if isinstance(found, Fault):
        every.append(found)
    if decided_on is not None and "decision" not in draft.unread:
        every += find_future_date_faults(decided_on, context)
    if every or not isinstance(found, UnitOnDay):
        raise Invalid(faults=every)
    require_granted(context, found)
    return found


def find_unchanged_counterpart(territory: Territory, code: str, on: date, day: date) -> str | None:
    """Give the code that exactly the land of a unit of one day has on another; None where it was merged or divided."""
    try:
        (share, *more) = territory.map_onto(code, on, day)
    except (NoCounterpartOnMap, SplitWithoutWeight):
        return None
    return share.unit.code if share.unchanged and not more else None


def require_granted(context: ReportingContext, found: UnitOnDay) -> None:
    """Refuse a place outside what the caller was granted; rights follow the tree of the day it was found on."""
    if not context.caller.units.intersection(found.line):
        raise UnitNotGranted(unit=found.unit.code)


def find_future_date_faults(
    on: date, context: ReportingContext, at: str = "/decision/date"
) -> Iterator[Fault]:
    """Tell that a decision is dated after today."""
    today = local_day(context.now)
    if on > today:
        yield make_fault(at, "decision_in_future", DECISION_IN_FUTURE, date=on, today=today)


def set_created_or_existing(response: Response, path: str, *, created: bool) -> None:
    """Answer 201 for what this request kept, 200 for what was kept before, and where it is."""
    response.status_code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
    response.headers["Location"] = path


def parse_units(territory: Territory, asked: str | None) -> list[str] | None:
    """Give the units asked about, on whatever day they stood, or None; refuses a code that nobody ever had."""
    if asked is None:
        return None
    codes = asked.split(",")
    for code in codes:
        territory.versions(code)
    return codes


def expand_units(territory: Territory, asked: str | None, on: date) -> frozenset[str]:
    """Give the units asked about and everything below them on a day; all that stood where nobody asked."""
    if asked is None:
        return frozenset(each.code for each in territory.units(on))
    found: set[str] = set()
    for code in asked.split(","):
        found |= {code, *(each.code for each in territory.descendants(code, on))}
    return frozenset(found)


def topmost_units(units: Collection[str]) -> str:
    """Name a scope's units by the highest of them, as `unit` of a list takes them: codes grow longer downwards."""
    highest = min(map(len, units), default=0)
    return ",".join(sorted(code for code in units if len(code) == highest))
