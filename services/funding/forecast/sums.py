"""Sums and ranks of the forecasts of lots, and the reasons why there is no forecast. Pure; amounts are whole đồng."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

from services.funding.forecast.estimation import NO_FLOW, CashFlow, add_flows, number_month
from services.funding.forecast.ranges import ForecastRange, add_ranges
from services.funding.forecast.rules import LotForecast
from shared.periods import ONE_DAY

ForecastState = Literal["no_money", "not_begun", "running", "over"]


@dataclass(frozen=True)
class ForecastSum:
    """The sum of some lots of a year."""

    year: int
    on: date
    forecasts: Sequence[LotForecast]
    keys: Mapping[str, str | int | None] = field(default_factory=dict)

    @property
    def state(self) -> ForecastState:
        """Whether there is a forecast, and where not, why."""
        if not any(forecast.history.total.inflow_vnd for forecast in self.forecasts):
            return "no_money"
        if self.on < date(self.year, 1, 1):
            return "not_begun"
        return "running" if self.on < self.last_deadline else "over"

    @property
    def last_deadline(self) -> date:
        """The latest deadline of the money."""
        return max(
            (forecast.history.deadline.paid_by for forecast in self.forecasts),
            default=date(self.year, 12, 31),
        )

    @property
    def next_deadline(self) -> date | None:
        """The first deadline, a passed one included, of money that is left; None where none is left."""
        return min(
            (forecast.history.deadline.paid_by for forecast in self.forecasts if forecast.history.left_vnd),
            default=None,
        )

    @cached_property
    def total(self) -> CashFlow:
        """All flows until the day of the forecast."""
        return add_flows([forecast.history.total for forecast in self.forecasts])

    @property
    def left_vnd(self) -> int:
        """Money that can still be paid."""
        return self.sum_over(lambda forecast: forecast.history.left_vnd)

    def sum_over(self, measure: Callable[[LotForecast], int]) -> int:
        """Return the sum of an amount of the lots."""
        return sum(measure(forecast) for forecast in self.forecasts)

    @cached_property
    def expected(self) -> ForecastRange:
        """Payments to be expected, of each lot by its deadline."""
        return add_ranges([forecast.expected for forecast in self.forecasts])

    @cached_property
    def at_risk(self) -> ForecastRange:
        """Money that will be left, of each lot on its deadline."""
        return add_ranges([forecast.at_risk for forecast in self.forecasts])

    def project_paid(self, days: Sequence[date], *, own: bool = False) -> list[ForecastRange]:
        """Return what was or will have been paid by each of some days in order; `own`: of the year's own money alone."""
        forecasts = [forecast for forecast in self.forecasts if forecast.history.is_own or not own]
        paid: dict[date, int] = {}
        payments: dict[date, list[ForecastRange]] = {}
        for forecast in forecasts:
            for first, flow in forecast.history.flows.items():
                paid[first] = paid.get(first, 0) + flow.paid_vnd
            for last, payment in forecast.payments.items():
                payments.setdefault(last, []).append(payment)
        paid_so_far = ForecastRange.from_fact(sum(paid.values()))
        future = {last: add_ranges(of_period) for last, of_period in payments.items()}
        return [
            ForecastRange.from_fact(sum(amount for first, amount in paid.items() if first <= day))
            if day <= self.on
            else paid_so_far + add_ranges([payment for last, payment in future.items() if last <= day])
            if (day + ONE_DAY).day == 1  # no period goes beyond the end of a month
            else add_ranges([forecast.project_paid([day])[0] for forecast in forecasts])
            for day in days
        ]

    def sum_inflow(self, *, own: bool = False) -> int:
        """Return what is available, in đồng; `own`: of the year's own money alone."""
        return sum(
            forecast.history.total.inflow_vnd
            for forecast in self.forecasts
            if forecast.history.is_own or not own
        )

    def select_lapsing_on(self, day: date) -> "ForecastSum":
        """Return the sum of the lots with this deadline."""
        lapsing = [forecast for forecast in self.forecasts if forecast.history.deadline.paid_by == day]
        return ForecastSum(self.year, self.on, lapsing)

    @property
    def days(self) -> list[date]:
        """The days that are forecast: the end of the year and the deadlines."""
        deadlines = {forecast.history.deadline.paid_by for forecast in self.forecasts}
        return sorted({date(self.year, 12, 31), *deadlines})

    @property
    def months(self) -> range:
        """The months of the curve: from January to the last deadline, or to a later payment."""
        with_flows = [
            number_month(self.year, day)
            for forecast in self.forecasts
            for day, flow in forecast.history.flows.items()
            if flow != NO_FLOW
        ]
        return range(1, max([number_month(self.year, self.days[-1]), *with_flows]) + 1)

    @property
    def pace(self) -> Fraction | None:
        """The ratio of what was paid to what would usually have been; None while nothing was due."""
        due_vnd = self.sum_over(lambda forecast: forecast.due_vnd)
        return Fraction(self.total.paid_vnd, due_vnd) if due_vnd else None


def calculate_rate(part_vnd: int, whole_vnd: int) -> Decimal | None:
    """Return a part in percent of a whole; None where the whole is nothing."""
    return Decimal(part_vnd * 100) / whole_vnd if whole_vnd > 0 else None


def build_sums(
    forecasts: Iterable[LotForecast], by: Collection[str], year: int, on: date
) -> list[ForecastSum]:
    """Return the sums of a grouping in their rank; by unit also those of each unit that had a code in turn."""
    by = [*by, "unit_since"] if "unit" in by else [*by]
    groups: dict[tuple[str | int | None, ...], list[LotForecast]] = {}
    for forecast in forecasts:
        groups.setdefault(tuple(_read_key(forecast, name) for name in by), []).append(forecast)
    sums = [
        ForecastSum(year, on, of_group, dict(zip(by, values, strict=True)))
        for values, of_group in groups.items()
    ]
    return sorted(sums, key=to_rank)


Rank = tuple[bool, int, int, tuple[str, ...]]


def to_rank(row: ForecastSum) -> Rank:
    """Return the sort key of a row: rows with money left first, then the lowest expected rate, then the most at risk.

    Rates are compared in millionths, so that a đồng of rounding makes no difference.
    """
    available = row.total.inflow_vnd
    rate_millionths = row.expected.likely * 1_000_000 // available if available > 0 else 0
    names = tuple("" if value is None else f"/{value}" for value in row.keys.values())
    return not row.left_vnd, rate_millionths, -row.at_risk.likely, names


def _read_key(forecast: LotForecast, name: str) -> str | int | None:
    if name == "deadline":
        return forecast.history.deadline.paid_by.isoformat()
    lot = forecast.history.lot
    value: str | int | date | None = lot.origin_year if name == "origin_year" else getattr(lot.line, name)
    return value.isoformat() if isinstance(value, date) else value
