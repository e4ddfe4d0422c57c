"""Units as holders of money, and which client may record entries for them. Pure.

Codes are given again with another meaning, so the unit of a line is a code and the first day on which it means this land; a
unit whose parent or name changed keeps its money. Which lots are below a unit is looked up on the last day of the budget
year on which it existed. Rights follow the tree of units of the day.

Problem
└── Forbidden
    ├── ProgramNotGranted      program_not_granted      the program was not granted to the client
    ├── UnitNotGranted         unit_not_granted         the unit was not granted to the client
    └── GivenFromAbove         given_from_above         the money comes from the unit above
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Protocol

from shared.kit.problems import Fault, Forbidden, Problem, Sentence
from shared.periods import ONE_DAY
from shared.territory.rights import is_granted, make_refusal
from shared.territory.tree import Territory
from shared.territory.units import (
    NoCounterpartOnMap,
    SplitWithoutWeight,
    Unit,
    UnknownUnit,
)

UnitVersion = tuple[str, date]
"""The code of a unit and the first day on which it means this land."""


class ProgramNotGranted(Forbidden):
    """The program was not granted to the client."""

    code = "program_not_granted"
    detail = Sentence(
        "Ứng dụng không được giao chương trình {program}.",
        "The client was not granted the program {program}.",
    )


class GivenFromAbove(Forbidden):
    """Central money is given to a unit by the unit above, never by itself."""

    code = "given_from_above"
    detail = Sentence(
        "Vốn {source} do {giver} giao cho đơn vị {unit}; cần quyền đối với {giver}.",
        "Money of the source {source} is given to the unit {unit} by {giver}; rights over {giver} are needed.",
    )


class Grants(Protocol):
    """A client and what was granted to it."""

    @property
    def client_id(self) -> str:
        """The client."""

    @property
    def programs(self) -> Collection[str]:
        """Codes of programs."""

    @property
    def units(self) -> Collection[str]:
        """Codes of units; each includes all units below it."""

    def __hash__(self) -> int: ...


def find_unit_version(territory: Territory, code: str, on: date) -> UnitVersion:
    """Return the unit that has this code on a day; raises `UnknownUnit`."""
    unit = territory.unit(code, on)
    while True:
        try:
            (before,) = territory.map_onto(code, unit.valid_from, unit.valid_from - ONE_DAY)
        except NoCounterpartOnMap:
            return unit.key
        if before.unit.code != code or not before.unchanged:
            return unit.key
        unit = before.unit


def find_last_day(territory: Territory, unit_version: UnitVersion, until: date) -> date:
    """Return the last day until a given one on which a unit existed."""
    code, since = unit_version
    last_day = since
    for unit in territory.versions(code):
        is_same = find_unit_version(territory, code, unit.valid_from) == unit_version
        if is_same and unit.valid_from <= until:
            last_day = min(until, unit.valid_to or until)
    return last_day


def find_last_existing_day(territory: Territory, code: str, day: date) -> date:
    """Return a day or, where no unit has the code on it, the last day before on which one had; a day before all of them as it is."""
    if territory.find(code, day) is not None:
        return day
    try:
        versions = territory.versions(code)
    except UnknownUnit:
        return day
    ends = [unit.valid_to for unit in versions if unit.valid_to is not None and unit.valid_to < day]
    return max(ends, default=day)


def find_unit_fault(territory: Territory, code: str, on: date | None, pointer: str = "/unit") -> Fault | None:
    """Return the fault that a unit does not exist on a day, or without a day that the code never existed; else None."""
    try:
        territory.versions(code) if on is None else territory.unit(code, on)
    except UnknownUnit as refusal:
        sentence = Sentence(
            refusal.detail.render("vi", refusal.facts), refusal.detail.render("en", refusal.facts)
        )
        return Fault(pointer, refusal.code, sentence)
    return None


def find_unit_of_year(territory: Territory, code: str, year: int) -> tuple[Unit, date]:
    """Return a unit and the last day of a budget year on which it existed; raises `UnknownUnit`."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    for unit in reversed(territory.versions(code)):
        if unit.valid_from <= last and (unit.valid_to is None or unit.valid_to >= first):
            return unit, min(unit.valid_to or last, last)
    return territory.unit(code, last), last


def find_latest_unit(territory: Territory, code: str, today: date) -> tuple[Unit, date]:
    """Return the latest unit of a code and its last day until today; raises `UnknownUnit`."""
    unit = territory.versions(code)[-1]
    return unit, max(unit.valid_from, min(unit.valid_to or today, today))


def find_versions_below(
    territory: Territory, root: Unit, on: date, unit_versions: Iterable[UnitVersion]
) -> list[UnitVersion]:
    """Return those of some units whose land lies in the root on a day, wherever it lay before."""
    return [version for version in unit_versions if _lies_in(territory, version, root, on)]


def _lies_in(territory: Territory, unit_version: UnitVersion, root: Unit, on: date) -> bool:
    try:
        shares = territory.map_onto(*unit_version, on, within=root.code)
    except (NoCounterpartOnMap, SplitWithoutWeight):
        return False
    return all(territory.is_within(share.unit.code, root.code, on) for share in shares)


def find_refusal(grants: Grants, territory: Territory, program: str, unit: str, on: date) -> Problem | None:
    """Return why a client may not write for a program and a unit on a day; None where it may."""
    if program not in grants.programs:
        return ProgramNotGranted(program=program)
    line = territory.line(unit, on)
    if not is_granted(territory, line, on, grants.units):
        return make_refusal(territory, unit, line, on, grants.units)
    return None


def find_refusal_for_version(
    grants: Grants, territory: Territory, program: str, unit_version: UnitVersion, days: tuple[date, date]
) -> Problem | None:
    """Return why a client may not write about a unit version between two days; None where it may.

    Rights over a unit that ended follow its land: who answers for all of it on the last day may write about it.
    """
    first, last = days
    unit_day = find_last_day(territory, unit_version, first)
    code = unit_version[0]
    refusal = find_refusal(grants, territory, program, code, unit_day)
    if refusal is None or find_last_day(territory, unit_version, last) >= last:
        return refusal
    try:
        counterparts = territory.map_onto(code, unit_day, last)
    except (NoCounterpartOnMap, SplitWithoutWeight):
        return refusal
    refusals = [find_refusal(grants, territory, program, share.unit.code, last) for share in counterparts]
    return refusal if any(refusals) else None


def find_giver_refusal(
    grants: Grants, territory: Territory, source: str, unit: str, days: tuple[date, date]
) -> Problem | None:
    """Return why a client may not give money to a unit that the unit above gives it to; None where it may.

    A province is given its money by the central government, which is no unit here. Who answers on the second day for the land
    of a unit that gave on the first one, and ended, may give in its place.
    """
    on, today = days
    giver = territory.unit(unit, on).parent
    if giver is None or is_granted(territory, territory.line(giver, on), on, grants.units):
        return None
    if today > on and territory.find(giver, today) is None:
        answering = territory.unit_or_successor(giver, today).code
        if is_granted(territory, territory.line(answering, today), today, grants.units):
            return None
    return GivenFromAbove(source=source, unit=unit, giver=giver)
