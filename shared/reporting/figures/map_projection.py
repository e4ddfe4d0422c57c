"""Where a reading looks: the units whose values count, on the map of the period's own last day or of another one.

A figure of 2023 on the map of 1 July 2025: what adds up is added over the units that lie in the one asked about, a share
of a split counts with its declared weight (and an undeclared split is refused), and what does not add up over units that
merged is left to be re-assessed. The year 2025 is read on the map of its own end: what was stated for a part of it that
ended on the map before lies, in the same way, in what its units became, for there a code may have had another meaning.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.effective_values import EffectiveValue
from shared.territory.tree import Territory
from shared.territory.units import Unit

WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class MapEra:
    """The parts of a period that ended on one map, and the units of that map of which some land lies in the place."""

    on: date
    """A day of that map: the last of its last part."""
    parts: tuple[Period, ...]
    units: frozenset[str]


@dataclass(frozen=True)
class MapProjection:
    """The unit asked about, and the units that lie in it, on the map of each part of the period."""

    unit: Unit
    period: Period
    map_on: date
    """The day whose map is read; the period's last day unless asked otherwise."""
    here: MapEra
    """The map that is read, with the parts of the period that ended on it."""
    elsewhere: tuple[MapEra, ...]
    """Other maps on which parts of the period ended; mostly none."""
    counted: frozenset[str]
    """The units of the period's last day that lie here, as registers count them."""
    merged: bool
    """Whether some of those stand on the map that is read merged or divided, so that what does not add up is unknown."""

    @property
    def own_map(self) -> bool:
        """Whether the period ended on the map that is read."""
        return self.period in self.here.parts

    @property
    def eras(self) -> tuple[MapEra, ...]:
        """Every map on which a part of the period ended, the oldest first."""
        return tuple(sorted((*self.elsewhere, self.here), key=lambda era: era.on))


def place_of(territory: Territory, code: str, period: Period, map_on: date) -> MapProjection:
    """Look at a unit of a day's map; raises `SplitWithoutWeight` where a unit of the period's end was divided without one."""
    unit = territory.unit(code, map_on)
    below = (one.code for one in territory.descendants(code, map_on) if one.level != "village")
    units = frozenset((code, *below))
    here: list[Period] = []
    elsewhere: list[Period] = []
    for part in period.with_subperiods():
        (here if territory.same_map(part.ends_on, map_on) else elsewhere).append(part)
    counted, merged = units, False
    if period in elsewhere:
        counted, merged = _lying_here(territory, code, period.ends_on, map_on)
    eras = tuple(
        MapEra(on, parts, counted if period in parts else _touching(territory, code, on, map_on))
        for on, parts in _by_map(territory, elsewhere)
    )
    return MapProjection(unit, period, map_on, MapEra(map_on, tuple(here), units), eras, counted, merged)


def _by_map(territory: Territory, parts: Iterable[Period]) -> Iterator[tuple[date, tuple[Period, ...]]]:
    """Put together the parts that ended on one map, the oldest map first, each with a day of it."""
    first: list[date] = []

    def era(part: Period) -> date:
        if not first or not territory.same_map(first[-1], part.ends_on):
            first.append(part.ends_on)
        return first[-1]

    for _, together in groupby(sorted(parts, key=lambda part: part.ends_on), key=era):
        found = tuple(together)
        yield found[-1].ends_on, found


def _lying_here(territory: Territory, code: str, on: date, map_on: date) -> tuple[frozenset[str], bool]:
    """Give the units of a day that lie in a unit of another one, and whether a commune of them merged or was divided."""
    found, merged = [], False
    for one in _touching(territory, code, on, map_on):
        shares = [
            share
            for share in territory.map_onto(one, on, map_on)
            if territory.is_within(share.unit.code, code, map_on)
        ]
        if shares:
            found.append(one)
            is_commune = territory.unit(one, on).level == "commune"
            merged = merged or (is_commune and not all(share.unchanged for share in shares))
    return frozenset(found), merged


def _touching(territory: Territory, code: str, on: date, map_on: date) -> frozenset[str]:
    """Give the communes of a day of which some land lies in a unit of another one, and the units above them."""
    communes = territory.communes_sharing_land(code, map_on, on)
    above = (one.code for commune in communes for one in territory.ancestors(commune, on))
    return communes.union(above)


def settled(
    territory: Territory,
    place: MapProjection,
    stated: Iterable[EffectiveValue],
    is_flow: Callable[[str], bool],
) -> list[EffectiveValue]:
    """Give what lies here, in the share that does, at the unit of the map read in which it lies.

    A stock of an earlier map is overtaken wherever its land, or a part of it, was stated anew on a later one. Raises
    `SplitWithoutWeight` where a unit that stated something was divided without a weight.
    """
    by_part: dict[str, list[EffectiveValue]] = defaultdict(list)
    for one in stated:
        by_part[one.period].append(one)
    found: list[EffectiveValue] = []
    anew: dict[str, set[str]] = defaultdict(set)
    for era in reversed(place.eras):
        rows = [one for part in era.parts for one in by_part[str(part)] if one.unit in era.units]
        if era is place.here:
            lying = rows
        else:
            lying = [it for one in rows for it in _lies(territory, place, era, one)]
        if place.elsewhere:
            land = {one.origin: _land(territory, place, era, one) for one in lying}
            lying = [
                it for it in lying if is_flow(it.indicator) or not _overtaken(it, land, anew[it.indicator])
            ]
            for one in lying:
                anew[one.indicator] |= land[one.origin]
        found += lying
    return found


def _land(territory: Territory, place: MapProjection, era: MapEra, one: EffectiveValue) -> frozenset[str]:
    """Give the communes of the map read in which the land of a value lies."""
    return territory.communes_sharing_land(one.origin, era.on, place.map_on)


def _overtaken(one: EffectiveValue, land: dict[str, frozenset[str]], anew: set[str]) -> bool:
    """Tell whether the land of a value was stated anew: that of the unit in which it lies, where that is one of its own."""
    if not anew:
        return False
    return one.unit in anew if one.unit in land[one.origin] else bool(land[one.origin] & anew)


def _lies(
    territory: Territory, place: MapProjection, era: MapEra, one: EffectiveValue
) -> Iterator[EffectiveValue]:
    """Put a value of another map where its land lies; what lies elsewhere, or in a unit above the place, is left out."""
    for share in territory.map_onto(one.unit, era.on, place.map_on):
        if territory.is_within(share.unit.code, place.unit.code, place.map_on):
            value = one.value if share.weight == WHOLE else one.value * share.weight
            yield one._replace(
                unit=share.unit.code, value=value, stated_by=one.unit, same_land=share.unchanged
            )


def to_be_assessed_anew(figure: Figure, place: MapProjection, stated: Iterable[EffectiveValue]) -> bool:
    """Tell whether a figure that does not add up is asked of units that merged, or would be made from what they said."""
    if figure.is_additive:
        return False
    inputs = frozenset(figure.inputs)
    return place.merged or any(not one.same_land and one.indicator in inputs for one in stated)
