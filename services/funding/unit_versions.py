"""Units as holders of money: a code and the first day on which it means this land. Pure.

Codes are given again with another meaning, so a code alone does not identify the unit of a line; and a unit whose parent or
name changed keeps its money. Which lots are below a unit is looked up on the last day of the budget year on which it existed.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from shared.kit.problems import Fault, Sentence
from shared.territory.tree import Territory
from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight, Unit, UnknownUnit

DAY = timedelta(days=1)

UnitVersion = tuple[str, date]
"""The code of a unit and the first day on which it means this land."""


def find_unit_version(territory: Territory, code: str, on: date) -> UnitVersion:
    """Return the unit that has this code on a day; raises `UnknownUnit`."""
    unit = territory.unit(code, on)
    while True:
        try:
            (before,) = territory.map_onto(code, unit.valid_from, unit.valid_from - DAY)
        except NoCounterpartOnMap:
            return unit.key
        if before.unit.code != code or not before.unchanged:
            return unit.key
        unit = before.unit


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
        shares = territory.map_onto(*unit_version, on)
    except (NoCounterpartOnMap, SplitWithoutWeight):
        return False
    return all(territory.is_within(share.unit.code, root.code, on) for share in shares)
