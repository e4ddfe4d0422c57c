"""How lots that were foretold are added up and ranked, and when nothing can be foretold. Pure; amounts are whole đồng."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

from services.funding.foresight.learning import NOTHING, Flow, month_of, total
from services.funding.foresight.rules import DAY, Foreseen, Range, summed

State = Literal["no_money", "not_begun", "running", "over"]


@dataclass(frozen=True)
class Sum:
    """Lots added up, whatever they have in common."""

    year: int
    on: date
    lots: Sequence[Foreseen]
    keys: Mapping[str, str | int | None] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """Whether anything can be foretold, and where not, why."""
        if not any(it.held.all.came_vnd for it in self.lots):
            return "no_money"
        if self.on < date(self.year, 1, 1):
            return "not_begun"
        return "running" if self.on < self.last_deadline else "over"

    @property
    def last_deadline(self) -> date:
        """The latest deadline of its money."""
        return max((it.held.deadline.paid_by for it in self.lots), default=date(self.year, 12, 31))

    @property
    def next_deadline(self) -> date | None:
        """The first deadline on which something is left, passed ones included."""
        return min((it.held.deadline.paid_by for it in self.lots if it.held.left_vnd), default=None)

    @cached_property
    def flow(self) -> Flow:
        """What came, was paid and went."""
        return total([it.held.all for it in self.lots])

    @property
    def left_vnd(self) -> int:
        """What can still be paid."""
        return self.added(lambda it: it.held.left_vnd)

    def added(self, of: Callable[[Foreseen], int]) -> int:
        """Add up an amount of the lots."""
        return sum(of(it) for it in self.lots)

    @cached_property
    def expected(self) -> Range:
        """What will have been paid, each lot's by its deadline."""
        return summed([it.expected for it in self.lots])

    @cached_property
    def at_risk(self) -> Range:
        """What will be left, each lot's on its deadline."""
        return summed([it.at_risk for it in self.lots])

    def paid_by(self, days: Sequence[date], *, own: bool = False) -> list[Range]:
        """Tell what was paid by days in their order, or will have been; of the year's own money alone where asked for."""
        lots = [it for it in self.lots if it.held.own or not own]
        so_far: dict[date, int] = {}
        to_come: dict[date, list[Range]] = {}
        for each in lots:
            for first, flow in each.held.flows.items():
                so_far[first] = so_far.get(first, 0) + flow.paid_vnd
            for ends, payment in each.payments.items():
                to_come.setdefault(ends, []).append(payment)
        known = Range.fact(sum(so_far.values()))
        ahead = {ends: summed(payments) for ends, payments in to_come.items()}
        return [
            Range.fact(sum(paid for first, paid in so_far.items() if first <= day))
            if day <= self.on
            else known + summed([payment for ends, payment in ahead.items() if ends <= day])
            if (day + DAY).day == 1  # no stretch goes beyond the end of a month
            else summed([it.paid_by([day])[0] for it in lots])
            for day in days
        ]

    def came(self, *, own: bool = False) -> int:
        """What there was to spend."""
        return sum(it.held.all.came_vnd for it in self.lots if it.held.own or not own)

    def lapsing_on(self, day: date) -> "Sum":
        """Give the lots whose deadline a day is."""
        return Sum(self.year, self.on, [it for it in self.lots if it.held.deadline.paid_by == day])

    @property
    def days(self) -> list[date]:
        """The days that it is foretold for: the end of the year and the deadlines."""
        return sorted({date(self.year, 12, 31), *(it.held.deadline.paid_by for it in self.lots)})

    @property
    def months(self) -> range:
        """The months of its curve: from January to the last deadline, or to the last payment where that was later."""
        paid = [
            month_of(self.year, day)
            for it in self.lots
            for day, flow in it.held.flows.items()
            if flow != NOTHING
        ]
        return range(1, max([month_of(self.year, self.days[-1]), *paid]) + 1)

    @property
    def pace(self) -> Fraction | None:
        """What was paid against what would usually have been; None while nothing was due."""
        due = self.added(lambda it: it.due_vnd)
        return Fraction(self.flow.paid_vnd, due) if due else None


def rate(part_vnd: int, whole_vnd: int) -> Decimal | None:
    """Divide, in percent; None where there is nothing to divide by."""
    return Decimal(part_vnd * 100) / whole_vnd if whole_vnd > 0 else None


def group(lots: Iterable[Foreseen], by: Collection[str], year: int, on: date) -> list[Sum]:
    """Add up by the keys of a grouping, the slowest first."""
    groups: dict[tuple[str | int | None, ...], list[Foreseen]] = {}
    for each in lots:
        groups.setdefault(tuple(_key(each, name) for name in by), []).append(each)
    rows = [Sum(year, on, of, dict(zip(by, values, strict=True))) for values, of in groups.items()]
    return sorted(rows, key=place)


Place = tuple[bool, int, int, tuple[str, ...]]


def place(row: Sum) -> Place:
    """Tell where a row stands: rows with money left first, the least probable rate first, the most at risk first in that.

    Rates are compared in millionths: what a đồng of rounding makes of them is no difference.
    """
    available = row.flow.came_vnd
    likely = row.expected.likely * 1_000_000 // available if available > 0 else 0
    named = tuple("" if value is None else f"/{value}" for value in row.keys.values())
    return not row.left_vnd, likely, -row.at_risk.likely, named


def _key(each: Foreseen, name: str) -> str | int | None:
    if name == "deadline":
        return each.held.deadline.paid_by.isoformat()
    value: str | int | None = (
        each.held.lot.origin_year if name == "origin_year" else getattr(each.held.lot.line, name)
    )
    return value
