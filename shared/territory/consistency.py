"""What must be true of units and successions before anything is asked of them; a table that is not so is refused. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from shared.territory.units import Key, Succession, Unit

ONE = Decimal(1)
DAY = timedelta(days=1)

Versions = Mapping[str, tuple[Unit, ...]]
"""Every meaning of each code, the oldest first."""


def find_version(versions: Versions, code: str | None, valid_from: date | None) -> Unit:
    """Give the unit that a succession names."""
    for each in versions.get(code or "", ()):
        if each.valid_from == valid_from:
            return each
    raise ValueError(f"a succession names a unit that is not there: {code} of {valid_from}")


def check_versions(versions: Versions, codes: Iterable[str]) -> None:
    """Refuse a code with two meanings at once, and a unit that outlives the one it lies in."""
    for code in codes:
        for one, two in pairwise(versions[code]):
            if one.valid_to is None or one.valid_to >= two.valid_from:
                raise ValueError(f"the code {code} has two meanings on {two.valid_from}")
        for each in versions[code]:
            if each.parent is not None and not _stands_throughout(versions, each.parent, each):
                raise ValueError(f"the unit {code} of {each.valid_from} outlives its parent {each.parent}")


def _stands_throughout(versions: Versions, parent: str, unit: Unit) -> bool:
    day: date | None = unit.valid_from
    for each in versions.get(parent, ()):
        if day is not None and each.valid(day):
            if each.valid_to is None or (unit.valid_to is not None and unit.valid_to <= each.valid_to):
                return True
            day = each.valid_to + DAY
    return False


def check_successions(versions: Versions, forward: Mapping[Key, tuple[Succession, ...]]) -> None:
    """Refuse a succession from or to a unit that is not there, and weights that do not make one whole."""
    for links in forward.values():
        for each in links:
            find_version(versions, each.predecessor, each.predecessor_valid_from)
            if each.kind != "abolished":
                find_version(versions, each.successor, each.successor_valid_from)
        weights = [each.weight for each in links if each.weight is not None]
        if weights and (len(weights) != len(links) or sum(weights) != ONE):
            raise ValueError(f"the weights of {links[0].predecessor} do not make one whole")
