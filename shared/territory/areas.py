"""Named areas: sets of units with a name, days and a reason, such as the land of a former province. Pure.

An area is read like a unit: its figures are those of its members and what lies below them, its coverage counts them. It
answers for nobody else: no roll-up is stored for it, no right over it is granted, and it is in no list of units.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.kit.problems import Fault, Sentence, make_fault
from shared.territory.tree import Territory
from shared.territory.units import Level, Succession, Unit, UnitKey, UnknownUnit

MOST_MEMBERS = 5_000
AREA_CODE = "[A-Z][A-Z0-9_]{1,11}"
"""The pattern of the codes of areas; no unit has a letter in its code."""
AREA_LEVEL: Any = "area"
"""The level of an area: none of those of units, so that no rule for a level holds for it."""


@dataclass(frozen=True, slots=True)
class NamedArea:
    """A named set of units. A member is a unit of its own days: its successor is no member by itself."""

    code: str
    name: str
    name_en: str
    reason: str
    valid_from: date
    valid_to: date | None
    members: tuple[UnitKey, ...]


@dataclass(frozen=True, slots=True)
class AreaUnit(Unit):
    """An area as a reading sees it."""

    @property
    def full_name(self) -> str:
        """Its name, without a kind."""
        return self.name


class AreaTerritory(Territory):
    """A territory with named areas beside its units."""

    _areas: dict[str, AreaUnit]
    _members: dict[str, tuple[Unit, ...]]

    @classmethod
    def from_territory(cls, territory: Territory, areas: Iterable[NamedArea]) -> "AreaTerritory":
        """Return a territory with these areas. Raises `UnknownUnit` for a member that never was."""
        extended = object.__new__(cls)
        extended.__dict__.update(territory.__dict__)
        extended._areas, extended._members = {}, {}
        for area in areas:
            level: Level = AREA_LEVEL
            extended._areas[area.code] = AreaUnit(
                area.code,
                level,
                AREA_LEVEL,
                area.name,
                None,
                area.valid_from,
                area.valid_to,
                area.name_en,
                source=area.reason,
            )
            extended._members[area.code] = tuple(find_member(territory, key) for key in area.members)
        return extended

    def with_units(self, units: Iterable[Unit], successions: Iterable[Succession] = ()) -> Territory:
        """Return a territory with these units added, and the same areas."""
        extended = object.__new__(AreaTerritory)
        extended.__dict__.update(super().with_units(units, successions).__dict__)
        return extended

    def versions(self, code: str) -> tuple[Unit, ...]:
        """Return every unit that had the code, oldest first, or the area. Raises `UnknownUnit`."""
        area = self._areas.get(code)
        return super().versions(code) if area is None else (area,)

    def find(self, code: str, on: date) -> Unit | None:
        """Return the unit or area of a code on a day, or None."""
        area = self._areas.get(code)
        if area is None:
            return super().find(code, on)
        return area if area.is_valid_on(on) else None

    def children(self, code: str, on: date) -> tuple[Unit, ...]:
        """Return the children of a unit, or the members of an area, on a day."""
        if code not in self._areas:
            return super().children(code, on)
        self.unit(code, on)
        return tuple(member for member in self._members[code] if member.is_valid_on(on))

    def _below(self, code: str, on: date) -> Iterator[Unit]:
        if code not in self._areas:
            yield from super()._below(code, on)
            return
        for member in self.children(code, on):
            yield member
            yield from super()._below(member.code, on)

    def _communes_below(self, code: str, on: date) -> Iterator[Unit]:
        if code not in self._areas:
            yield from super()._communes_below(code, on)
            return
        for member in self.children(code, on):
            yield from self.communes(member.code, on)

    def is_within(self, code: str, root: str, on: date) -> bool:
        """Whether a unit is the root or lies below it on a day, or lies in an area."""
        area = self._areas.get(root)
        if area is None or code == root:
            return super().is_within(code, root, on) if code not in self._areas else code == root
        members = {member.code for member in self._members[root] if member.is_valid_on(on)}
        return area.is_valid_on(on) and not members.isdisjoint(self.line(code, on))


class NamedAreas:
    """The areas that a service knows."""

    def __init__(self, areas: Iterable[NamedArea]) -> None:
        self.areas = tuple(areas)
        self._extended: tuple[Territory, AreaTerritory] | None = None

    def extend(self, territory: Territory) -> AreaTerritory:
        """Return a territory with the areas; the same object for the same territory."""
        if self._extended is None or self._extended[0] is not territory:
            self._extended = territory, AreaTerritory.from_territory(territory, self.areas)
        return self._extended[1]


def find_member(territory: Territory, key: UnitKey) -> Unit:
    """Return the unit of a key. Raises `UnknownUnit`."""
    for unit in territory.versions(key[0]):
        if unit.key == key:
            return unit
    raise UnknownUnit(key[0])


NOT_AN_AREA = Sentence("Mã vùng phải có dạng {pattern}.", "The code of an area has the form {pattern}.")
AREA_DIFFERS = Sentence(
    "Vùng {area} đã có với nội dung khác; một vùng không được sửa, chỉ kết thúc được.",
    "The area {area} is in the map with another content; an area is not edited, only ended.",
)
NO_MEMBERS = Sentence("Vùng phải có đơn vị.", "An area needs units.")
NOT_CODES = Sentence("Phải là các mã đơn vị.", "It must be codes of units.")
TOO_MANY_MEMBERS = Sentence("Nhiều hơn {max_length} đơn vị.", "More than {max_length} units.")
AREA_MEMBER_UNKNOWN = Sentence(
    "Không có đơn vị {unit} (mã, hoặc mã@ngày).", "There is no unit {unit} (a code, or code@day)."
)
MEMBERS_NESTED = Sentence(
    "Đơn vị {unit} nằm trong một đơn vị khác của vùng.", "The unit {unit} lies in another unit of the area."
)


def resolve_members(
    territory: Territory, texts: Sequence[str], on: date, pointer: str
) -> tuple[tuple[UnitKey, ...], list[Fault]]:
    """Return the units that texts name, each by its code on a day or on its own (`23293@2025-07-01`), and the faults."""
    keys: dict[UnitKey, None] = {}
    faults: list[Fault] = []
    for text in texts:
        code, _, day = text.partition("@")
        try:
            unit = territory.find(code, date.fromisoformat(day) if day else on)
        except ValueError:
            unit = None
        if unit is None or unit.level not in ("province", "district", "commune"):
            faults.append(make_fault(pointer, "unit_unknown", AREA_MEMBER_UNKNOWN, unit=text[:40]))
        else:
            keys[unit.key] = None
    for code, since in keys:
        above = {ancestor.key for ancestor in territory.ancestors(code, since)}
        if not above.isdisjoint(keys):
            faults.append(make_fault(pointer, "member_nested", MEMBERS_NESTED, unit=code))
    return tuple(keys), faults
