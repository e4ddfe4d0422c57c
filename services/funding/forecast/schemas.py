"""Answers about the forecast."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, Field

from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.forecast.estimation import PERCENT, Assumptions, find_month
from services.funding.forecast.profiles import WHOLE_PPB, to_disbursed
from services.funding.forecast.ranges import ForecastRange
from services.funding.forecast.rules import METHOD_VERSION
from services.funding.forecast.sums import ForecastState, ForecastSum, calculate_rate
from services.funding.ledger import Book, Capital
from services.funding.progress.schemas import ShownUnitOut, Total
from shared.kit.decimal_fields import JsonDecimal


class AmountRange(BaseModel):
    """An amount with its range; of a fact all three are equal."""

    low: int = Field(description="least, in đồng", examples=[690_000_000_000])
    likely: int = Field(description="likely, in đồng", examples=[742_000_000_000])
    high: int = Field(description="most, in đồng", examples=[790_000_000_000])

    @classmethod
    def from_range(cls, amount: ForecastRange) -> Self:
        """Serialize an amount."""
        return cls(low=amount.low, likely=amount.likely, high=amount.high)


class RateRange(BaseModel):
    """A rate with its range, in percent, exact or to six places."""

    low: JsonDecimal = Field(description="least, in percent", examples=[63.6])
    likely: JsonDecimal = Field(description="likely, in percent", examples=[68.4])
    high: JsonDecimal = Field(description="most, in percent", examples=[72.8])

    @classmethod
    def from_range(cls, amount: ForecastRange, whole_vnd: int) -> Self | None:
        """Serialize an amount in percent of a whole; None where the whole is nothing."""
        low, likely, high = (
            calculate_rate(part, whole_vnd) or Decimal(0) for part in (amount.low, amount.likely, amount.high)
        )
        return cls(low=low, likely=likely, high=high) if whole_vnd > 0 else None


class MonthOut(BaseModel):
    """A month of the curve. Amounts are cumulative from the start of the year."""

    month: str = Field(description="the month", examples=["2023-09"])
    disbursed_vnd: int | None = Field(
        description="disbursed until the end of the month, or until the day of the forecast, in đồng; null after it",
        examples=[537_000_000_000],
    )
    disbursement_rate: JsonDecimal | None = Field(
        description="the same in percent of what is available on the day of the forecast", examples=[49.5]
    )
    expected_vnd: AmountRange | None = Field(
        description="expected to be disbursed until the end of the month, in đồng; null where the month has ended"
    )
    expected_rate: RateRange | None = Field(description="the same in percent of what is available")


class ForecastPointOut(BaseModel):
    """The forecast for one day: the end of the year, or a deadline."""

    on: date = Field(description="31 December, or the last day of payment of some of the money")
    days_left: int = Field(
        description="days from the day of the forecast until then; 0 on that day and after it"
    )
    passed: bool = Field(description="whether the day has come; the amounts are then facts")
    disbursed_vnd: AmountRange = Field(
        description="disbursed by the end of the day, of all the money, in đồng"
    )
    disbursement_rate: RateRange | None = Field(
        description="the same in percent of what is available; null where none is"
    )
    disbursement_rate_without_carry_over: RateRange | None = Field(
        description="the same rate of the year's own money, without what was carried over into it"
    )
    lapsing_vnd: int = Field(description="left of the money whose deadline this day is, in đồng")
    at_risk_vnd: AmountRange = Field(
        description="expected to be left of that money on the day, to be returned or carried over, in đồng"
    )

    @classmethod
    def from_sum(cls, curve: ForecastSum, on: date, paid: ForecastRange, own: ForecastRange) -> Self:
        """Serialize a day; `own` is what is paid of the year's own money."""
        lapsing = curve.select_lapsing_on(on)
        return cls(
            on=on,
            days_left=max(0, (on - curve.on).days),
            passed=on <= curve.on,
            disbursed_vnd=AmountRange.from_range(paid),
            disbursement_rate=RateRange.from_range(paid, curve.sum_inflow()),
            disbursement_rate_without_carry_over=RateRange.from_range(own, curve.sum_inflow(own=True)),
            lapsing_vnd=lapsing.left_vnd,
            at_risk_vnd=AmountRange.from_range(lapsing.at_risk),
        )


class CurveOut(BaseModel):
    """The disbursement of one capital kind, or of all money: so far, and as expected."""

    capital: Capital | Total = Field(description="investment, recurrent, or total")
    state: ForecastState = Field(
        description="running: there is a forecast; no_money: nothing is available; not_begun: the year has not begun, so "
        "there is no pace; over: the last deadline has come, so all amounts are facts"
    )
    available_vnd: int = Field(
        description="what is available, carried-over money included, in đồng",
        examples=[1_084_715_000_000],
    )
    disbursed_vnd: int = Field(description="disbursed so far, in đồng", examples=[432_000_000_000])
    disbursement_rate: JsonDecimal | None = Field(
        description="disbursed so far / available, in percent; null where none is available",
        examples=[39.88],
    )
    left_vnd: int = Field(description="available − disbursed − returned − carried out, in đồng")
    pace_percent: JsonDecimal | None = Field(
        description="disbursed so far in percent of what would usually have been; null while nothing was due",
        examples=[94.2],
    )
    months: list[MonthOut] = Field(
        description="the curve, from January to the last deadline, or to a later payment"
    )
    at: list[ForecastPointOut] = Field(
        description="31 December and every deadline of the money; empty where there is no forecast"
    )
    lineage: str = Field(
        description="the entries that the figures are made of",
        examples=["/v1/funding/entries?year=2023&capital=investment&source=central"],
    )

    @classmethod
    def from_sum(cls, curve: ForecastSum, capital: Capital | Total, lineage: str) -> Self:
        """Serialize the curve of a sum."""
        state = curve.state
        return cls(
            capital=capital,
            state=state,
            available_vnd=curve.sum_inflow(),
            disbursed_vnd=curve.total.paid_vnd,
            disbursement_rate=calculate_rate(curve.total.paid_vnd, curve.sum_inflow()),
            left_vnd=curve.left_vnd,
            pace_percent=to_percent(curve.pace),
            months=[] if state in STATES_WITHOUT_FORECAST else _build_months(curve),
            at=[] if state in STATES_WITHOUT_FORECAST else _build_points(curve),
            lineage=lineage,
        )


STATES_WITHOUT_FORECAST: frozenset[ForecastState] = frozenset({"no_money", "not_begun"})


def _build_months(curve: ForecastSum) -> list[MonthOut]:
    firsts = [find_month(curve.year, month) for month in curve.months]
    ends = [date(first.year, first.month, length) for first, length in firsts]
    inflow_vnd = curve.sum_inflow()
    months = []
    for (first, _), end, paid in zip(firsts, ends, curve.project_paid(ends), strict=True):
        has_ended = end <= curve.on
        paid_vnd = paid.likely if has_ended else curve.total.paid_vnd if first <= curve.on else None
        months.append(
            MonthOut(
                month=f"{first:%Y-%m}",
                disbursed_vnd=paid_vnd,
                disbursement_rate=None if paid_vnd is None else calculate_rate(paid_vnd, inflow_vnd),
                expected_vnd=None if has_ended else AmountRange.from_range(paid),
                expected_rate=None if has_ended else RateRange.from_range(paid, inflow_vnd),
            )
        )
    return months


def _build_points(curve: ForecastSum) -> list[ForecastPointOut]:
    days = curve.days
    paid, own = curve.project_paid(days), curve.project_paid(days, own=True)
    return [ForecastPointOut.from_sum(curve, *amounts) for amounts in zip(days, paid, own, strict=True)]


def to_percent(value: Fraction | None) -> Decimal | None:
    """Return a fraction in percent."""
    return None if value is None else Decimal(value.numerator * PERCENT) / value.denominator


class AssumptionsOut(BaseModel):
    """The assumptions for one capital kind, and where they come from."""

    capital: Capital = Field(description="investment or recurrent")
    past_years: list[int] = Field(
        description="years of this ledger that were pooled, all units together; empty: the shipped profile alone"
    )
    disbursed_percent: list[JsonDecimal] = Field(
        description="disbursed by the end of each month from January on at the usual pace, in percent of money that is "
        "available from the start"
    )
    pace_percent: JsonDecimal = Field(
        description="assumed pace of all money of the capital kind from now on, in percent of the usual one",
        examples=[92.4],
    )
    paid_vnd: int = Field(description="disbursed so far of all money of the capital kind, in đồng")
    due_vnd: int = Field(description="what would usually have been disbursed, in đồng")
    slow_percent: JsonDecimal = Field(
        description="lower end of the range, in percent of the likely pace of each line"
    )
    quick_percent: JsonDecimal = Field(
        description="upper end of the range, in percent of the likely pace of each line"
    )
    profile_since: date = Field(description="first day on which the shipped profile is in force")
    legal_basis: str = Field(description="the document that sets the deadline to which the profile runs")
    source: str = Field(description="source of the shipped profile")
    confidence: str = Field(description="confidence in the shipped profile")

    @classmethod
    def from_assumptions(cls, assumptions: Assumptions) -> Self:
        """Serialize the assumptions of one capital kind."""
        profile = assumptions.pattern.profile
        return cls(
            capital=profile.capital,
            past_years=list(assumptions.past_years),
            disbursed_percent=[
                _ppb_to_percent(share) for share in to_disbursed(assumptions.pattern.shares_ppb)
            ],
            pace_percent=_ppb_to_percent(assumptions.pace_ppb),
            paid_vnd=assumptions.to_date.paid_vnd,
            due_vnd=assumptions.to_date.due_vnd,
            slow_percent=_ppb_to_percent(assumptions.slow_ppb),
            quick_percent=_ppb_to_percent(assumptions.quick_ppb),
            profile_since=profile.valid_from,
            legal_basis=profile.legal_basis,
            source=profile.source,
            confidence=profile.confidence,
        )


def _ppb_to_percent(value_ppb: int) -> Decimal:
    return Decimal(value_ppb * PERCENT) / WHOLE_PPB


class ForecastHeader(ClosingStateOut):
    """The subject of a forecast, its day and its method."""

    year: int = Field(description="budget year", examples=[2023])
    unit: ShownUnitOut | None = Field(description="the unit shown; null: all units")
    seen_on: date = Field(description="day of the forecast: what took effect later does not count")
    as_of: datetime | None = Field(
        description="instant of the newest change included; null where there is none"
    )
    book: Book = Field(description="the book of the payments, which decides every rate")
    sources: list[str] = Field(
        description="the sources that count in the disbursement rate; other money has no forecast"
    )
    method: str = Field(description="version of the method", examples=[METHOD_VERSION])
    covers_percent: int = Field(
        description="of a hundred units, how many are meant to end within their range", examples=[80]
    )


class ForecastOut(ForecastHeader):
    """The forecast of a year. The total is the sum of its capital kinds, to the đồng."""

    curves: list[CurveOut] = Field(description="one for each selected capital kind, and the total last")
    assumptions: list[AssumptionsOut] = Field(
        description="one for each capital kind of which the year has money, all units and programs together"
    )
