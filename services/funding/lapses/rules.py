"""Until when the money of a lot must be paid and settled. Pure.

A deadline is the table's for the capital kind and for own or carried money, the row of the budget year before the general
one; the decision of a carry-over may set a later day for the money that it moved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.funding.ledger import Amounts, Capital, Lot

Money = Literal["own", "carried"]

COMMON_YEAR = 2023
"""A year without 29 February: a deadline on that day would be none in three years of four."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table of deadlines."""

    capital: Capital
    money: Money
    paid_years_after: int
    paid_by: str
    """Month and day, such as 01-31."""
    settled_years_after: int
    settled_by: str
    legal_basis: str
    confidence: str
    budget_year: int | None = None
    """None: every year that has no row of its own."""

    def __post_init__(self) -> None:
        for month_day in (self.paid_by, self.settled_by):
            day_after(COMMON_YEAR, 0, month_day)


class Deadlines(tuple[Rule, ...]):
    """The rules that set the last days of payment and settlement."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last days of a lot's money, and by which document."""

    paid_by: date
    settled_by: date
    legal_basis: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Extension:
    """A day that the decision of a carry-over set for the money it moved."""

    paid_by: date
    decision: str
    amount_vnd: int


@dataclass(frozen=True, slots=True)
class Lapse:
    """Money that is left in a lot, and when it lapses."""

    lot: Lot
    left_vnd: int
    reserved_vnd: int
    """Part of it that is committed."""
    deadline: Deadline


def day_after(year: int, years_after: int, month_day: str) -> date:
    """Give a day like 01-31 some years after a budget year."""
    return date.fromisoformat(f"{year + years_after}-{month_day}")


def ordinary_deadline(rules: Iterable[Rule], capital: Capital, money: Money, year: int) -> Deadline:
    """Tell until when money of a budget year must be paid and settled where no decision extends it."""
    fitting = [rule for rule in rules if (rule.capital, rule.money) == (capital, money)]
    of_the_year = [rule for rule in fitting if rule.budget_year == year]
    (rule, *_) = of_the_year or [rule for rule in fitting if rule.budget_year is None]
    return Deadline(
        day_after(year, rule.paid_years_after, rule.paid_by),
        day_after(year, rule.settled_years_after, rule.settled_by),
        rule.legal_basis,
        rule.confidence,
    )


def deadline_of(rules: Iterable[Rule], lot: Lot, extension: Extension | None = None) -> Deadline:
    """Tell until when the money of a lot must be paid and settled."""
    year = lot.line.year
    money: Money = "own" if lot.origin_year == year else "carried"
    ordinary = ordinary_deadline(rules, lot.line.capital, money, year)
    if extension is None or extension.paid_by <= ordinary.paid_by:
        return ordinary
    settled_by = max(ordinary.settled_by, extension.paid_by)
    return Deadline(extension.paid_by, settled_by, extension.decision, "by decision of the carry-over")


def terms_of(rules: Iterable[Rule], lot: Lot, extensions: Iterable[Extension]) -> list[tuple[Deadline, int]]:
    """Give the deadlines of a lot, the law's first, and how many đồng were extended to each of the others."""
    rules = tuple(rules)
    law = deadline_of(rules, lot)
    further = sorted((it for it in extensions if it.paid_by > law.paid_by), key=lambda one: one.paid_by)
    return [(law, 0), *((deadline_of(rules, lot, each), each.amount_vnd) for each in further)]


def parted(amount_vnd: int, extended: Sequence[int]) -> list[int]:
    """Part money of a lot by its deadlines, of which the first is the law's; the parts add up to it.

    Whoever pays takes the money that lapses first, so what was extended furthest is left longest.
    """
    shares = []
    for each in reversed(extended[1:]):
        shares.append(max(0, min(amount_vnd, each)))
        amount_vnd -= shares[-1]
    return [amount_vnd, *reversed(shares)]


def laid(amount_vnd: int, shares: Sequence[int]) -> list[int]:
    """Lay an amount over parts, the first to lapse first, of none more than its share; what none has room for is the first's."""
    found, rest = [], amount_vnd
    for share in shares:
        found.append(max(0, min(rest, share)))
        rest -= found[-1]
    return [found[0] + rest, *found[1:]]


def lapses(
    rules: Iterable[Rule],
    balances: Mapping[Lot, Amounts],
    extensions: Mapping[Lot, Sequence[Extension]],
    until: date | None = None,
) -> list[Lapse]:
    """List money left by its deadline, the earliest first and the largest first within a day."""
    rules = tuple(rules)
    found = [
        each
        for lot, balance in balances.items()
        for each in _of_lot(rules, lot, balance, extensions.get(lot, ()))
    ]
    due = [each for each in found if until is None or each.deadline.paid_by <= until]
    return sorted(due, key=lambda each: (each.deadline.paid_by, -each.left_vnd))


def _of_lot(
    rules: Sequence[Rule], lot: Lot, balance: Amounts, extensions: Iterable[Extension]
) -> Iterator[Lapse]:
    terms = terms_of(rules, lot, extensions)
    left = parted(balance.left_vnd, [extended for _, extended in terms])
    promised = laid(balance.reserved_vnd, left)
    for (deadline, _), left_vnd, reserved_vnd in zip(terms, left, promised, strict=True):
        if left_vnd > 0:
            yield Lapse(lot, left_vnd, reserved_vnd, deadline)
