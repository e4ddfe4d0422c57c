"""Which units of a map hold the money of unit versions, and the value of an amount. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from services.funding.progress.rules import ProgressGroup
from services.funding.units import UnitVersion
from shared.territory.tree import Territory
from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight, Unit

AmountName = Literal[
    "assigned_vnd", "opening_balance_vnd", "allocated_vnd", "carried_over_vnd", "received_vnd", "given_vnd",
    "cancelled_vnd", "returned_vnd", "succeeded_vnd", "available_vnd", "committed_vnd", "disbursed_vnd",
    "recovered_vnd", "carried_out_vnd", "left_vnd", "disbursement_rate", "allocation_rate",
]  # fmt: skip
AMOUNT_NAMES: tuple[AmountName, ...] = get_args(AmountName)
RATES = frozenset({"disbursement_rate", "allocation_rate"})


@dataclass(frozen=True, slots=True)
class Placement:
    """The unit versions by the unit of a map on which their land lies."""

    by_unit: Mapping[str, Sequence[UnitVersion]]
    above: Sequence[UnitVersion]
    """Those of no unit of the level: a province, an agency of it, a district on a map without districts."""
    divided: Mapping[str, Sequence[Unit]] = field(default_factory=dict)
    """The ended units that were divided without weights, by each unit that got a part; their money is in `above`."""


def place_versions(
    territory: Territory, units: Sequence[Unit], unit_versions: Iterable[UnitVersion], on: date
) -> Placement:
    """Return which units of a level, on the map of a day, hold the land of unit versions."""
    codes = {unit.code for unit in units}
    by_unit: dict[str, list[UnitVersion]] = defaultdict(list)
    above: list[UnitVersion] = []
    divided: dict[str, list[Unit]] = defaultdict(list)
    for version in unit_versions:
        holder = None
        try:
            shares = territory.map_onto(*version, on)
        except SplitWithoutWeight:
            ended = territory.unit(*version)
            parts = territory.find_successors(ended, on)
            holders = {_find_holder(territory, part, codes, on) for part in parts}
            holder = holders.pop() if len(holders) == 1 else None
            for code in holders - {None} if holder is None else ():
                divided[str(code)].append(ended)
        except NoCounterpartOnMap:
            holder = None
        else:
            holders = {_find_holder(territory, share.unit, codes, on) for share in shares}
            holder = holders.pop() if len(holders) == 1 else None
        (above if holder is None else by_unit[holder]).append(version)
    return Placement(by_unit, above, divided)


def _find_holder(territory: Territory, unit: Unit, codes: set[str], on: date) -> str | None:
    """Return which of the units holds a unit of the day; None where it lies above them."""
    return next((code for code in territory.line(unit.code, on) if code in codes), None)


def get_amount(group: ProgressGroup, name: AmountName) -> int | None:
    """Return an amount of a group; None of a rate."""
    if name in RATES:
        return None
    if name in ("available_vnd", "left_vnd"):
        return int(getattr(group, name))
    return int(getattr(group.amounts, name))
