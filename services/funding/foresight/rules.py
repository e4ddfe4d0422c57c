"""What is foretold of each lot. Pure; amounts are whole đồng.

A line is foretold by itself, so whatever lines are added up, the parts add up to the whole. Of what is left of it a share is
paid in each month, at its pace, from its oldest lot first as the ledger does, and of a lot the part that lapses first: never
less than nothing, never more than what is left, of none after its deadline. Three paces are followed to the end, the slow,
the likely and the quick one; all lines are thought slow, or quick, together.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

from services.funding.foresight.learning import (
    Account,
    Expectation,
    Flow,
    Series,
    Standing,
    Stretch,
    Usual,
    expectation,
    month_days,
    month_of,
    stretches,
    total,
)
from services.funding.foresight.profiles import MOST_PACE, WHOLE, Method
from services.funding.lapses.rules import Deadline
from services.funding.ledger import CAPITALS, Capital, Line, Lot
from shared.kit.problems import Invalid, Sentence

METHOD = "foresight-2"
"""Changes whenever the same ledger and the same table would be foretold differently."""

DAY = timedelta(days=1)
MONTHS_A_YEAR, DAYS_A_YEAR = 12, 365
"""A pace is said for a mean month, a twelfth of 365 days."""


class DayToCome(Invalid):
    """One looks from a day that has come."""

    code = "seen_on_not_passed"
    detail = Sentence(
        "Ngày {seen_on} chưa tới; chỉ dự báo được từ ngày {latest} trở về trước.",
        "The day {seen_on} has not come; foresight can be read from {latest} or an earlier day.",
    )

    def __init__(self, seen_on: date, latest: date) -> None:
        super().__init__(seen_on=seen_on, latest=latest)


@dataclass(frozen=True, slots=True)
class Range:
    """An amount and how far it may be off, from the least to the most."""

    low: int = 0
    likely: int = 0
    high: int = 0

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def part(self, days: int, length: int) -> "Range":
        """Give the part of some days, rounded down."""
        return Range(self.low * days // length, self.likely * days // length, self.high * days // length)

    @classmethod
    def fact(cls, amount: int) -> "Range":
        """Give an amount that is known."""
        return cls(amount, amount, amount)


def summed(ranges: Collection[Range]) -> Range:
    """Add ranges up."""
    return Range(sum(it.low for it in ranges), sum(it.likely for it in ranges), sum(it.high for it in ranges))


NO_MORE = (date.max, Range())
"""Past the last stretch of days nothing is paid."""


@dataclass(frozen=True)
class Held:
    """What a lot, or the part of it with one deadline, had by a day, by the first days of the stretches of the year."""

    lot: Lot
    deadline: Deadline
    flows: Mapping[date, Flow]
    returned_vnd: int = 0
    carried_out_vnd: int = 0
    reserved_vnd: int = 0

    @property
    def own(self) -> bool:
        """Whether it is the year's own money, and none that was carried into it."""
        return self.lot.origin_year == self.lot.line.year

    @cached_property
    def all(self) -> Flow:
        """Everything that it did so far."""
        return total(self.flows.values())

    @property
    def left_vnd(self) -> int:
        """What can still be paid."""
        return self.all.left_vnd

    @property
    def series(self) -> Series:
        """The same by month."""
        by_month: dict[int, list[Flow]] = {}
        for first, flow in self.flows.items():
            by_month.setdefault(max(1, month_of(self.lot.line.year, first)), []).append(flow)
        return {month: total(flows) for month, flows in by_month.items()}

    def paid_by(self, day: date) -> int:
        """Tell what was paid by a day on which a stretch ends."""
        return sum(flow.paid_vnd for first, flow in self.flows.items() if first <= day)


@dataclass(frozen=True)
class Foreseen:
    """A lot with what is expected of it: đồng to be paid in each stretch of days to come, by its last day."""

    held: Held
    on: date
    due_vnd: int
    """What would usually have been paid of it so far."""
    payments: Mapping[date, Range]

    @cached_property
    def more(self) -> Range:
        """What is still paid by its deadline."""
        return summed(self.payments.values())

    @property
    def at_risk(self) -> Range:
        """What is left on its deadline, or is already where that has passed."""
        left = self.held.left_vnd
        return Range(left - self.more.high, left - self.more.likely, left - self.more.low)

    @property
    def expected(self) -> Range:
        """What will have been paid of it by its deadline."""
        return Range.fact(self.held.all.paid_vnd) + self.more

    def paid_by(self, days: Sequence[date]) -> list[Range]:
        """Tell what was paid, or will have been, by days in their order; within a stretch to come as its days go."""
        found = [Range.fact(self.held.paid_by(day)) for day in days if day <= self.on]
        paid, begins = Range.fact(self.held.all.paid_vnd), self.on + DAY
        to_come = iter(self.payments.items())
        ends, payment = next(to_come, NO_MORE)
        for day in days[len(found) :]:
            while ends <= day:
                paid, begins = paid + payment, ends + DAY
                ends, payment = next(to_come, NO_MORE)
            found.append(paid + payment.part((day - begins).days + 1, (ends - begins).days + 1))
        return found

    @property
    def days_left(self) -> int:
        """Days until its deadline; 0 on that day and after it."""
        return max(0, (self.held.deadline.paid_by - self.on).days)

    @property
    def required_vnd(self) -> int:
        """What would have to be paid in a month for nothing to be left, rounded up; all of it in the last month."""
        left, days = self.held.left_vnd, self.days_left
        if days * MONTHS_A_YEAR <= DAYS_A_YEAR:
            return left
        return -(-left * DAYS_A_YEAR // (MONTHS_A_YEAR * days))

    @property
    def so_far_vnd(self) -> int:
        """What was paid in a month so far, since the year began or, later, until the deadline; rounded down."""
        begins = date(self.held.lot.line.year, 1, 1)
        days = (min(self.on, self.held.deadline.paid_by) - begins).days + 1
        return self.held.all.paid_vnd * DAYS_A_YEAR // (MONTHS_A_YEAR * days) if days > 0 else 0


def expectations(
    method: Method, year: int, accounts: Iterable[Account], on: date
) -> Mapping[Capital, Expectation]:
    """Learn what is to be expected of each capital kind that the year has money of."""
    by_capital: dict[Capital, list[Account]] = {capital: [] for capital in CAPITALS}
    for account in accounts:
        by_capital[account.capital].append(account)
    return {
        capital: expectation(method, method.profile(capital, year), year, of, on)
        for capital, of in by_capital.items()
        if any(it.year == year for it in of)
    }


def foresee(
    expected: Mapping[Capital, Expectation], held: Iterable[Held], year: int, on: date
) -> list[Foreseen]:
    """Foretell the lots of a budget year, or their parts. They are whole lines, for a line has one pace."""
    lines: dict[Line, list[Held]] = {}
    for each in held:
        lines.setdefault(each.lot.line, []).append(each)
    return [
        foreseen
        for line, lots in lines.items()
        for foreseen in _foresee(expected[line.capital], sorted(lots, key=_first_paid), year, on)
    ]


def _first_paid(held: Held) -> tuple[int, date]:
    return held.lot.origin_year, held.deadline.paid_by


def _foresee(expected: Expectation, lots: Sequence[Held], year: int, on: date) -> list[Foreseen]:
    """Foretell a line: it is paid from its oldest money whose deadline has not come."""
    dues = [
        expected.usual.due(it.series, stretches(year, date(year, 1, 1), min(on, it.deadline.paid_by)))
        for it in lots
    ]
    whole = Standing(sum(it.all.came_vnd for it in lots), sum(it.all.paid_vnd for it in lots), sum(dues))
    pace = min(MOST_PACE, whole.pace(prior=expected.pace, weight=expected.line_weight))
    ahead = _ahead(year, on, tuple(sorted({it.deadline.paid_by for it in lots})))
    slow, likely, quick = (
        _path(expected.usual, lots, ahead, pace * each // WHOLE)
        for each in (expected.slow, WHOLE, expected.quick)
    )
    return [
        Foreseen(
            held,
            on,
            due_vnd,
            {ends: Range(slow[ends][at], likely[ends][at], quick[ends][at]) for ends, _ in ahead},
        )
        for at, (held, due_vnd) in enumerate(zip(lots, dues, strict=True))
    ]


@lru_cache(maxsize=256)  # most lines have the same deadlines
def _ahead(year: int, on: date, deadlines: tuple[date, ...]) -> tuple[tuple[date, Stretch], ...]:
    """Divide the days to come until the last deadline by months and by the deadlines, each stretch by its last day."""
    found, after = [], on
    for deadline in deadlines:
        for stretch in stretches(year, after + DAY, deadline):
            begins, length = month_days(year, stretch.month)
            found.append((min(deadline, begins + DAY * (length - 1)), stretch))
        after = max(after, deadline)
    return tuple(found)


def _path(
    usual: Usual, lots: Sequence[Held], ahead: Sequence[tuple[date, Stretch]], pace: int
) -> dict[date, list[int]]:
    """Pay from stretch to stretch what a pace makes of what is left and can be paid; gives what of each lot."""
    left, found = [it.left_vnd for it in lots], {}
    for ends, stretch in ahead:
        payable = [
            amount if it.deadline.paid_by >= ends else 0 for it, amount in zip(lots, left, strict=True)
        ]
        share = min(WHOLE, usual.share(stretch.month) * pace // WHOLE)
        wanted = sum(payable) * share * stretch.days // (WHOLE * stretch.length)
        paid = []
        for amount in payable:
            paid.append(min(wanted, amount))
            wanted -= paid[-1]
        left = [amount - of_it for amount, of_it in zip(left, paid, strict=True)]
        found[ends] = paid
    return found
