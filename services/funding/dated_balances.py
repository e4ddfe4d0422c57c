"""The balance of a lot by day of effect, and its lowest remainder from a day on. Pure; amounts are whole đồng.

An entry takes effect on its own day, and other entries may have later days already. It may take what is left on its day and
on every later one, so that no reading until a day shows more paid than there was (see ADR 0011).
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from services.funding.ledger import Amounts, Lot
from shared.periods import ONE_DAY


class Remainder(NamedTuple):
    """The remainder of a lot at the end of a day; of a posting, its change."""

    left_vnd: int
    unreserved_vnd: int
    """Left, less what is reserved. A payment can have an earlier day than the commitment that it pays, and releases then what
    is reserved only later: until the day of the commitment this is more than what is left."""
    unconfirmed_vnd: int
    """The money left in the treasury's book: neither confirmed as paid, returned nor carried out."""

    @classmethod
    def from_amounts(cls, amounts: Amounts) -> "Remainder":
        """Return the remainder of a balance, or of a change of it."""
        left_vnd = amounts.left_vnd
        paid_vnd = amounts.disbursed_vnd + amounts.remittable_vnd
        confirmed_vnd = amounts.confirmed_vnd + amounts.confirmed_remittable_vnd
        return cls(left_vnd, left_vnd - amounts.reserved_vnd, left_vnd + paid_vnd - confirmed_vnd)

    def add(self, other: "Remainder") -> "Remainder":
        """Return the sum of two remainders."""
        return Remainder(*(first + second for first, second in zip(self, other, strict=True)))

    def subtract(self, other: "Remainder") -> "Remainder":
        """Return the remainder before a change."""
        return Remainder(*(first - second for first, second in zip(self, other, strict=True)))


RemainderKind = Literal["left_vnd", "unreserved_vnd", "unconfirmed_vnd"]


class LowestRemainder(NamedTuple):
    """The lowest remainder of a lot on any day since a given one, and the days on which no more is left."""

    amount_vnd: int
    first_day: date
    last_day: date | None
    """None: no later entry changes it."""
    kind: RemainderKind
    """The kind of remainder that is lowest."""


DayChange = tuple[date, Remainder]
"""The day, and the change of a lot by all its entries."""


@dataclass(frozen=True, slots=True)
class DatedBalance:
    """The balance of a lot after all its entries, and what each day changed, the earliest first.

    `changes` may leave out the days that are not later than those of the entries to be decided.
    """

    total: Amounts = field(default_factory=Amounts)
    changes: tuple[DayChange, ...] = ()

    def add(self, day: date, change: Amounts) -> "DatedBalance":
        """Return the balance after a posting of a day."""
        remainder = Remainder.from_amounts(change)
        at = bisect_left(self.changes, day, key=lambda day_change: day_change[0])
        before, after = self.changes[:at], self.changes[at:]
        if after and after[0][0] == day:
            remainder, after = after[0][1].add(remainder), after[1:]
        return DatedBalance(self.total + change, (*before, (day, remainder), *after))

    def find_lowest_remainder(self, since: date, kinds: Sequence[RemainderKind]) -> LowestRemainder:
        """Return the lowest of some kinds of remainder on any day from the given one on; of equal ones that of the first kind."""
        return min(
            (self._find_lowest_of(since, kind) for kind in kinds), key=lambda lowest: lowest.amount_vnd
        )

    def _find_lowest_of(self, since: date, kind: RemainderKind) -> LowestRemainder:
        (first_day, remainder), *earlier = self._iterate_back(since)
        lowest = LowestRemainder(getattr(remainder, kind), first_day, None, kind)
        next_day = first_day
        for first_day, remainder in earlier:
            amount_vnd = getattr(remainder, kind)
            if amount_vnd < lowest.amount_vnd:
                lowest = LowestRemainder(amount_vnd, first_day, next_day - ONE_DAY, kind)
            elif amount_vnd == lowest.amount_vnd:
                lowest = lowest._replace(first_day=first_day)
            next_day = first_day
        return lowest

    def _iterate_back(self, since: date) -> Iterator[DayChange]:
        """Yield what is left and from which day on, the latest first, down to the given day."""
        remainder = Remainder.from_amounts(self.total)
        for day, change in reversed(self.changes):
            if day <= since:
                break
            yield day, remainder
            remainder = remainder.subtract(change)
        yield since, remainder


DatedBalances = Mapping[Lot, DatedBalance]


@dataclass(frozen=True, slots=True)
class LockedLots:
    """Locked lots: their balances, and the ids of their rows."""

    balances: DatedBalances
    ids: Mapping[Lot, int]

    def __or__(self, other: "LockedLots") -> "LockedLots":
        return LockedLots({**self.balances, **other.balances}, {**self.ids, **other.ids})
