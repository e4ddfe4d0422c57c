"""The units of one level in a unit on a day, for maps. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from shared.kit.problems import Invalid, Sentence, make_fault
from shared.territory.tree import Territory
from shared.territory.units import KINDS, LEVEL_NAMES, Unit

ShownLevel = Literal["province", "district", "commune"]
"""The levels of which a map shows every unit."""

LEVEL_NOT_ON_MAP = Sentence(
    "Trên bản đồ ngày {on}, đơn vị {unit} không có {level} nào.",
    "On the map of {on} there is no {level} in the unit {unit}.",
)


def find_level_below(territory: Territory, top: Unit, on: date) -> ShownLevel:
    """Return the highest level below a unit that has units on a day; of a commune its own."""
    if top.level in ("district", "commune"):
        return "commune"
    return "district" if territory.districts(top.code, on) else "commune"


def list_units_of_level(territory: Territory, top: Unit, level: ShownLevel, on: date) -> list[Unit]:
    """Return the units of a level at and below a unit on a day, by code; raise `Invalid` where there is none."""
    units = list(_iterate_units(territory, top, level, on))
    if not units:
        facts = {"on": on, "unit": top.code, "level": LEVEL_NAMES[level]}
        raise Invalid(faults=[make_fault("/query/level", "level_not_on_map", LEVEL_NOT_ON_MAP, **facts)])
    return sorted(units, key=lambda unit: unit.code)


def has_level(territory: Territory, top: Unit, level: ShownLevel, on: date) -> bool:
    """Whether there is a unit of a level at or below a unit on a day."""
    return any(True for _ in _iterate_units(territory, top, level, on))


def _iterate_units(territory: Territory, top: Unit, level: ShownLevel, on: date) -> Iterator[Unit]:
    kinds = KINDS[level]
    for unit in (top, *territory.descendants(top.code, on)):
        if unit.level == level and unit.kind in kinds:
            yield unit
