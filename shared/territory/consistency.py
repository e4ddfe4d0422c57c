"""Check units and successions: days that do not overlap, parents that exist, weights that add up. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise

from shared.periods import ONE_DAY
from shared.territory.units import Succession, Unit, UnitKey

ONE = Decimal(1)

Versions = Mapping[str, tuple[Unit, ...]]
"""Every unit of each code, the oldest first."""


def find_version(versions: Versions, code: str | None, valid_from: date | None) -> Unit:
    """Return the unit that a succession names. Raises `ValueError` where there is none."""
    for unit in versions.get(code or "", ()):
        if unit.valid_from == valid_from:
            return unit
    raise ValueError(f"a succession names an unknown unit: {code} of {valid_from}")


def check_versions(versions: Versions, codes: Iterable[str]) -> None:
    """Raise `ValueError` where a code names two units at once, or a unit outlives its parent."""
    for code in codes:
        for earlier, later in pairwise(versions[code]):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                raise ValueError(f"the code {code} names two units on {later.valid_from}")
        for unit in versions[code]:
            if unit.parent is not None and not _is_valid_throughout(versions, unit.parent, unit):
                raise ValueError(f"the unit {code} of {unit.valid_from} outlives its parent {unit.parent}")


def _is_valid_throughout(versions: Versions, parent: str, unit: Unit) -> bool:
    day: date | None = unit.valid_from
    for version in versions.get(parent, ()):
        if day is not None and version.is_valid_on(day):
            if version.valid_to is None or (unit.valid_to is not None and unit.valid_to <= version.valid_to):
                return True
            day = version.valid_to + ONE_DAY
    return False


def check_successions(versions: Versions, forward: Mapping[UnitKey, tuple[Succession, ...]]) -> None:
    """Raise `ValueError` where a succession names an unknown unit, or weights do not add up to 1."""
    for links in forward.values():
        for link in links:
            find_version(versions, link.predecessor, link.predecessor_valid_from)
            if link.kind != "abolished":
                find_version(versions, link.successor, link.successor_valid_from)
        weights = [link.weight for link in links if link.weight is not None]
        if weights and (len(weights) != len(links) or sum(weights) != ONE):
            raise ValueError(f"the weights of {links[0].predecessor} do not add up to 1")
