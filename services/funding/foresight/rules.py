"""What is foretold of each lot. Pure; amounts are whole đồng.

A lot is foretold by itself, so whatever lots are added up, the parts add up to the whole. Of what is left of it a share is
paid in each month until its deadline, at its pace: never less than nothing, never more than what is left. Three paces are
followed to the end, the slow, the likely and the quick one; all lots are thought slow, or quick, together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from services.funding.balances import Lot
from services.funding.foresight.learning import (
    Account,
    Expectation,
    Flow,
    Series,
    Stretch,
    expectation,
    month_days,
    month_of,
    stretches,
    total,
)
from services.funding.foresight.profiles import KINDS, MOST_PACE, WHOLE, Kind, Method
from services.funding.lapses.rules import Deadline
from shared.kit.problems import Invalid, Sentence

METHOD = "foresight-1"
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


NO_MORE = (date.max, Range())
"""Past the last stretch of days nothing is paid."""


@dataclass(frozen=True)
class Held:
    """What a lot had by a day, by the first days of the stretches that the year was divided into."""

    lot: Lot
    deadline: Deadline
    flows: Mapping[date, Flow]
    returned_vnd: int = 0
    carried_out_vnd: int = 0
    reserved_vnd: int = 0

    @property
    def kind(self) -> Kind:
        """The kind of its money."""
        return self.lot.line.capital, "own" if self.own else "carried"

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
        return max(0, min(self.all.came_vnd, self.all.came_vnd - self.all.paid_vnd - self.all.gone_vnd))

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
    pace: int
    due_vnd: int
    """What would have been paid of it so far at the expected pace."""
    payments: Mapping[date, Range]

    @cached_property
    def more(self) -> Range:
        """What is still paid by its deadline."""
        return sum(self.payments.values(), start=Range())

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
) -> Mapping[Kind, Expectation]:
    """Learn what is to be expected of each kind of money that the year has."""
    by_kind: dict[Kind, list[Account]] = {kind: [] for kind in KINDS}
    for account in accounts:
        by_kind[account.kind].append(account)
    return {
        kind: expectation(
            method,
            method.profile(kind, year),
            year=year,
            past=[it for it in of if it.year < year],
            present=[it for it in of if it.year == year],
            on=on,
        )
        for kind, of in by_kind.items()
        if any(it.year == year for it in of)
    }


def foresee(
    expected: Mapping[Kind, Expectation], held: Iterable[Held], year: int, on: date
) -> list[Foreseen]:
    """Foretell each lot of a budget year."""
    elapsed = stretches(year, date(year, 1, 1), on)
    ahead: dict[date, list[tuple[date, Stretch]]] = {}
    found = []
    for each in held:
        last = each.deadline.paid_by
        if last not in ahead:
            ahead[last] = [(_end(year, it, last), it) for it in stretches(year, on + DAY, last)]
        found.append(_foresee(expected[each.kind], each, on, elapsed, ahead[last]))
    return found


def _foresee(
    expected: Expectation,
    held: Held,
    on: date,
    elapsed: Sequence[Stretch],
    ahead: Sequence[tuple[date, Stretch]],
) -> Foreseen:
    series = held.series
    due_vnd = expected.due(series, elapsed)
    pace = min(MOST_PACE, expected.pace_of(series, due_vnd, elapsed))
    slow, likely, quick = (
        _path(expected, held.left_vnd, ahead, pace * each // WHOLE)
        for each in (expected.slow, WHOLE, expected.quick)
    )
    payments = {
        ends: Range(*each)
        for (ends, _), each in zip(ahead, zip(slow, likely, quick, strict=True), strict=True)
    }
    return Foreseen(held, on, pace, due_vnd, payments)


def _path(
    expected: Expectation, left: int, ahead: Sequence[tuple[date, Stretch]], pace: int
) -> Iterator[int]:
    """Pay from stretch to stretch what a pace makes of what is left."""
    for _, stretch in ahead:
        share = min(WHOLE, expected.share(stretch.month) * pace // WHOLE)
        paid = left * share * stretch.days // (WHOLE * stretch.length)
        yield paid
        left -= paid


def _end(year: int, stretch: Stretch, last: date) -> date:
    begins, length = month_days(year, stretch.month)
    return min(last, begins + DAY * (length - 1))
