"""Back-test on generated years: how often the outcome lies in the range, and the error of the likely amount.

A row is a unit's money of one capital kind, as finance offices look at it. The linear forecast for comparison goes on at the
mean daily pace so far, up to what is available.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from statistics import median
from typing import Any

from services.funding.dated_facts import load_method
from services.funding.forecast.rules import LotForecast, estimate_by_capital, forecast_lots
from tests.forecast.generated import GeneratedYear, first_day_of, generate_province

METHOD = load_method()
YEAR = 2024
MONTHS_OF_FORECAST = {"31/03": 3, "30/06": 6, "30/09": 9, "30/11": 11}
PAST_YEARS = (0, 2, 5)
PROVINCES = range(20)


@dataclass(frozen=True)
class Outcome:
    """One row: the outcome and the forecasts, in parts of what was available."""

    outcome: float
    low: float
    likely: float
    high: float
    linear: float

    @property
    def in_range(self) -> bool:
        return self.low <= self.outcome <= self.high

    @property
    def error(self) -> float:
        return abs(self.likely - self.outcome)

    @property
    def linear_error(self) -> float:
        return abs(self.linear - self.outcome)


@dataclass(frozen=True)
class Score:
    """The scores of many rows; errors are medians in points of the rate."""

    past_years: int
    day: str
    in_range_percent: float
    total_in_range_percent: float
    error: float
    linear_error: float


def last_day_of(month: int) -> date:
    return first_day_of(YEAR, month + 1) - timedelta(days=1)


def forecast_year(years: list[GeneratedYear], past_years: int, month: int) -> list[LotForecast]:
    *past, present = years
    on = last_day_of(month)
    cohorts = [
        cohort
        for year in past[len(past) - past_years :]
        for cohort in year.build_cohorts(until=(YEAR - year.year) * 12 + month)
    ]
    cohorts.extend(present.build_cohorts(until=month))
    assumptions = estimate_by_capital(METHOD, YEAR, cohorts, on)
    return forecast_lots(assumptions, present.build_histories(month), YEAR, on)


def compare(forecasts: list[LotForecast], present: GeneratedYear, by: Any) -> Iterator[Outcome]:
    groups: dict[Any, list[LotForecast]] = {}
    for forecast in forecasts:
        groups.setdefault(by(forecast.history.lot), []).append(forecast)
    for group in groups.values():
        available = sum(sum_inflow(present, forecast) for forecast in group)
        yield Outcome(
            outcome=sum(present.sum_paid(forecast.history.lot) for forecast in group) / available,
            low=sum(forecast.expected.low for forecast in group) / available,
            likely=sum(forecast.expected.likely for forecast in group) / available,
            high=sum(forecast.expected.high for forecast in group) / available,
            linear=sum(extrapolate(forecast) for forecast in group) / available,
        )


def sum_inflow(present: GeneratedYear, forecast: LotForecast) -> int:
    return sum(flow.inflow_vnd for flow in present.lots[forecast.history.lot].values())


def extrapolate(forecast: LotForecast) -> int:
    first, last = date(YEAR, 1, 1), forecast.history.deadline.paid_by
    length, elapsed = (last - first).days + 1, (forecast.on - first).days + 1
    total = forecast.history.total
    return min(total.inflow_vnd, total.paid_vnd * length // elapsed)


def back_test(
    provinces: Any = PROVINCES, past_years: Any = PAST_YEARS, days: Any = tuple(MONTHS_OF_FORECAST)
) -> list[Score]:
    """Forecast the last year of every province, with each number of past years, on these days of the year."""
    rows: dict[tuple[int, str], tuple[list[Outcome], list[Outcome]]] = {}
    for seed in provinces:
        years = list(generate_province(seed, YEAR - max(PAST_YEARS), YEAR))
        for count, day in product(past_years, days):
            forecasts = forecast_year(years, count, MONTHS_OF_FORECAST[day])
            units, totals = rows.setdefault((count, day), ([], []))
            units.extend(compare(forecasts, years[-1], lambda lot: (lot.line.capital, lot.line.unit)))
            totals.extend(compare(forecasts, years[-1], lambda lot: lot.line.capital))
    return [
        Score(
            count,
            day,
            100 * sum(unit.in_range for unit in units) / len(units),
            100 * sum(total.in_range for total in totals) / len(totals),
            100 * median(unit.error for unit in units),
            100 * median(unit.linear_error for unit in units),
        )
        for (count, day), (units, totals) in rows.items()
    ]


def print_table(scores: list[Score]) -> str:
    """Return the scores as rows of a Markdown table."""
    lines = [
        "| past years | on | in range | total in range | error | linear error |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines.extend(
        f"| {score.past_years} | {score.day} | {score.in_range_percent:.0f} % "
        f"| {score.total_in_range_percent:.0f} % | {score.error:.1f} | {score.linear_error:.1f} |"
        for score in scores
    )
    return "\n".join(lines)
