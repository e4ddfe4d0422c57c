"""Until when the money of a lot must be paid and settled. Pure.

The table of deadlines has a row for each capital kind and for own and carried-over money; a row of a budget year takes
precedence over the general one. The decision of a carry-over may set a later day for the money that it moved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal

from services.funding.ledger import Amounts, Capital, Lot

MoneyKind = Literal["own", "carried"]

COMMON_YEAR = 2023
"""A year without 29 February: a last day on that day would not exist in three years of four."""


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """A row of the table of deadlines."""

    capital: Capital
    money: MoneyKind
    paid_years_after: int
    paid_by: str
    """Month and day, such as 01-31."""
    settled_years_after: int
    settled_by: str
    legal_basis: str
    confidence: str
    budget_year: int | None = None
    """None: every year without a row of its own."""

    def __post_init__(self) -> None:
        for month_day in (self.paid_by, self.settled_by):
            calculate_date(COMMON_YEAR, 0, month_day)


class Deadlines(tuple[DeadlineRule, ...]):
    """The rules that set the last days of payment and settlement."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last days of payment and settlement, and the document that sets them."""

    paid_by: date
    settled_by: date
    legal_basis: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Extension:
    """A last day of payment that the decision of a carry-over set for the money that it moved."""

    paid_by: date
    decision: str
    amount_vnd: int


@dataclass(frozen=True, slots=True)
class Lapse:
    """Money that is left in a lot, and its deadline."""

    lot: Lot
    left_vnd: int
    reserved_vnd: int
    """The committed part of it."""
    deadline: Deadline


@lru_cache(maxsize=1024)
def calculate_date(year: int, years_after: int, month_day: str) -> date:
    """Return a month and day, such as 01-31, some years after a budget year."""
    return date.fromisoformat(f"{year + years_after}-{month_day}")


def find_legal_deadline(
    rules: Iterable[DeadlineRule], capital: Capital, money: MoneyKind, year: int
) -> Deadline:
    """Return the deadline of money of a budget year that no decision extended."""
    matching = [rule for rule in rules if (rule.capital, rule.money) == (capital, money)]
    of_year = [rule for rule in matching if rule.budget_year == year]
    (rule, *_) = of_year or [rule for rule in matching if rule.budget_year is None]
    return Deadline(
        calculate_date(year, rule.paid_years_after, rule.paid_by),
        calculate_date(year, rule.settled_years_after, rule.settled_by),
        rule.legal_basis,
        rule.confidence,
    )


def find_deadline(rules: Iterable[DeadlineRule], lot: Lot, extension: Extension | None = None) -> Deadline:
    """Return the deadline of a lot, or of the part of it that an extension is about."""
    year = lot.line.year
    money: MoneyKind = "own" if lot.origin_year == year else "carried"
    legal = find_legal_deadline(rules, lot.line.capital, money, year)
    if extension is None or extension.paid_by <= legal.paid_by:
        return legal
    settled_by = max(legal.settled_by, extension.paid_by)
    return Deadline(extension.paid_by, settled_by, extension.decision, "by decision of the carry-over")


def list_deadlines(
    rules: Iterable[DeadlineRule], lot: Lot, extensions: Iterable[Extension]
) -> list[tuple[Deadline, int]]:
    """Return the deadlines of a lot, the legal one first, each with the đồng that were extended to it."""
    rules = tuple(rules)
    legal = find_deadline(rules, lot)
    later = sorted(
        (extension for extension in extensions if extension.paid_by > legal.paid_by),
        key=lambda extension: extension.paid_by,
    )
    return [
        (legal, 0),
        *((find_deadline(rules, lot, extension), extension.amount_vnd) for extension in later),
    ]


def split_by_deadline(amount_vnd: int, extended: Sequence[int]) -> list[int]:
    """Split money that is left in a lot by its deadlines, the legal one first; the parts add up to it.

    `extended` is the đồng extended to each deadline. Payments take the money that lapses first, so what was extended
    furthest is left longest.
    """
    parts = []
    for extended_vnd in reversed(extended[1:]):
        parts.append(max(0, min(amount_vnd, extended_vnd)))
        amount_vnd -= parts[-1]
    return [amount_vnd, *reversed(parts)]


def limit_extensions(extensions: Sequence[Extension], amount_vnd: int) -> list[Extension]:
    """Return the extensions of money that a lot took over: what was extended furthest was left longest."""
    limited = []
    for extension in sorted(extensions, key=lambda extension: extension.paid_by, reverse=True):
        taken_vnd = min(amount_vnd, extension.amount_vnd)
        amount_vnd -= taken_vnd
        if taken_vnd > 0:
            limited.append(replace(extension, amount_vnd=taken_vnd))
    return limited


def calculate_payable(
    rules: Iterable[DeadlineRule],
    lot: Lot,
    extensions: Iterable[Extension],
    day: date,
    left_vnd: int,
    amount_vnd: int,
) -> int:
    """Return the part of an amount that can be paid again when it comes back to a lot on a day.

    All of it until the last day of payment of the lot; after it, only as much as carry-overs extended beyond the day and the
    lot, with what is left in it, does not hold any more.
    """
    if day <= find_deadline(rules, lot).paid_by:
        return amount_vnd
    extended_vnd = sum(extension.amount_vnd for extension in extensions if extension.paid_by >= day)
    return min(amount_vnd, max(0, extended_vnd - max(0, left_vnd)))


def distribute(amount_vnd: int, limits: Sequence[int]) -> list[int]:
    """Distribute an amount over parts in their order, to each up to its limit; the first takes what is beyond all limits."""
    shares, unassigned_vnd = [], amount_vnd
    for limit in limits:
        shares.append(max(0, min(unassigned_vnd, limit)))
        unassigned_vnd -= shares[-1]
    return [shares[0] + unassigned_vnd, *shares[1:]]


def find_lapses(
    rules: Iterable[DeadlineRule],
    balances: Mapping[Lot, Amounts],
    extensions: Mapping[Lot, Sequence[Extension]],
    until: date | None = None,
) -> list[Lapse]:
    """Return the money that is left, the earliest deadline first, and the largest amount first within a day."""
    rules = tuple(rules)
    lapses = [
        lapse
        for lot, balance in balances.items()
        for lapse in _find_lapses_of_lot(rules, lot, balance, extensions.get(lot, ()))
        if until is None or lapse.deadline.paid_by <= until
    ]
    return sorted(lapses, key=lambda lapse: (lapse.deadline.paid_by, -lapse.left_vnd))


def _find_lapses_of_lot(
    rules: Sequence[DeadlineRule], lot: Lot, balance: Amounts, extensions: Iterable[Extension]
) -> Iterator[Lapse]:
    deadlines = list_deadlines(rules, lot, extensions)
    left = split_by_deadline(balance.left_vnd, [extended_vnd for _, extended_vnd in deadlines])
    reserved = distribute(balance.reserved_vnd, left)
    for (deadline, _), left_vnd, reserved_vnd in zip(deadlines, left, reserved, strict=True):
        if left_vnd > 0:
            yield Lapse(lot, left_vnd, reserved_vnd, deadline)
