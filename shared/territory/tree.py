"""The tree of units with its days: what holds what on a day, and where a unit lies on the map of another day.

A `Territory` is immutable and made from rows; every question names a day. Lookups are dictionary lookups, so the whole
country (63 provinces, 10,600 communes, before and after 2025) is a few hundred milliseconds to make and nothing to ask.
Used by authorization (rights follow the tree of the day), the reporting engine and the registers. Pure.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from shared.territory.consistency import DAY, ONE, check_successions, check_versions, find_version
from shared.territory.units import (
    Key,
    Level,
    NoCounterpartOnMap,
    Share,
    SplitWithoutWeight,
    Succession,
    Unit,
    UnknownUnit,
    UnknownUnitOnDate,
)

ON_A_MAP: tuple[Level, ...] = ("province", "district", "commune")
"""What makes a map another one when it begins or ends."""


class Territory:
    """All units we know of, with their successions."""

    def __init__(self, units: Iterable[Unit], successions: Iterable[Succession] = ()) -> None:
        self._forward, self._backward = _linked(successions, {}, {})
        self._versions: dict[str, tuple[Unit, ...]] = {}
        self._children: dict[str, tuple[Unit, ...]] = {}
        self._plant(units)
        standing = [each for each in self._each() if each.level in ON_A_MAP]
        after = (each.valid_to + DAY for each in standing if each.valid_to is not None)
        self._days = tuple(sorted({*after, *(each.valid_from for each in standing)}))
        check_successions(self._versions, self._forward)

    def _plant(self, units: Iterable[Unit]) -> None:
        """Put units into the indexes, villages last: they live no longer than their commune."""
        rows = tuple(units)
        self._add([each for each in rows if each.level != "village"])
        self._add([self._while_its_commune_stands(each) for each in rows if each.level == "village"])

    def _add(self, units: Collection[Unit]) -> None:
        added: dict[str, list[Unit]] = defaultdict(list)
        below: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            added[unit.code].append(unit)
            if unit.parent is not None:
                below[unit.parent].append(unit)
        versions, children = dict(self._versions), dict(self._children)
        for code, more in added.items():
            versions[code] = tuple(sorted((*versions.get(code, ()), *more), key=_valid_from))
        for code, more in below.items():
            children[code] = tuple(sorted((*children.get(code, ()), *more), key=_key))
        self._versions, self._children = versions, children
        check_versions(self._versions, added)

    def _while_its_commune_stands(self, village: Unit) -> Unit:
        """End a village when its commune's code gets another meaning; a commune that only changed its name goes on."""
        ends: date | None = None
        for commune in self._versions.get(village.parent or "", ()):
            if commune.valid(village.valid_from) or (ends is not None and commune.valid_from == ends + DAY):
                ends = commune.valid_to
                links = self._forward.get(commune.key, ())
                if ends is None or [(each.kind, each.successor) for each in links] != [
                    ("unchanged", commune.code)
                ]:
                    break
        if ends is None or (village.valid_to is not None and village.valid_to <= ends):
            return village
        return replace(village, valid_to=ends)

    def with_units(self, units: Iterable[Unit], successions: Iterable[Succession] = ()) -> "Territory":
        """Give a territory that knows these units as well: villages, as they are registered, or whatever else has a place."""
        grown = object.__new__(Territory)
        grown._versions, grown._children = self._versions, self._children
        grown._forward, grown._backward, grown._days = self._forward, self._backward, self._days
        links = tuple(successions)
        if links:
            grown._forward, grown._backward = _linked(links, self._forward, self._backward)
        grown._plant(units)
        if links:
            check_successions(grown._versions, grown._forward)
        return grown

    # The tree of a day

    def unit(self, code: str, on: date) -> Unit:
        """Give the unit that has this code on that day, or refuse naming the days on which the code had a meaning."""
        versions = self.versions(code)
        for each in versions:
            if each.valid(on):
                return each
        past = [each for each in versions if each.valid_to is not None and each.valid_to < on]
        raise UnknownUnitOnDate(code, on, versions, self._successors(past[-1]) if past else ())

    def find(self, code: str, on: date) -> Unit | None:
        """Give the unit, or None when the code has no meaning on that day."""
        for each in self._versions.get(code, ()):
            if each.valid(on):
                return each
        return None

    def standing_for(self, code: str, on: date) -> Unit:
        """Give the unit that has this code on that day or, after its end, the one that all its land went to."""
        ended = [each for each in self.versions(code) if each.valid_to is not None and each.valid_to < on]
        if self.find(code, on) is None and ended:
            shares = self.map_onto(code, ended[-1].valid_from, on)
            if len(shares) == 1:
                return shares[0].unit
        return self.unit(code, on)

    def versions(self, code: str) -> tuple[Unit, ...]:
        """Give every meaning the code had, oldest first."""
        try:
            return self._versions[code]
        except KeyError:
            raise UnknownUnit(code) from None

    def parent(self, code: str, on: date) -> Unit | None:
        """Give the unit right above, or None for a province."""
        above = self.unit(code, on).parent
        return None if above is None else self.unit(above, on)

    def ancestors(self, code: str, on: date) -> tuple[Unit, ...]:
        """Give the units above, the nearest first."""
        found = []
        above = self.parent(code, on)
        while above is not None:
            found.append(above)
            above = self.parent(above.code, on)
        return tuple(found)

    def children(self, code: str, on: date) -> tuple[Unit, ...]:
        """Give the units right below, by code."""
        self.unit(code, on)
        return tuple(each for each in self._children.get(code, ()) if each.valid(on))

    def descendants(self, code: str, on: date) -> tuple[Unit, ...]:
        """Give every unit below, each before what it holds."""
        self.unit(code, on)
        return tuple(self._below(code, on))

    def _below(self, code: str, on: date) -> Iterator[Unit]:
        for each in self._children.get(code, ()):
            if each.valid(on):
                yield each
                yield from self._below(each.code, on)

    def is_within(self, code: str, root: str, on: date) -> bool:
        """Tell whether the unit is the root or lies below it on that day; a root that did not stand holds nothing."""
        at: str | None = self.unit(code, on).code
        while at is not None:
            if at == root:
                return True
            at = self.unit(at, on).parent
        return False

    def communes(self, root: str, on: date, kinds: Collection[str] | None = None) -> tuple[Unit, ...]:
        """Give the communes of a unit on that day (itself, when it is one), of all kinds or of these."""
        top = self.unit(root, on)
        found = (top,) if top.level == "commune" else self._communes_below(root, on)
        return tuple(each for each in found if kinds is None or each.kind in kinds)

    def _communes_below(self, code: str, on: date) -> Iterator[Unit]:
        for each in self._children.get(code, ()):
            if each.valid(on):
                if each.level == "commune":
                    yield each
                elif each.level != "village":
                    yield from self._communes_below(each.code, on)

    def answering_unit(self, code: str, on: date) -> Unit:
        """Give the lowest unit above commune level that holds it: the district, or the province where there is none."""
        at = self.unit(code, on)
        while at.level in ("commune", "village") and at.parent is not None:
            at = self.unit(at.parent, on)
        return at

    def units(self, on: date) -> Iterator[Unit]:
        """Go through every unit that stood on that day."""
        return (each for each in self._each() if each.valid(on))

    def _each(self) -> Iterator[Unit]:
        return (each for versions in self._versions.values() for each in versions)

    # From day to day

    def same_map(self, one: date, other: date) -> bool:
        """Tell whether no province, district or commune began or ended from one day to the other."""
        return bisect_right(self._days, one) == bisect_right(self._days, other)

    def land(self, code: str, on: date, other: date) -> frozenset[str]:
        """Give the communes of another day, later or earlier, that share land with the unit of a day, be it only a part."""
        step = self._successors if on < other else self._predecessors
        found: set[str] = set()
        reached = list(self.communes(code, on))
        while reached:
            unit = reached.pop()
            if unit.valid(other):
                found.add(unit.code)
            else:
                reached += step(unit)
        return frozenset(found)

    def successors(self, code: str, on: date) -> tuple[Unit, ...]:
        """Give the units that followed the one that has this code on that day."""
        return self._successors(self.unit(code, on))

    def _successors(self, unit: Unit) -> tuple[Unit, ...]:
        links = self._forward.get(unit.key, ())
        return tuple(
            find_version(self._versions, each.successor, each.successor_valid_from)
            for each in links
            if each.successor
        )

    def predecessors(self, code: str, on: date) -> tuple[Unit, ...]:
        """Give the units that the one which has this code on that day was made from."""
        return self._predecessors(self.unit(code, on))

    def _predecessors(self, unit: Unit) -> tuple[Unit, ...]:
        links = self._backward.get(unit.key, ())
        return tuple(
            find_version(self._versions, each.predecessor, each.predecessor_valid_from) for each in links
        )

    def map_onto(self, code: str, on: date, map_on: date) -> tuple[Share, ...]:
        """Give where the unit of one day lies on the map of another: one share, or several for a weighted split.

        Forward along the successions. What was abolished lies in whatever holds its land (a district of 2023 in the
        province of 2025), and so does a village. Backward only where the land stayed the same. Otherwise refused.
        """
        shares: dict[Key, Share] = {}
        for share in self._shares(self.unit(code, on), map_on, ONE, unchanged=True):
            known = shares.get(share.unit.key)
            shares[share.unit.key] = (
                share if known is None else replace(known, weight=known.weight + share.weight)
            )
        return tuple(shares.values())

    def _shares(self, unit: Unit, map_on: date, weight: Decimal, *, unchanged: bool) -> Iterator[Share]:
        if unit.valid(map_on):
            yield Share(unit, weight, unchanged)
            return
        if map_on < unit.valid_from:
            yield self._same_land_before(unit, map_on, weight, unchanged=unchanged)
            return
        links = self._forward.get(unit.key, ())
        if unit.level == "village" or (links and all(each.kind == "abolished" for each in links)):
            holder = self._holder_at_its_end(unit)
            if holder is None:
                raise NoCounterpartOnMap(unit, map_on)
            yield from self._shares(holder, map_on, weight, unchanged=False)
            return
        if not links:
            raise NoCounterpartOnMap(unit, map_on)
        for each in links:
            part = ONE if len(links) == 1 else each.weight
            if part is None:
                raise SplitWithoutWeight(
                    unit, tuple(sorted(link.successor or "-" for link in links)), each.effective_on
                )
            following = find_version(self._versions, each.successor, each.successor_valid_from)
            yield from self._shares(
                following, map_on, weight * part, unchanged=unchanged and each.kind == "unchanged"
            )

    def _same_land_before(self, unit: Unit, map_on: date, weight: Decimal, *, unchanged: bool) -> Share:
        at = unit
        while map_on < at.valid_from:
            links = self._backward.get(at.key, ())
            if len(links) != 1 or links[0].kind != "unchanged":
                raise NoCounterpartOnMap(unit, map_on)
            at = find_version(self._versions, links[0].predecessor, links[0].predecessor_valid_from)
        if not at.valid(map_on):
            raise NoCounterpartOnMap(unit, map_on)
        return Share(at, weight, unchanged)

    def _holder_at_its_end(self, unit: Unit) -> Unit | None:
        if unit.parent is None or unit.valid_to is None:
            return None
        return self.find(unit.parent, unit.valid_to)


def _linked(
    successions: Iterable[Succession],
    forward: Mapping[Key, tuple[Succession, ...]],
    backward: Mapping[Key, tuple[Succession, ...]],
) -> tuple[dict[Key, tuple[Succession, ...]], dict[Key, tuple[Succession, ...]]]:
    """Put successions beside those that are known, by the unit that ended and by the one that followed."""
    onward, back = dict(forward), dict(backward)
    for each in successions:
        ended = each.predecessor, each.predecessor_valid_from
        onward[ended] = (*onward.get(ended, ()), each)
        if each.successor is not None and each.successor_valid_from is not None:
            followed = each.successor, each.successor_valid_from
            back[followed] = (*back.get(followed, ()), each)
    return onward, back


def _valid_from(unit: Unit) -> date:
    return unit.valid_from


def _key(unit: Unit) -> Key:
    return unit.key
