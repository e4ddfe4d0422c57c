"""Estimates from past years and the pace so far: the monthly payment pattern, and how far years differ. Pure.

It is the chain-ladder method of actuaries on the money that is left: for each month, the payments of all past years divided by
their exposure, the money that could have been paid. Ratios are of sums, in whole ppb. See ADR 0013.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from services.funding.forecast.profiles import MONTHS, WHOLE_PPB, ForecastMethod, PaymentProfile
from services.funding.ledger import Capital

PERCENT = 100


@dataclass(frozen=True, slots=True)
class CashFlow:
    """The inflow, the payments and the other outflow of some money, in đồng."""

    inflow_vnd: int = 0
    """Added to what is available, less what was given on or cancelled."""
    paid_vnd: int = 0
    outflow_vnd: int = 0
    """Returned, or carried into the next year."""

    @property
    def left_vnd(self) -> int:
        """Money that can still be paid, if there is no other flow."""
        return max(0, min(self.inflow_vnd, self.inflow_vnd - self.paid_vnd - self.outflow_vnd))


NO_FLOW = CashFlow()
MonthlyFlows = Mapping[int, CashFlow]
"""By month: 1 is January of the budget year and has everything earlier, 13 is the January after it."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The money of a unit of one budget year, capital kind and deadline, month by month."""

    year: int
    capital: Capital
    unit: str
    payable_months: int
    """The number of the month of its deadline."""
    monthly_flows: MonthlyFlows


@dataclass(frozen=True, slots=True)
class MonthPart:
    """Some days of one month."""

    month: int
    days: int
    month_length: int


@dataclass(frozen=True, slots=True)
class PaymentPattern:
    """The share of the remaining money that is usually paid in each month, in ppb."""

    profile: PaymentProfile
    shares_ppb: tuple[int, ...]

    def find_share(self, month: int) -> int:
        """Return the share of a month; past the table, that of money with an extended deadline."""
        if month <= len(self.shares_ppb):
            return self.shares_ppb[month - 1]
        return self.profile.extended_share_ppb

    def calculate_due(self, monthly_flows: MonthlyFlows, elapsed: Sequence[MonthPart]) -> int:
        """Return the đồng that would usually have been paid in the elapsed days, of the exposure of each month."""
        return sum(
            exposure * self.find_share(month) * part.days // (WHOLE_PPB * part.month_length)
            for part, (month, exposure, _) in zip(
                elapsed, list_exposures(monthly_flows, len(elapsed)), strict=True
            )
        )


@dataclass(frozen=True, slots=True)
class PaymentsToDate:
    """The inflow and the payments by a day, and the usual payments (due), in đồng."""

    inflow_vnd: int
    paid_vnd: int
    due_vnd: int

    def calculate_pace(self, *, prior_ppb: int, weight_ppb: int) -> int:
        """Return the ratio of paid to due, weighted with a prior pace, in ppb.

        The weight is a part of the inflow that is added to what is due, as if paid at the prior pace: while little is due
        the prior decides, later the payments.
        """
        prior_weight = max(0, self.inflow_vnd) * weight_ppb
        whole = self.due_vnd * WHOLE_PPB + prior_weight
        if not whole:
            return prior_ppb
        return (max(0, self.paid_vnd) * WHOLE_PPB * WHOLE_PPB + prior_weight * prior_ppb) // whole


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The assumptions of the forecast of one capital kind, on a day."""

    pattern: PaymentPattern
    past_years: tuple[int, ...]
    to_date: PaymentsToDate
    """Of all money of the capital kind."""
    pace_ppb: int
    """The pace of all money of the kind from now on; the usual pace is a whole."""
    slow_ppb: int
    quick_ppb: int
    line_weight_ppb: int


def estimate_assumptions(
    method: ForecastMethod, profile: PaymentProfile, year: int, cohorts: Iterable[Cohort], on: date
) -> Assumptions:
    """Estimate the assumptions of one capital kind from its cohorts of past years and of the year itself."""
    cohorts = tuple(cohorts)
    past = _select_years_with_payments([cohort for cohort in cohorts if cohort.year < year])
    pattern = estimate_pattern(profile, past, on)
    elapsed = split_by_month(year, date(year, 1, 1), on)
    to_date = sum_payments(pattern, (cohort for cohort in cohorts if cohort.year == year), elapsed)
    slow_ppb, quick_ppb = _estimate_range(method, profile, past, on, count_ended_months(year, on))
    past_years = {cohort.year for cohort in past if count_ended_months(cohort.year, on)}
    return Assumptions(
        pattern=pattern,
        past_years=tuple(sorted(past_years)),
        to_date=to_date,
        pace_ppb=to_date.calculate_pace(prior_ppb=WHOLE_PPB, weight_ppb=method.capital_weight_ppb),
        slow_ppb=slow_ppb,
        quick_ppb=quick_ppb,
        line_weight_ppb=method.line_weight_ppb,
    )


def estimate_pattern(profile: PaymentProfile, past: Iterable[Cohort], on: date) -> PaymentPattern:
    """Pool past years month by month, each until its last ended month; the shipped profile counts as one more year."""
    length = len(profile.shares_ppb)
    exposures, payments = [0] * length, [0] * length
    years: list[set[int]] = [set() for _ in profile.shares_ppb]
    for cohort in past:
        months = min(cohort.payable_months, length, count_ended_months(cohort.year, on))
        for month, exposure, paid in list_exposures(cohort.monthly_flows, months):
            exposures[month - 1] += exposure
            payments[month - 1] += paid
            if exposure:
                years[month - 1].add(cohort.year)
    shares = (
        (min(WHOLE_PPB, max(0, paid * WHOLE_PPB // exposure)) * len(pooled_years) + shipped)
        // (len(pooled_years) + 1)
        if exposure
        else shipped
        for exposure, paid, pooled_years, shipped in zip(
            exposures, payments, years, profile.shares_ppb, strict=True
        )
    )
    return PaymentPattern(profile, tuple(shares))


def list_exposures(monthly_flows: MonthlyFlows, months: int) -> Iterator[tuple[int, int, int]]:
    """Yield for each month its number, the đồng that could have been paid in it, and the đồng that were."""
    left = 0
    for month in range(1, months + 1):
        flow = monthly_flows.get(month, NO_FLOW)
        left += flow.inflow_vnd
        yield month, max(0, left), flow.paid_vnd
        left -= flow.paid_vnd + flow.outflow_vnd


def sum_payments(
    pattern: PaymentPattern, cohorts: Iterable[Cohort], elapsed: Sequence[MonthPart]
) -> PaymentsToDate:
    """Sum the payments of cohorts, and what was due, when some months have elapsed."""
    inflow_vnd, paid_vnd, due_vnd = 0, 0, 0
    for cohort in cohorts:
        flow = add_flows([flow for month, flow in cohort.monthly_flows.items() if month <= len(elapsed)])
        inflow_vnd, paid_vnd = inflow_vnd + flow.inflow_vnd, paid_vnd + flow.paid_vnd
        due_vnd += pattern.calculate_due(cohort.monthly_flows, elapsed[: cohort.payable_months])
    return PaymentsToDate(inflow_vnd, paid_vnd, due_vnd)


def add_flows(flows: Collection[CashFlow]) -> CashFlow:
    """Return the sum of flows."""
    inflow_vnd, paid_vnd, outflow_vnd = 0, 0, 0
    for flow in flows:
        inflow_vnd += flow.inflow_vnd
        paid_vnd += flow.paid_vnd
        outflow_vnd += flow.outflow_vnd
    return CashFlow(inflow_vnd, paid_vnd, outflow_vnd)


def _select_years_with_payments(past: Sequence[Cohort]) -> list[Cohort]:
    """Leave out years without any payment: their payments were recorded elsewhere."""
    years = {cohort.year for cohort in past if any(flow.paid_vnd for flow in cohort.monthly_flows.values())}
    return [cohort for cohort in past if cohort.year in years]


def _estimate_range(
    method: ForecastMethod, profile: PaymentProfile, past: Sequence[Cohort], on: date, months: int
) -> tuple[int, int]:
    """Return the slow and the quick pace of the remaining payments, in ppb of the forecast.

    Each past year is forecast from the other ones, as of the same month and for each unit; the range leaves out the outermost
    outcomes. The shipped range counts as one more year.
    """
    ended = {cohort.year for cohort in past if count_ended_months(cohort.year, on) >= len(profile.shares_ppb)}
    ratios: list[int] = []
    for year in sorted(ended) if months < len(profile.shares_ppb) else ():
        pattern = estimate_pattern(profile, (cohort for cohort in past if cohort.year != year), on)
        ratios.extend(
            _backtest_units(method, pattern, [cohort for cohort in past if cohort.year == year], months)
        )
    if not ratios:
        return profile.slow_ppb, profile.quick_ppb
    outside_percent, years = (PERCENT - method.covers_percent) // 2, len(ended)
    slow = min(WHOLE_PPB, find_lower_quantile(ratios, outside_percent))
    quick = max(WHOLE_PPB, find_upper_quantile(ratios, outside_percent))
    return (slow * years + profile.slow_ppb) // (years + 1), (quick * years + profile.quick_ppb) // (
        years + 1
    )


def _backtest_units(
    method: ForecastMethod, pattern: PaymentPattern, cohorts: Sequence[Cohort], months: int
) -> Iterator[int]:
    """Yield for each unit of a past year the ratio of what was paid after some months to its forecast, in ppb."""
    elapsed = [MonthPart(month, 1, 1) for month in range(1, months + 1)]
    capital_pace = sum_payments(pattern, cohorts, elapsed).calculate_pace(
        prior_ppb=WHOLE_PPB, weight_ppb=method.capital_weight_ppb
    )
    units: dict[str, list[Cohort]] = {}
    for cohort in cohorts:
        units.setdefault(cohort.unit, []).append(cohort)
    for of_unit in units.values():
        pace = sum_payments(pattern, of_unit, elapsed).calculate_pace(
            prior_ppb=capital_pace, weight_ppb=method.line_weight_ppb
        )
        expected_vnd, paid_vnd = 0, 0
        for cohort in of_unit:
            until = min(cohort.payable_months, len(pattern.shares_ppb))
            for month, exposure, paid in list_exposures(cohort.monthly_flows, until):
                if month > months:
                    share = min(WHOLE_PPB, pattern.find_share(month) * pace // WHOLE_PPB)
                    expected_vnd += exposure * share // WHOLE_PPB
                    paid_vnd += paid
        if expected_vnd:
            yield max(0, paid_vnd) * WHOLE_PPB // expected_vnd


def find_lower_quantile(values: Iterable[int], percent: int) -> int:
    """Return the value below which one more outcome would fall with this chance."""
    ordered = sorted(values)
    return ordered[max(0, (len(ordered) + 1) * percent // PERCENT - 1)]


def find_upper_quantile(values: Iterable[int], percent: int) -> int:
    """Return the value above which one more outcome would fall with this chance."""
    return -find_lower_quantile((-value for value in values), percent)


@lru_cache(maxsize=1024)  # called for every line of a year
def split_by_month(year: int, first: date, last: date) -> tuple[MonthPart, ...]:
    """Split the days from one day to another, both included, by the months of a budget year."""
    parts = []
    for month in range(number_month(year, first), number_month(year, last) + 1) if first <= last else ():
        month_first, length = find_month(year, month)
        from_day = max(first, month_first).day
        until_day = last.day if month == number_month(year, last) else length
        parts.append(MonthPart(month, until_day - from_day + 1, length))
    return tuple(parts)


def number_month(year: int, day: date) -> int:
    """Return the number of a day's month: 1 is January of the budget year."""
    return (day.year - year) * MONTHS + day.month


def find_month(year: int, month: int) -> tuple[date, int]:
    """Return the first day of a numbered month, and its length in days."""
    years, index = divmod(month - 1, MONTHS)
    first = date(year + years, index + 1, 1)
    return first, monthrange(first.year, first.month)[1]


def count_ended_months(year: int, on: date) -> int:
    """Return how many months of a budget year have ended on a day; a month ends on its last day."""
    _, length = find_month(year, number_month(year, on))
    return max(0, number_month(year, on) - (on.day < length))
