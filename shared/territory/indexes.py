"""The indexes of a territory: units by code and by parent, successions by predecessor and by successor. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from itertools import groupby

from shared.territory.units import Succession, Unit, UnitKey

UnitIndex = dict[str, tuple[Unit, ...]]
SuccessionIndex = dict[UnitKey, tuple[Succession, ...]]


def index_units(
    units: Collection[Unit],
    versions: Mapping[str, tuple[Unit, ...]],
    children: Mapping[str, tuple[Unit, ...]],
) -> tuple[UnitIndex, UnitIndex]:
    """Return both indexes with units added: by code (the oldest first), and by the code of the parent."""
    by_code, below = dict(versions), dict(children)
    ordered = sorted(sorted(units, key=_valid_from), key=_code)
    for code, group in groupby(ordered, key=_code):
        by_code[code] = tuple(sorted((*by_code.get(code, ()), *group), key=_valid_from))
    for parent, group in groupby(sorted(filter(_parent, ordered), key=_parent), key=_parent):
        below[parent] = tuple(sorted((*below.get(parent, ()), *group), key=_key))
    return by_code, below


def index_successions(
    successions: Iterable[Succession],
    forward: Mapping[UnitKey, tuple[Succession, ...]],
    backward: Mapping[UnitKey, tuple[Succession, ...]],
) -> tuple[SuccessionIndex, SuccessionIndex]:
    """Return both indexes with successions added: by predecessor, and by successor."""
    by_predecessor, by_successor = dict(forward), dict(backward)
    for link in successions:
        predecessor = link.predecessor, link.predecessor_valid_from
        by_predecessor[predecessor] = (*by_predecessor.get(predecessor, ()), link)
        if link.successor is not None and link.successor_valid_from is not None:
            successor = link.successor, link.successor_valid_from
            by_successor[successor] = (*by_successor.get(successor, ()), link)
    return by_predecessor, by_successor


def _valid_from(unit: Unit) -> date:
    return unit.valid_from


def _code(unit: Unit) -> str:
    return unit.code


def _parent(unit: Unit) -> str:
    return unit.parent or ""


def _key(unit: Unit) -> UnitKey:
    return unit.key


def to_successor(link: Succession) -> UnitKey | None:
    """Return the key of the successor; None where the unit was abolished."""
    if link.successor is None or link.successor_valid_from is None:
        return None
    return link.successor, link.successor_valid_from


def to_predecessor(link: Succession) -> UnitKey:
    """Return the key of the predecessor."""
    return link.predecessor, link.predecessor_valid_from
