"""Where money lies: a unit by its code and the day since when that code means this land.

Codes are given again with another meaning, so a code alone does not name a line's unit; and a unit that only changed its
parent or name keeps its money. Which lots lie below a unit is asked of the territory, on the last day of the budget year
on which that unit stood.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from shared.kit.problems import Fault, Sentence
from shared.territory.tree import Territory
from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight, Unit, UnknownUnit

DAY = timedelta(days=1)

UnitVersion = tuple[str, date]
"""A unit's code and the day since when it means this land."""


def unit_version_on(territory: Territory, code: str, on: date) -> UnitVersion:
    """Find the unit that has this code on a day; refuses an unknown one."""
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
    """Tell that a unit does not stand on a day, or where the day could not be read that nobody ever had the code."""
    try:
        territory.versions(code) if on is None else territory.unit(code, on)
    except UnknownUnit as refusal:
        said = Sentence(
            refusal.detail.render("vi", refusal.facts), refusal.detail.render("en", refusal.facts)
        )
        return Fault(pointer, refusal.code, said)
    return None


def find_unit_of_year(territory: Territory, code: str, year: int) -> tuple[Unit, date]:
    """Find a unit and the last day of a budget year on which it stood; refuses one that did not stand that year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    for unit in reversed(territory.versions(code)):
        if unit.valid_from <= last and (unit.valid_to is None or unit.valid_to >= first):
            return unit, min(unit.valid_to or last, last)
    return territory.unit(code, last), last


def find_latest_unit(territory: Territory, code: str, today: date) -> tuple[Unit, date]:
    """Find the latest meaning of a code and the last day that it has had so far."""
    unit = territory.versions(code)[-1]
    return unit, max(unit.valid_from, min(unit.valid_to or today, today))


def unit_versions_below(
    territory: Territory, root: Unit, on: date, places: Iterable[UnitVersion]
) -> list[UnitVersion]:
    """Give the places that lie in a unit on a day, wherever they lay before."""
    return [place for place in places if _lies_in(territory, place, root, on)]


def _lies_in(territory: Territory, place: UnitVersion, root: Unit, on: date) -> bool:
    try:
        shares = territory.map_onto(*place, on)
    except (NoCounterpartOnMap, SplitWithoutWeight):
        return False
    return all(territory.is_within(share.unit.code, root.code, on) for share in shares)
