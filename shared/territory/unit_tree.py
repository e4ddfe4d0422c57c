"""The tree of units on each day, by code and by parent: dictionary lookups. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from datetime import date

from shared.territory.indexes import UnitIndex
from shared.territory.units import Unit, UnknownUnit, UnknownUnitOnDate


class UnitTree(ABC):
    """All known units by code and by parent."""

    _versions: UnitIndex
    _children: UnitIndex

    @abstractmethod
    def find_successors(self, unit: Unit, on: date) -> tuple[Unit, ...]:
        """Return the units of a later day that took over from an ended one."""

    def unit(self, code: str, on: date) -> Unit:
        """Return the unit of a code on a day. Raises `UnknownUnit`, `UnknownUnitOnDate`."""
        versions = self.versions(code)
        for version in versions:
            if version.is_valid_on(on):
                return version
        past = [version for version in versions if version.valid_to is not None and version.valid_to < on]
        raise UnknownUnitOnDate(code, on, versions, self.find_successors(past[-1], on) if past else ())

    def find(self, code: str, on: date) -> Unit | None:
        """Return the unit of a code on a day, or None."""
        for version in self._versions.get(code, ()):
            if version.is_valid_on(on):
                return version
        return None

    def versions(self, code: str) -> tuple[Unit, ...]:
        """Return every unit that had the code, oldest first. Raises `UnknownUnit`."""
        try:
            return self._versions[code]
        except KeyError:
            raise UnknownUnit(code) from None

    def parent(self, code: str, on: date) -> Unit | None:
        """Return the parent on a day, or None for a province."""
        above = self.unit(code, on).parent
        return None if above is None else self.unit(above, on)

    def ancestors(self, code: str, on: date) -> tuple[Unit, ...]:
        """Return the units above on a day, the nearest first."""
        ancestors = []
        above = self.unit(code, on).parent
        while above is not None:
            unit = self.unit(above, on)
            ancestors.append(unit)
            above = unit.parent
        return tuple(ancestors)

    def line(self, code: str, on: date) -> tuple[str, ...]:
        """Return the codes of a unit and of those above it on a day, the nearest first."""
        return (code, *(above.code for above in self.ancestors(code, on)))

    def children(self, code: str, on: date) -> tuple[Unit, ...]:
        """Return the children on a day, ordered by code."""
        self.unit(code, on)
        return tuple(child for child in self._children.get(code, ()) if child.is_valid_on(on))

    def descendants(self, code: str, on: date) -> tuple[Unit, ...]:
        """Return every unit below on a day, a parent before its children."""
        self.unit(code, on)
        return tuple(self._below(code, on))

    def _below(self, code: str, on: date) -> Iterator[Unit]:
        for child in self._children.get(code, ()):
            if child.is_valid_on(on):
                yield child
                yield from self._below(child.code, on)

    def is_within(self, code: str, root: str, on: date) -> bool:
        """Whether the unit is the root or lies below it on a day; false where the root does not exist on it."""
        ancestor: str | None = self.unit(code, on).code
        while ancestor is not None:
            if ancestor == root:
                return True
            ancestor = self.unit(ancestor, on).parent
        return False

    def communes(self, root: str, on: date, kinds: Collection[str] | None = None) -> tuple[Unit, ...]:
        """Return the communes of a unit on a day (itself where it is one), of all kinds or of these."""
        top = self.unit(root, on)
        communes = (top,) if top.level == "commune" else self._communes_below(root, on)
        return tuple(commune for commune in communes if kinds is None or commune.kind in kinds)

    def list_levels_below(self, code: str, on: date) -> list[tuple[str, ...]]:
        """Return the codes of the districts of a province and of the communes of a unit above them, each level as one source."""
        if self.unit(code, on).level in ("commune", "village"):
            return []
        districts = (child.code for child in self.children(code, on) if child.level == "district")
        communes = (commune.code for commune in self.communes(code, on) if commune.code != code)
        return [level for codes in (districts, communes) if (level := tuple(sorted(codes)))]

    def _communes_below(self, code: str, on: date) -> Iterator[Unit]:
        for child in self._children.get(code, ()):
            if child.is_valid_on(on):
                if child.level == "commune":
                    yield child
                elif child.level != "village":
                    yield from self._communes_below(child.code, on)

    def districts(self, root: str, on: date) -> tuple[Unit, ...]:
        """Return the districts of a unit on a day (itself where it is one), also those below the provinces of an area."""
        top = self.unit(root, on)
        return (top,) if top.level == "district" else tuple(self._districts_below(root, on))

    def _districts_below(self, code: str, on: date) -> Iterator[Unit]:
        for child in self.children(code, on):
            if child.level == "district":
                yield child
            elif child.level == "province":
                yield from self._districts_below(child.code, on)

    def answering_unit(self, code: str, on: date) -> Unit:
        """Return the lowest unit above commune level: the district, or the province where there are no districts."""
        unit = self.unit(code, on)
        while unit.level in ("commune", "village") and unit.parent is not None:
            unit = self.unit(unit.parent, on)
        return unit

    def district_level_units(
        self, root: str, on: date, kinds: Collection[str] | None = None
    ) -> tuple[Unit, ...]:
        """Return the districts of a unit on a day and its communes that lie in no district, of all kinds or of these.

        A commune within a district has none; a province that has districts has no others.
        """
        top = self.unit(root, on)
        districts = self.districts(root, on)
        if top.level in ("province", "district") and districts:
            return districts
        communes = self.communes(root, on, kinds)
        return (
            *districts,
            *(commune for commune in communes if self.answering_unit(commune.code, on).level != "district"),
        )

    def units(self, on: date) -> Iterator[Unit]:
        """Yield every unit of a day."""
        return (unit for unit in self.all_units() if unit.is_valid_on(on))

    def all_units(self) -> tuple[Unit, ...]:
        """Return every unit of every day."""
        return tuple(unit for versions in self._versions.values() for unit in versions)

    def children_ever(self, code: str) -> tuple[Unit, ...]:
        """Return the units that named a code as their parent on any day."""
        return self._children.get(code, ())
