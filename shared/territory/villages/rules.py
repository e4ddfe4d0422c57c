"""The kinds of villages, and the commune in which a village lies on a day. Pure.

A village ends with the land of its commune: its code means it until that day. Afterwards it lies in the commune that took
over the whole land; where the commune was divided, in one of several, and which is not known.
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from shared.territory.tree import Territory
from shared.territory.units import Unit, UnitKey

VillageKind = Literal["thon", "lang", "to_dan_pho", "khu_dan_cu"]

KIND_PREFIXES: tuple[tuple[str, VillageKind], ...] = (
    ("làng", "lang"),
    ("tổ dân phố", "to_dan_pho"),
    ("khu dân cư", "khu_dan_cu"),
)
"""The words, in lower case, with which the name of a kind begins; any other name is that of a thôn."""


def infer_kind(name: str) -> VillageKind:
    """Return the kind that a name begins with: Làng Kon Tu, Tổ dân phố 3. Thôn 1 and any other name is a thôn."""
    return next((kind for prefix, kind in KIND_PREFIXES if name.casefold().startswith(prefix)), "thon")


def find_communes_of_village(territory: Territory, village: Unit, on: date) -> tuple[Unit, ...]:
    """Return the commune in which a village lies on a day; several where its commune was divided; none before its first day."""
    commune = territory.find(village.parent or "", village.valid_from)
    if commune is None or on < village.valid_from:
        return ()
    return tuple(unit for unit in territory.find_successors(commune, on) if unit.level == "commune")


def find_commune_keys(territory: Territory, communes: Iterable[Unit], on: date) -> frozenset[UnitKey]:
    """Return the keys of communes of a day and of those of earlier days whose whole land lies in them."""
    reached = list(communes)
    current = frozenset(commune.key for commune in reached)
    keys = set(current)
    while reached:
        unit = reached.pop()
        for predecessor in territory.predecessors(unit.code, unit.valid_from):
            successors = {successor.key for successor in territory.find_successors(predecessor, on)}
            if predecessor.key not in keys and predecessor.level == "commune" and successors <= current:
                keys.add(predecessor.key)
                reached.append(predecessor)
    return frozenset(keys)
