"""Where a reading looks: the units whose values count, on the map of the period's own day or of another one.

A figure of 2023 on the map of 1 July 2025: what adds up is added over the units that lie in the one asked about, a share
of a split counts with its declared weight (and an undeclared split is refused), and what does not add up over units that
merged is left to be re-assessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.periods import Period
from shared.reporting.catalogue import Indicator
from shared.reporting.expected import expected_units
from shared.reporting.figures.store import StandingValue
from shared.territory.tree import Territory
from shared.territory.units import Unit

WHOLE = Decimal(1)


@dataclass(frozen=True)
class Place:
    """The unit asked about, and the units of the period's own day that lie in it."""

    unit: Unit
    period: Period
    map_on: date
    """The day whose map is read; the period's last day unless asked otherwise."""
    shares: dict[str, Decimal]
    """Units of the period's day that lie in the one asked about, with the share of each that does."""
    merged: bool
    """Whether some of them stand on that map merged or divided, so that what does not add up is unknown."""
    new_homes: dict[str, frozenset[str]]
    """On another map: the units of that map that each unit of the period's day lies in."""

    @property
    def own_map(self) -> bool:
        """Whether it is read on the map of its own day."""
        return self.map_on == self.period.ends_on

    def weigh(self, stated: Iterable[StandingValue]) -> list[StandingValue]:
        """Keep what lies here, in the share that does."""
        return [
            one._replace(value=one.value * self.shares[one.unit]) if self.shares[one.unit] != WHOLE else one
            for one in stated
            if one.unit in self.shares
        ]


def own_place(territory: Territory, code: str, period: Period) -> Place:
    """Look at a unit on the map of the period's last day."""
    on = period.ends_on
    unit = territory.unit(code, on)
    below = (one.code for one in territory.descendants(code, on) if one.level != "village")
    return Place(unit, period, on, dict.fromkeys((code, *below), WHOLE), merged=False, new_homes={})


def place_on_map(territory: Territory, code: str, period: Period, map_on: date) -> Place:
    """Look at a unit of another day's map; raises `SplitWithoutWeight` where a unit was divided without a weight."""
    on = period.ends_on
    unit = territory.unit(code, map_on)
    shares: dict[str, Decimal] = {}
    homes: dict[str, frozenset[str]] = {}
    merged = False
    for one in territory.units(on):
        if one.level == "village":
            continue
        here = [
            share
            for share in territory.map_onto(one.code, on, map_on)
            if territory.is_within(share.unit.code, code, map_on)
        ]
        if here:
            shares[one.code] = sum((share.weight for share in here), Decimal(0))
            homes[one.code] = frozenset(share.unit.code for share in here)
            merged = merged or (one.level == "commune" and not all(share.unchanged for share in here))
    return Place(unit, period, map_on, shares, merged, homes)


def reported_on_map(
    territory: Territory, place: Place, indicator: Indicator, stated: Iterable[StandingValue]
) -> tuple[int, int]:
    """Count the units of the other map that are expected to state an indicator, and those whose every part did.

    What a district states speaks for the land of all its communes.
    """
    on = place.period.ends_on
    expected = {one.code for one in expected_units(territory, place.unit.code, indicator, place.map_on)}
    spoken = {
        part.code
        for one in stated
        if one.indicator == indicator.code
        for part in territory.communes(one.unit, on, indicator.kinds)
    }
    silent_homes: set[str] = set()
    known_homes: set[str] = set()
    for code, homes in place.new_homes.items():
        if territory.unit(code, on).level == "commune" and (
            indicator.kinds is None or territory.unit(code, on).kind in indicator.kinds
        ):
            (known_homes if code in spoken else silent_homes).update(homes)
    return len(expected & (known_homes - silent_homes)), len(expected)
