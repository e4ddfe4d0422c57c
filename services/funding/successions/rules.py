"""Which unit answers for the money of a unit that ended. Pure; amounts are whole đồng.

A unit is a code and the first day on which it means this land, so money of an ended unit is never taken for money of another
unit that has its code now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from services.funding.dated_balances import DatedBalance
from services.funding.ledger import Amounts, Balances, Lot
from services.funding.rules import UNSPENT
from services.funding.units import UnitVersion, find_last_day
from shared.periods import ONE_DAY
from shared.territory.tree import Territory
from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight, Unit, UnknownUnit


@dataclass(frozen=True, slots=True)
class EndedUnit:
    """A unit that ended, and who answers for its land on a day."""

    unit: Unit
    version: UnitVersion
    last_day: date
    counterparts: tuple[Unit, ...]
    """The units of the day in which its land lies; several where it was divided."""

    @property
    def first_day(self) -> date:
        """The first day on which another unit answers."""
        return self.last_day + ONE_DAY

    @property
    def proposed(self) -> Unit | None:
        """The one unit of the same level that its whole land went to; None where the province has to name one."""
        if len(self.counterparts) != 1 or self.counterparts[0].level != self.unit.level:
            return None
        return self.counterparts[0]


@dataclass(frozen=True, slots=True)
class WaitingLot:
    """Money of a unit that ended, which nobody can pay, move or hand back."""

    lot: Lot
    balance: Amounts
    ended: EndedUnit
    free_amounts: Sequence[tuple[date, int]] = ()
    """The days since the unit ended from which more of it is unspent in both books, each with all that is then."""


def list_free_amounts(balance: DatedBalance, first_day: date) -> list[tuple[date, int]]:
    """Return the days from the given one on from which more of a lot is unspent, each with all that is then."""
    amounts: list[tuple[date, int]] = []
    for day in (first_day, *(day for day, _ in balance.changes if day > first_day)):
        free_vnd = balance.find_lowest_remainder(day, UNSPENT).amount_vnd
        if free_vnd > (amounts[-1][1] if amounts else 0):
            amounts.append((day, free_vnd))
    return amounts


def find_ended_unit(territory: Territory, version: UnitVersion, on: date) -> EndedUnit | None:
    """Return a unit as one that ended before a day; None where it still exists or was never known."""
    code = version[0]
    try:
        last_day = find_last_day(territory, version, on)
        if last_day >= on:
            return None
        unit = territory.unit(code, last_day)
    except UnknownUnit:
        return None
    return EndedUnit(unit, version, last_day, _find_counterparts(territory, unit, last_day, on))


def _find_counterparts(territory: Territory, unit: Unit, last_day: date, on: date) -> tuple[Unit, ...]:
    try:
        return tuple(share.unit for share in territory.map_onto(unit.code, last_day, on))
    except NoCounterpartOnMap:
        return ()
    except SplitWithoutWeight:
        parts = territory.successors(unit.code, last_day)
        return tuple(part for part in parts if part.is_valid_on(on))


def find_waiting_lots(territory: Territory, balances: Balances, on: date) -> list[WaitingLot]:
    """Return the lots with money left of units that ended before a day, in the order of the lots."""
    find_ended = cache(lambda version: find_ended_unit(territory, version, on))
    waiting = []
    for lot, balance in balances.items():
        ended = find_ended((lot.line.unit, lot.line.unit_since))
        if ended is not None and balance.left_vnd > 0:
            waiting.append(WaitingLot(lot, balance, ended))
    return waiting


def is_successor(territory: Territory, ended: EndedUnit, to_unit: str, on: date) -> bool:
    """Whether a unit of a day lies in the land of a unit that ended, or in the province that answers for it."""
    return any(territory.is_within(to_unit, unit.code, on) for unit in ended.counterparts)


def select_proposed(waiting: Iterable[WaitingLot]) -> Sequence[WaitingLot]:
    """Return the lots for which the territory proposes a unit."""
    return [waiting_lot for waiting_lot in waiting if waiting_lot.ended.proposed is not None]
