"""The changes of a load to the map: units that begin and end, and successions. Pure."""

from dataclasses import dataclass
from datetime import date

from shared.territory.areas import NamedArea
from shared.territory.tree import Territory
from shared.territory.units import Succession, Unit

SuccessionKey = tuple[str, date, str | None, date | None]


@dataclass(frozen=True)
class MapChange:
    """The additions of a load to the map: units that begin, units that end (with their last day), successions, and named areas."""

    begun: tuple[Unit, ...] = ()
    ended: tuple[Unit, ...] = ()
    successions: tuple[Succession, ...] = ()
    areas: tuple[NamedArea, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.begun or self.ended or self.successions or self.areas)


def apply_change(territory: Territory, change: MapChange) -> Territory:
    """Return the territory after a change; raises `ValueError` where it would be inconsistent."""
    ended = {unit.key: unit for unit in change.ended}
    units = [ended.get(unit.key, unit) for unit in territory.all_units()]
    return Territory([*units, *change.begun], [*territory.all_successions(), *change.successions])


def to_link_key(link: Succession) -> SuccessionKey:
    """Return what identifies a succession."""
    return link.predecessor, link.predecessor_valid_from, link.successor, link.successor_valid_from


@dataclass(frozen=True)
class ChangeSummary:
    """The units of a change, by what happens to them."""

    born: tuple[Unit, ...]
    ended: tuple[Unit, ...]
    renamed: tuple[Unit, ...]
    moved: tuple[Unit, ...]


def summarize_change(territory: Territory, change: MapChange) -> ChangeSummary:
    """Return what happens to each unit: a unit with the same land as an ended one is renamed or moved, not born."""
    ended = {unit.key: unit for unit in change.ended}
    before = {
        (link.successor, link.successor_valid_from): (link.predecessor, link.predecessor_valid_from)
        for link in change.successions
        if link.kind == "unchanged"
    }
    earlier_units = {unit.key: unit for unit in territory.all_units()}
    born, renamed, moved, going_on = [], [], [], set()
    for unit in change.begun:
        earlier = earlier_units.get(before.get(unit.key, ("", unit.valid_from)))
        if earlier is None:
            born.append(unit)
            continue
        going_on.add(earlier.key)
        if (earlier.name, earlier.kind) != (unit.name, unit.kind):
            renamed.append(unit)
        if earlier.parent != unit.parent:
            moved.append(unit)
        if (earlier.name, earlier.kind, earlier.parent) == (unit.name, unit.kind, unit.parent):
            born.append(unit)
    left = tuple(unit for key, unit in ended.items() if key not in going_on)
    return ChangeSummary(tuple(born), left, tuple(renamed), tuple(moved))
