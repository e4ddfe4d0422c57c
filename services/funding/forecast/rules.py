"""The forecast of each lot. Pure; amounts are whole đồng.

A line is forecast by itself, so the forecasts of any lines add up to the forecast of all of them. In each month a share of
the remaining money of a line is paid, at the line's pace, from its oldest lot first as the ledger does, and of a lot from
the part that lapses first: never less than nothing, never more than what is left, never after its deadline. The slow, the
likely and the quick pace are each projected to the end; all lines are assumed to be slow, or quick, together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Self

from services.funding.deadlines import Deadline
from services.funding.forecast.estimation import (
    Assumptions,
    CashFlow,
    Cohort,
    MonthlyFlows,
    MonthPart,
    PaymentPattern,
    PaymentsToDate,
    add_flows,
    estimate_assumptions,
    find_month,
    number_month,
    split_by_month,
)
from services.funding.forecast.profiles import MAX_PACE_PPB, WHOLE_PPB, ForecastMethod
from services.funding.forecast.ranges import ForecastRange, add_ranges
from services.funding.ledger import CAPITALS, Capital, Line, Lot
from shared.kit.problems import Invalid, Sentence
from shared.periods import ONE_DAY

METHOD_VERSION = "foresight-2"
"""Changes whenever the same ledger and the same profiles would give another forecast."""

MONTHS_PER_YEAR, DAYS_PER_YEAR = 12, 365
"""A monthly amount is for a mean month, a twelfth of 365 days."""


class SeenOnNotPassed(Invalid):
    """The day to look from is in the future."""

    code = "seen_on_not_passed"
    detail = Sentence(
        "Ngày {seen_on} chưa tới; chỉ dự báo được từ ngày {latest} trở về trước.",
        "The day {seen_on} is in the future; the forecast can be read from {latest} or an earlier day.",
    )

    def __init__(self, seen_on: date, latest: date) -> None:
        super().__init__(seen_on=seen_on, latest=latest)


NO_MORE_PAYMENTS = (date.max, ForecastRange())
"""Follows the last period of a forecast."""


@dataclass(frozen=True)
class LotHistory:
    """The cash flows of a lot, or of the part of it with one deadline, until a day.

    They are by the first day of each period; a period ends with a month or with a deadline that has passed.
    """

    lot: Lot
    deadline: Deadline
    flows: Mapping[date, CashFlow]
    returned_vnd: int = 0
    carried_out_vnd: int = 0
    reserved_vnd: int = 0

    @property
    def is_own(self) -> bool:
        """Whether it is the year's own money, not carried over into it."""
        return self.lot.origin_year == self.lot.line.year

    @cached_property
    def total(self) -> CashFlow:
        """All flows until the day."""
        return add_flows(self.flows.values())

    @property
    def left_vnd(self) -> int:
        """Money that can still be paid."""
        return self.total.left_vnd

    def limit_reserved(self) -> Self:
        """Return the history with no more reserved than is left on the day, and no less than nothing.

        A payment can have an earlier day than the commitment that it pays: between the two days more is released than is reserved.
        """
        return replace(self, reserved_vnd=max(0, min(self.reserved_vnd, self.left_vnd)))

    @property
    def monthly_flows(self) -> MonthlyFlows:
        """The flows by month."""
        by_month: dict[int, list[CashFlow]] = {}
        for first, flow in self.flows.items():
            by_month.setdefault(max(1, number_month(self.lot.line.year, first)), []).append(flow)
        return {month: add_flows(flows) for month, flows in by_month.items()}

    def sum_paid_until(self, day: date) -> int:
        """Return what was paid until a day on which a period ends, in đồng."""
        return sum(flow.paid_vnd for first, flow in self.flows.items() if first <= day)


@dataclass(frozen=True)
class LotForecast:
    """The forecast of a lot, or of a part of it: the payments of each future period, by its last day."""

    history: LotHistory
    on: date
    due_vnd: int
    """The usual payments until the day of the forecast."""
    payments: Mapping[date, ForecastRange]

    @cached_property
    def remaining(self) -> ForecastRange:
        """Payments to be expected from the day of the forecast until the deadline."""
        return add_ranges(self.payments.values())

    @property
    def at_risk(self) -> ForecastRange:
        """Money that will be left on the deadline, or is left where it has passed."""
        left = self.history.left_vnd
        return ForecastRange(
            left - self.remaining.high, left - self.remaining.likely, left - self.remaining.low
        )

    @property
    def expected(self) -> ForecastRange:
        """All payments to be expected by the deadline."""
        return ForecastRange.from_fact(self.history.total.paid_vnd) + self.remaining

    def project_paid(self, days: Sequence[date]) -> list[ForecastRange]:
        """Return what was or will have been paid by each of some days in order; within a future period in equal parts a day."""
        projected = [
            ForecastRange.from_fact(self.history.sum_paid_until(day)) for day in days if day <= self.on
        ]
        paid, period_first = ForecastRange.from_fact(self.history.total.paid_vnd), self.on + ONE_DAY
        periods = iter(self.payments.items())
        period_last, payment = next(periods, NO_MORE_PAYMENTS)
        for day in days[len(projected) :]:
            while period_last <= day:
                paid, period_first = paid + payment, period_last + ONE_DAY
                period_last, payment = next(periods, NO_MORE_PAYMENTS)
            elapsed, length = (day - period_first).days + 1, (period_last - period_first).days + 1
            projected.append(paid + payment.prorate(elapsed, length))
        return projected

    @property
    def days_left(self) -> int:
        """Days until the deadline; 0 on it and after it."""
        return max(0, (self.history.deadline.paid_by - self.on).days)

    @property
    def required_monthly_vnd(self) -> int:
        """The payment of each month that would leave nothing, rounded up; in the last month all that is left."""
        left, days = self.history.left_vnd, self.days_left
        if days * MONTHS_PER_YEAR <= DAYS_PER_YEAR:
            return left
        return -(-left * DAYS_PER_YEAR // (MONTHS_PER_YEAR * days))

    @property
    def monthly_so_far_vnd(self) -> int:
        """The average payment of a month since 1 January, and no later than until the deadline; rounded down."""
        first = date(self.history.lot.line.year, 1, 1)
        days = (min(self.on, self.history.deadline.paid_by) - first).days + 1
        if days <= 0:
            return 0
        return self.history.total.paid_vnd * DAYS_PER_YEAR // (MONTHS_PER_YEAR * days)


def estimate_by_capital(
    method: ForecastMethod, year: int, cohorts: Iterable[Cohort], on: date
) -> Mapping[Capital, Assumptions]:
    """Estimate the assumptions of each capital kind of which the year has money."""
    by_capital: dict[Capital, list[Cohort]] = {capital: [] for capital in CAPITALS}
    for cohort in cohorts:
        by_capital[cohort.capital].append(cohort)
    return {
        capital: estimate_assumptions(method, method.find_profile(capital, year), year, of_capital, on)
        for capital, of_capital in by_capital.items()
        if any(cohort.year == year for cohort in of_capital)
    }


def forecast_lots(
    assumptions: Mapping[Capital, Assumptions], histories: Iterable[LotHistory], year: int, on: date
) -> list[LotForecast]:
    """Forecast the lots of a budget year. All lots of a line must be given, because a line has one pace."""
    lines: dict[Line, list[LotHistory]] = {}
    for history in histories:
        lines.setdefault(history.lot.line, []).append(history)
    return [
        forecast
        for line, of_line in lines.items()
        for forecast in _forecast_line(
            assumptions[line.capital], sorted(of_line, key=_to_payment_order), year, on
        )
    ]


def _to_payment_order(history: LotHistory) -> tuple[int, date]:
    return history.lot.origin_year, history.deadline.paid_by


def _forecast_line(
    assumptions: Assumptions, histories: Sequence[LotHistory], year: int, on: date
) -> list[LotForecast]:
    """Forecast the lots of one line, given in the order of payment."""
    dues = [
        assumptions.pattern.calculate_due(
            history.monthly_flows,
            split_by_month(year, date(year, 1, 1), min(on, history.deadline.paid_by)),
        )
        for history in histories
    ]
    to_date = PaymentsToDate(
        sum(history.total.inflow_vnd for history in histories),
        sum(history.total.paid_vnd for history in histories),
        sum(dues),
    )
    pace = to_date.calculate_pace(prior_ppb=assumptions.pace_ppb, weight_ppb=assumptions.line_weight_ppb)
    pace = min(MAX_PACE_PPB, pace)
    periods = _split_future(year, on, tuple(sorted({history.deadline.paid_by for history in histories})))
    slow, likely, quick = (
        _project_payments(assumptions.pattern, histories, periods, pace * relative_pace // WHOLE_PPB)
        for relative_pace in (assumptions.slow_ppb, WHOLE_PPB, assumptions.quick_ppb)
    )
    return [
        LotForecast(
            history,
            on,
            due_vnd,
            {
                last: ForecastRange(slow[last][index], likely[last][index], quick[last][index])
                for last, _ in periods
            },
        )
        for index, (history, due_vnd) in enumerate(zip(histories, dues, strict=True))
    ]


@lru_cache(maxsize=256)  # most lines have the same deadlines
def _split_future(year: int, on: date, deadlines: tuple[date, ...]) -> tuple[tuple[date, MonthPart], ...]:
    """Split the days after a day until the last deadline by months and deadlines; each period with its last day."""
    periods, after = [], on
    for deadline in deadlines:
        for part in split_by_month(year, after + ONE_DAY, deadline):
            first, length = find_month(year, part.month)
            periods.append((min(deadline, first + ONE_DAY * (length - 1)), part))
        after = max(after, deadline)
    return tuple(periods)


def _project_payments(
    pattern: PaymentPattern,
    histories: Sequence[LotHistory],
    periods: Sequence[tuple[date, MonthPart]],
    pace_ppb: int,
) -> dict[date, list[int]]:
    """Return what each lot pays in each period, by its last day, where a line goes on at a pace."""
    left, payments = [history.left_vnd for history in histories], {}
    for last, part in periods:
        payable = [
            amount if history.deadline.paid_by >= last else 0
            for history, amount in zip(histories, left, strict=True)
        ]
        share = min(WHOLE_PPB, pattern.find_share(part.month) * pace_ppb // WHOLE_PPB)
        unpaid = sum(payable) * share * part.days // (WHOLE_PPB * part.month_length)
        paid = []
        for amount in payable:
            paid.append(min(unpaid, amount))
            unpaid -= paid[-1]
        left = [amount - paid_amount for amount, paid_amount in zip(left, paid, strict=True)]
        payments[last] = paid
    return payments
