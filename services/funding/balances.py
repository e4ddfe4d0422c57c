"""What the ledger counts with: kinds of entries, amounts, lines, lots and postings. Pure; amounts are whole đồng."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from operator import add, attrgetter, neg
from typing import Any, Literal, Self, get_args

Capital = Literal["investment", "recurrent"]
CAPITALS: tuple[Capital, ...] = get_args(Capital)
"""Development investment (đầu tư phát triển) and recurrent spending (sự nghiệp), in the order they are printed."""


class Kind(StrEnum):
    """What an entry is."""

    OPENING_BALANCE = "opening_balance"
    ASSIGNMENT = "assignment"
    ALLOCATION = "allocation"
    SUPPLEMENT = "supplement"
    SUB_ALLOCATION = "sub_allocation"
    TRANSFER = "transfer"
    CANCELLATION = "cancellation"
    RETURN = "return"
    CARRY_OVER = "carry_over"
    COMMITMENT = "commitment"
    DISBURSEMENT = "disbursement"
    CONFIRMATION = "confirmation"
    REVERSAL = "reversal"


ALLOCATES = frozenset({Kind.ALLOCATION, Kind.SUPPLEMENT})
BRINGS_MONEY = ALLOCATES | {Kind.OPENING_BALANCE, Kind.ASSIGNMENT}
Book = Literal["agency", "treasury"]
"""Payments as the agencies report them, and as the treasury confirms them."""
MOVES_MONEY = frozenset({Kind.SUB_ALLOCATION, Kind.TRANSFER})


@dataclass(frozen=True, slots=True)
class Amounts:
    """Đồng that came into a lot, left it, and are promised of it. A balance when summed up, a change when signed."""

    assigned_vnd: int = 0
    """Given by the centre, to be allocated; no money to spend yet."""
    opening_balance_vnd: int = 0
    allocated_vnd: int = 0
    carried_over_vnd: int = 0
    received_vnd: int = 0
    """Sub-allocated or transferred from another line."""
    given_vnd: int = 0
    cancelled_vnd: int = 0
    """Cut from the plan by a decision."""
    returned_vnd: int = 0
    """Unspent and handed back."""
    carried_out_vnd: int = 0
    committed_vnd: int = 0
    disbursed_vnd: int = 0
    confirmed_vnd: int = 0
    """Paid by the word of the treasury: another book, which no balance of the agencies' one depends on."""
    reserved_vnd: int = 0
    """Committed and neither paid nor carried out yet."""

    def __add__(self, other: Self) -> Self:
        return type(self)(*map(add, _values(self), _values(other)))

    def __neg__(self) -> Self:
        return type(self)(*map(neg, _values(self)))

    def values(self) -> tuple[int, ...]:
        """Give the amounts in the order of `MEASURES`."""
        return _values(self)

    @property
    def available_vnd(self) -> int:
        """What there was to spend; the denominator of the disbursement rate, so handing money back does not raise it."""
        came = self.opening_balance_vnd + self.allocated_vnd + self.carried_over_vnd + self.received_vnd
        return came - self.given_vnd - self.cancelled_vnd

    @property
    def planned_vnd(self) -> int:
        """What was given for the year itself and not given on or cut."""
        return self.allocated_vnd + self.received_vnd - self.given_vnd - self.cancelled_vnd

    @property
    def left_vnd(self) -> int:
        """What can still be disbursed, handed back or carried over."""
        return self.available_vnd - self.carried_out_vnd - self.returned_vnd - self.disbursed_vnd

    @property
    def uncommitted_vnd(self) -> int:
        """What can still be promised."""
        return self.left_vnd - self.reserved_vnd

    @property
    def unconfirmed_vnd(self) -> int:
        """What the treasury may still confirm."""
        return max(0, self.available_vnd - self.confirmed_vnd)

    def read_in(self, book: Book) -> Self:
        """Give the amounts with the payments of a book."""
        return self if book == "agency" else replace(self, disbursed_vnd=self.confirmed_vnd)

    @property
    def sound(self) -> bool:
        """Whether a lot may stand like this. The database checks the same."""
        return min(self.values()) >= 0 and self.uncommitted_vnd >= 0


MEASURES: tuple[str, ...] = tuple(each.name for each in fields(Amounts))
_values: Callable[[Amounts], tuple[int, ...]] = attrgetter(*MEASURES)


def book_of(kind: Kind) -> Book:
    """Tell in which book the paper of an entry stands."""
    return "treasury" if kind is Kind.CONFIRMATION else "agency"


@dataclass(frozen=True, slots=True)
class Line:
    """What money is given for. A unit is a code and the day since when it means this land: codes are given again."""

    year: int
    program: str
    component: str | None
    capital: Capital
    source: str
    unit: str
    unit_since: date

    def document(self) -> dict[str, Any]:
        """Say it as a client does."""
        named = ("year", "program", "component", "capital", "source", "unit")
        return {name: getattr(self, name) for name in named}


@dataclass(frozen=True, slots=True)
class Lot:
    """A line's money of one year of origin."""

    line: Line
    origin_year: int

    def in_next_year(self) -> "Lot":
        """Where the money goes when it is carried over: the same line a year later, of the same origin."""
        return Lot(replace(self.line, year=self.line.year + 1), self.origin_year)


Balances = Mapping[Lot, Amounts]


@dataclass(frozen=True, slots=True)
class Posting:
    """What one entry does to one lot."""

    lot: Lot
    change: Amounts
