"""The functions that the registers of all programs share: find a unit on a day, check a decision, answer what was recorded.

A register records decisions in rows that are never changed; what is in force on a day is computed from their dates. A row
has the code of its unit with the first day of that unit, and the units above it on the day of the decision. So a list can be
read by any of these units after the map has changed.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Response, status

from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, Invalid, Sentence, make_fault
from shared.kit.query_lists import CommaSeparated
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.field_types import UnitCode
from shared.territory.rights import is_granted, make_refusal
from shared.territory.tree import Territory
from shared.territory.units import (
    LEVEL_NAMES,
    UNIT_UNKNOWN,
    UNIT_UNKNOWN_ON_DATE,
    Level,
    NoCounterpartOnMap,
    SplitWithoutWeight,
    Unit,
    UnknownUnit,
    UnknownUnitOnDate,
)
from shared.territory.villages.store import with_villages

DECISION_IN_FUTURE = Sentence(
    "Quyết định đề ngày {date}, sau ngày hôm nay ({today}).",
    "The decision is dated {date}, after today ({today}).",
)
UNIT_LEVEL = Sentence(
    "Đơn vị {unit} thuộc cấp {level}; cần cấp {levels}.",
    "The unit {unit} is a {level}; wanted: {levels}.",
)

RowT = TypeVar("RowT")

UnitsQuery = Annotated[
    list[UnitCode] | None,
    CommaSeparated,
    Query(
        max_length=100,
        description="only these units (codes separated by commas or repeated) and those below them; without a day in the "
        "request, on the map of the day of each row",
    ),
]


@dataclass(frozen=True, slots=True)
class UnitOnDay:
    """A unit on a day; `line` is its own code and those of the units above it, the nearest first."""

    unit: Unit
    line: tuple[str, ...]
    land: tuple[str, date]
    """The code and first day of the unit that names the land: for a village, its commune."""
    on: date

    def to_columns(self) -> dict[str, Any]:
        """Return the columns of a register row that identify the unit."""
        code, since = self.land
        return {"unit": self.unit.code, "land": code, "land_since": since, "line": list(self.line)}


@dataclass(frozen=True)
class RegisterResult(Generic[RowT]):
    """A row of a register, and whether this request inserted or changed it."""

    row: RowT
    created: bool


def locate_unit(
    territory: Territory, code: str, on: date, *, levels: Sequence[Level], at: str = "/unit"
) -> UnitOnDay | Fault:
    """Return the unit of a code on a day, or the fault of the code: unknown, unknown on the day, or of another level."""
    try:
        unit = territory.unit(code, on)
    except UnknownUnitOnDate as refusal:
        return make_fault(at, "unit_unknown_on_date", UNIT_UNKNOWN_ON_DATE, **refusal.facts)
    except UnknownUnit:
        return make_fault(at, "unit_unknown", UNIT_UNKNOWN, unit=code[:20])
    if unit.level not in levels:
        names = [LEVEL_NAMES[level] for level in levels]
        level_names = Sentence(", ".join(name.vi for name in names), ", ".join(name.en for name in names))
        own = LEVEL_NAMES[unit.level]
        return make_fault(at, "unit_level_wrong", UNIT_LEVEL, unit=code, level=own, levels=level_names)
    above = territory.ancestors(code, on)
    land = above[0] if unit.level == "village" else unit
    return UnitOnDay(unit, (code, *(upper.code for upper in above)), land.key, on)


async def locate_body_unit(
    context: ReportingContext,
    draft: PartialBody[Any],
    code: str,
    on: date,
    *,
    levels: Sequence[Level],
    dated_by: str,
) -> UnitOnDay | Fault | None:
    """Return the unit of a body on its day, or its fault; None where the code, or the field of the day, has a fault already.

    Without a day, a code that no unit ever had is a fault.
    """
    if "unit" in draft.unread:
        return None
    territory = await with_villages(context.session, context.territory, [code])
    if dated_by in draft.unread:
        return find_unknown_unit(territory, code, "/unit")
    return locate_unit(territory, code, on, levels=levels)


def find_unknown_unit(territory: Territory, code: str, at: str) -> Fault | None:
    """Return the fault of a code that no unit ever had."""
    try:
        territory.versions(code)
    except UnknownUnit:
        return make_fault(at, "unit_unknown", UNIT_UNKNOWN, unit=code[:20])
    return None


def require_valid(
    context: ReportingContext,
    draft: PartialBody[Any],
    unit: UnitOnDay | Fault | None,
    faults: Iterable[Fault] = (),
    *,
    decided_on: date | None = None,
) -> UnitOnDay:
    """Return the unit of a body; raise `Invalid` with every fault of it, then `UnitNotGranted`."""
    every_fault = [*draft.faults, *faults]
    if isinstance(unit, Fault):
        every_fault.append(unit)
    if decided_on is not None and "decision" not in draft.unread:
        every_fault += find_future_date_faults(decided_on, context)
    if every_fault or not isinstance(unit, UnitOnDay):
        raise Invalid(faults=every_fault)
    require_granted(context, unit)
    return unit


def find_unchanged_counterpart(territory: Territory, code: str, on: date, day: date) -> str | None:
    """Return the code on another day of exactly the land of a unit; None where it was merged or divided."""
    try:
        (share, *more) = territory.map_onto(code, on, day)
    except (NoCounterpartOnMap, SplitWithoutWeight):
        return None
    return share.unit.code if share.unchanged and not more else None


def require_granted(context: ReportingContext, unit: UnitOnDay) -> None:
    """Raise `UnitNotGranted` for a unit that is not below a granted one in the tree of its day.

    A village may have been registered since this process read its villages.
    """
    territory = context.territory
    if unit.unit.level == "village" and territory.find(unit.unit.code, unit.on) is None:
        territory = territory.with_units((unit.unit,))
    if not is_granted(territory, unit.line, unit.on, context.caller.units):
        raise make_refusal(territory, unit.unit.code, unit.line, unit.on, context.caller.units)


def find_future_date_faults(
    on: date, context: ReportingContext, at: str = "/decision/date"
) -> Iterator[Fault]:
    """Return the fault of a decision that is dated after today."""
    today = local_day(context.now)
    if on > today:
        yield make_fault(at, "decision_in_future", DECISION_IN_FUTURE, date=on, today=today)


def set_created_or_existing(response: Response, path: str, *, created: bool) -> None:
    """Set status 201 for a new row and 200 for an existing one, and the Location of the row."""
    response.status_code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
    response.headers["Location"] = path


def require_units(territory: Territory, codes: list[str] | None) -> list[str] | None:
    """Return the codes of the parameter `unit`, of any day; raise `UnknownUnit` for a code that no unit ever had."""
    for code in codes or ():
        territory.versions(code)
    return codes


def expand_units(territory: Territory, roots: Collection[str] | None, on: date) -> frozenset[str]:
    """Return the codes of the parameter `unit` and everything below them on a day; without it all units of the day."""
    if roots is None:
        return frozenset(unit.code for unit in territory.units(on))
    codes: set[str] = set()
    for code in roots:
        codes |= {code, *(unit.code for unit in territory.descendants(code, on))}
    return frozenset(codes)


def topmost_units(units: Collection[str]) -> str:
    """Return the highest of some units as the parameter `unit` of a list; codes are longer at lower levels."""
    highest = min(map(len, units), default=0)
    return ",".join(sorted(code for code in units if len(code) == highest))
