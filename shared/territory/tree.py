"""The tree of units on each day, and the counterparts of a unit on the map of another day.

A `Territory` is immutable and built from rows; every method takes a day. Lookups are dictionary lookups: the whole country
(63 provinces and 10,035 communes until 30 June 2025, 34 and 3,321 after) takes a tenth of a second to build. Used by authorization
(rights follow the tree of the day), the reporting engine and the registers. Pure.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from shared.periods import ONE_DAY
from shared.territory.consistency import ONE, check_successions, check_versions, find_version
from shared.territory.indexes import index_successions, index_units, to_predecessor, to_successor
from shared.territory.unit_tree import UnitTree
from shared.territory.units import (
    Level,
    NoCounterpartOnMap,
    SplitWithoutWeight,
    Succession,
    Unit,
    UnitKey,
    UnitShare,
)

MAP_LEVELS: tuple[Level, ...] = ("province", "district", "commune")
"""Levels whose units change the map when they begin or end."""


class Territory(UnitTree):
    """All known units, with their successions."""

    def __init__(self, units: Iterable[Unit], successions: Iterable[Succession] = ()) -> None:
        self._forward, self._backward = index_successions(successions, {}, {})
        self._versions: dict[str, tuple[Unit, ...]] = {}
        self._children: dict[str, tuple[Unit, ...]] = {}
        self._insert(units)
        mapped = [unit for unit in self.all_units() if unit.level in MAP_LEVELS]
        after = (unit.valid_to + ONE_DAY for unit in mapped if unit.valid_to is not None)
        self._days = tuple(sorted({*after, *(unit.valid_from for unit in mapped)}))
        check_successions(self._versions, self._forward)

    def _insert(self, units: Iterable[Unit]) -> None:
        """Insert units into the indexes, villages last: a village ends with its commune."""
        rows = tuple(units)
        self._add([unit for unit in rows if unit.level != "village"])
        self._add([self._end_with_commune(unit) for unit in rows if unit.level == "village"])

    def _add(self, units: Collection[Unit]) -> None:
        if not units:
            return
        self._versions, self._children = index_units(units, self._versions, self._children)
        check_versions(self._versions, {unit.code for unit in units})

    def _end_with_commune(self, village: Unit) -> Unit:
        """Return the village, ended when the land of its commune changes; a commune that only changed its name goes on."""
        ends: date | None = None
        for commune in self._versions.get(village.parent or "", ()):
            if commune.is_valid_on(village.valid_from) or (
                ends is not None and commune.valid_from == ends + ONE_DAY
            ):
                ends = commune.valid_to
                links = self._forward.get(commune.key, ())
                if ends is None or [(link.kind, link.successor) for link in links] != [
                    ("unchanged", commune.code)
                ]:
                    break
        if ends is None or (village.valid_to is not None and village.valid_to <= ends):
            return village
        return replace(village, valid_to=ends)

    def with_units(self, units: Iterable[Unit], successions: Iterable[Succession] = ()) -> "Territory":
        """Return a territory with these units added: registered villages, or agencies."""
        extended = object.__new__(Territory)
        extended.__dict__.update(self.__dict__)
        links = tuple(successions)
        if links:
            extended._forward, extended._backward = index_successions(links, self._forward, self._backward)
        extended._insert(units)
        predecessors = {(link.predecessor, link.predecessor_valid_from) for link in links}
        check_successions(extended._versions, {unit: extended._forward[unit] for unit in predecessors})
        return extended

    def all_successions(self) -> tuple[Succession, ...]:
        """Return every succession."""
        return tuple(link for links in self._forward.values() for link in links)

    def unit_or_successor(self, code: str, on: date) -> Unit:
        """Return the unit of a code on a day or, after its end, the one unit that its whole land went to."""
        ended = [
            version
            for version in self.versions(code)
            if version.valid_to is not None and version.valid_to < on
        ]
        if self.find(code, on) is None and ended:
            shares = self.map_onto(code, ended[-1].valid_from, on)
            if len(shares) == 1:
                return shares[0].unit
        return self.unit(code, on)

    # Maps of two days

    def same_map(self, day: date, other: date) -> bool:
        """Whether no province, district or commune began or ended between two days."""
        return bisect_right(self._days, day) == bisect_right(self._days, other)

    def find_keys_of_land(self, unit: Unit) -> frozenset[UnitKey]:
        """Return the keys of a unit and of those of earlier and later days that had exactly its land."""
        keys = {unit.key}
        for index, find_other in ((self._forward, to_successor), (self._backward, to_predecessor)):
            key: UnitKey | None = unit.key
            while key is not None:
                links = index.get(key, ())
                key = find_other(links[0]) if len(links) == 1 and links[0].kind == "unchanged" else None
                keys |= set() if key is None else {key}
        return frozenset(keys)

    def communes_sharing_land(self, code: str, on: date, other: date) -> frozenset[str]:
        """Return the codes of the communes of another day that share land with the unit of a day, even a part of it."""
        step = self._successors if on < other else self._predecessors
        codes: set[str] = set()
        reached = list(self.communes(code, on))
        while reached:
            unit = reached.pop()
            if unit.is_valid_on(other):
                codes.add(unit.code)
            else:
                reached += step(unit)
        return frozenset(codes)

    def successors(self, code: str, on: date) -> tuple[Unit, ...]:
        """Return the successors of the unit of a code on a day."""
        return self._successors(self.unit(code, on))

    def _successors(self, unit: Unit) -> tuple[Unit, ...]:
        links = self._forward.get(unit.key, ())
        return tuple(
            find_version(self._versions, link.successor, link.successor_valid_from)
            for link in links
            if link.successor
        )

    def find_successors(self, unit: Unit, on: date) -> tuple[Unit, ...]:
        """Return the units of a later day that took over from an ended one; of an abolished one, the unit that answers since."""
        reached, successors = [unit], dict[UnitKey, Unit]()
        while reached:
            part = reached.pop()
            if part.is_valid_on(on):
                successors[part.key] = part
            elif part.valid_to is not None and part.valid_to < on:
                reached += self._successors(part) or filter(None, [self._find_last_parent(part)])
        return tuple(sorted(successors.values(), key=lambda successor: successor.key))

    def predecessors(self, code: str, on: date) -> tuple[Unit, ...]:
        """Return the predecessors of the unit of a code on a day."""
        return self._predecessors(self.unit(code, on))

    def _predecessors(self, unit: Unit) -> tuple[Unit, ...]:
        links = self._backward.get(unit.key, ())
        return tuple(
            find_version(self._versions, link.predecessor, link.predecessor_valid_from) for link in links
        )

    def map_onto(
        self, code: str, on: date, map_on: date, *, within: str | None = None
    ) -> tuple[UnitShare, ...]:
        """Return the counterparts of the unit of one day on the map of another: one share, or several for a weighted split.

        Forward along the successions. An abolished unit and a village lie in the last parent's counterpart (a district of
        2023 in the province of 2025). Backward only where the land is the same. A unit that was divided without weights has
        the unit `within` as its counterpart where all its parts lie in that unit. Raises `NoCounterpartOnMap`,
        `SplitWithoutWeight`.
        """
        shares: dict[UnitKey, UnitShare] = {}
        try:
            reached = tuple(self._shares(self.unit(code, on), map_on, ONE, unchanged=True))
        except SplitWithoutWeight:
            if within is None or not self._lies_within(self.unit(code, on), within, map_on):
                raise
            return (UnitShare(self.unit(within, map_on), ONE, unchanged=False),)
        for share in reached:
            earlier = shares.get(share.unit.key)
            shares[share.unit.key] = (
                share if earlier is None else replace(earlier, weight=earlier.weight + share.weight)
            )
        return tuple(shares.values())

    def _lies_within(self, unit: Unit, root: str, map_on: date) -> bool:
        """Whether all parts of a unit of an earlier day lie in a unit of a later day."""
        reached = [unit]
        while reached:
            part = reached.pop()
            if part.is_valid_on(map_on):
                if not self.is_within(part.code, root, map_on):
                    return False
            else:
                successors = self._successors(part)
                if not successors:
                    return False
                reached += successors
        return True

    def _shares(self, unit: Unit, map_on: date, weight: Decimal, *, unchanged: bool) -> Iterator[UnitShare]:
        if unit.is_valid_on(map_on):
            yield UnitShare(unit, weight, unchanged)
            return
        if map_on < unit.valid_from:
            yield self._trace_back(unit, map_on, weight, unchanged=unchanged)
            return
        links = self._forward.get(unit.key, ())
        if unit.level == "village" or (links and all(link.kind == "abolished" for link in links)):
            last_parent = self._find_last_parent(unit)
            if last_parent is None:
                raise NoCounterpartOnMap(unit, map_on)
            yield from self._shares(last_parent, map_on, weight, unchanged=False)
            return
        if not links:
            raise NoCounterpartOnMap(unit, map_on)
        for link in links:
            part = ONE if len(links) == 1 else link.weight
            if part is None:
                raise SplitWithoutWeight(
                    unit, tuple(sorted(other.successor or "-" for other in links)), link.effective_on
                )
            successor = find_version(self._versions, link.successor, link.successor_valid_from)
            yield from self._shares(
                successor, map_on, weight * part, unchanged=unchanged and link.kind == "unchanged"
            )

    def _trace_back(self, unit: Unit, map_on: date, weight: Decimal, *, unchanged: bool) -> UnitShare:
        predecessor = unit
        while map_on < predecessor.valid_from:
            links = self._backward.get(predecessor.key, ())
            if len(links) != 1 or links[0].kind != "unchanged":
                raise NoCounterpartOnMap(unit, map_on)
            predecessor = find_version(self._versions, links[0].predecessor, links[0].predecessor_valid_from)
        if not predecessor.is_valid_on(map_on):
            raise NoCounterpartOnMap(unit, map_on)
        return UnitShare(predecessor, weight, unchanged)

    def _find_last_parent(self, unit: Unit) -> Unit | None:
        if unit.parent is None or unit.valid_to is None:
            return None
        return self.find(unit.parent, unit.valid_to)
