"""How what is foretold is said."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, Field

from services.funding.foresight.learning import Expectation, month_days
from services.funding.foresight.profiles import WHOLE, disbursed_of
from services.funding.foresight.rules import METHOD, Range
from services.funding.foresight.sums import State, Sum, rate
from services.funding.ledger import Book, Capital
from services.funding.progress.schemas import Total, UnitOut
from shared.kit.decimal_fields import JsonDecimal

PERCENT = 100


class AmountRange(BaseModel):
    """An amount with its range; what is a fact already has no range."""

    low: int = Field(description="least, in đồng", examples=[690_000_000_000])
    likely: int = Field(description="likely, in đồng", examples=[742_000_000_000])
    high: int = Field(description="most, in đồng", examples=[790_000_000_000])

    @classmethod
    def of(cls, amount: Range) -> Self:
        """Say an amount."""
        return cls(low=amount.low, likely=amount.likely, high=amount.high)


class RateRange(BaseModel):
    """A rate with its range, in percent, exact or to six places."""

    low: JsonDecimal = Field(description="least, in percent", examples=[63.6])
    likely: JsonDecimal = Field(description="likely, in percent", examples=[68.4])
    high: JsonDecimal = Field(description="most, in percent", examples=[72.8])

    @classmethod
    def of(cls, amount: Range, whole_vnd: int) -> Self | None:
        """Divide an amount; None where there is nothing to divide by."""
        rates = [rate(each, whole_vnd) for each in (amount.low, amount.likely, amount.high)]
        low, likely, high = (each or Decimal(0) for each in rates)
        return cls(low=low, likely=likely, high=high) if whole_vnd > 0 else None


class MonthOut(BaseModel):
    """A month of the curve. What was paid and what is expected are cumulative, from the start of the year."""

    month: str = Field(description="the month", examples=["2023-09"])
    disbursed_vnd: int | None = Field(
        description="disbursed until the end of the month, or until the day looked from, in đồng; null after it",
        examples=[537_000_000_000],
    )
    disbursement_rate: JsonDecimal | None = Field(
        description="the same in percent of what is available on the day looked from", examples=[49.5]
    )
    expected_vnd: AmountRange | None = Field(
        description="expected to be disbursed until the end of the month, in đồng; null where it has ended"
    )
    expected_rate: RateRange | None = Field(description="the same in percent of what is available")


class PointOut(BaseModel):
    """How far the money is by one day: the end of the year, or a deadline."""

    on: date = Field(description="31 December, or the last day of payment of some of the money")
    days_left: int = Field(description="days from the day looked from until then; 0 once it has come")
    passed: bool = Field(description="whether it has come: then the amounts are facts and no range")
    disbursed_vnd: AmountRange = Field(
        description="disbursed by the end of the day, of all the money, in đồng"
    )
    disbursement_rate: RateRange | None = Field(
        description="the same in percent of what is available; null where none is"
    )
    disbursement_rate_without_carry_over: RateRange | None = Field(
        description="the same rate of the year's own money, without what was carried over into it"
    )
    lapsing_vnd: int = Field(description="left of the money that must be paid by this very day, in đồng")
    at_risk_vnd: AmountRange = Field(
        description="expected to be left of that money on the day, to be handed back or carried over, in đồng"
    )

    @classmethod
    def of(cls, whole: Sum, on: date, paid: Range, own: Range) -> Self:
        """Say a day."""
        lapsing = whole.lapsing_on(on)
        return cls(
            on=on,
            days_left=max(0, (on - whole.on).days),
            passed=on <= whole.on,
            disbursed_vnd=AmountRange.of(paid),
            disbursement_rate=RateRange.of(paid, whole.came()),
            disbursement_rate_without_carry_over=RateRange.of(own, whole.came(own=True)),
            lapsing_vnd=lapsing.left_vnd,
            at_risk_vnd=AmountRange.of(lapsing.at_risk),
        )


class CurveOut(BaseModel):
    """The money of one capital kind, or all of it: how it has gone and how it is expected to go on."""

    capital: Capital | Total = Field(description="investment, recurrent, or total")
    state: State = Field(
        description="running: foretold; no_money: nothing is available; not_begun: the year has not begun, so there is no "
        "pace to go by; over: the last deadline has come, so all amounts are facts"
    )
    available_vnd: int = Field(
        description="what there is to spend, carried-over money included, in đồng",
        examples=[1_084_715_000_000],
    )
    disbursed_vnd: int = Field(description="disbursed so far, in đồng", examples=[432_000_000_000])
    disbursement_rate: JsonDecimal | None = Field(
        description="disbursed so far / available, in percent; null where none is available",
        examples=[39.88],
    )
    left_vnd: int = Field(description="available − disbursed − handed back − carried out, in đồng")
    pace_percent: JsonDecimal | None = Field(
        description="disbursed so far in percent of what would usually have been; null while nothing was due",
        examples=[94.2],
    )
    months: list[MonthOut] = Field(
        description="the curve, from January to the last deadline, or the last payment where that was later"
    )
    at: list[PointOut] = Field(
        description="31 December and every deadline of the money; empty where nothing can be foretold"
    )
    lineage: str = Field(
        description="the entries that the figures are made of",
        examples=["/v1/funding/entries?year=2023&capital=investment&source=central"],
    )

    @classmethod
    def of(cls, whole: Sum, capital: Capital | Total, lineage: str) -> Self:
        """Say a curve."""
        state = whole.state
        return cls(
            capital=capital,
            state=state,
            available_vnd=whole.came(),
            disbursed_vnd=whole.flow.paid_vnd,
            disbursement_rate=rate(whole.flow.paid_vnd, whole.came()),
            left_vnd=whole.left_vnd,
            pace_percent=percent(whole.pace),
            months=[] if state in NOTHING_FORETOLD else _months(whole),
            at=[] if state in NOTHING_FORETOLD else _points(whole),
            lineage=lineage,
        )


NOTHING_FORETOLD: frozenset[State] = frozenset({"no_money", "not_begun"})


def _months(whole: Sum) -> list[MonthOut]:
    firsts = [month_days(whole.year, month) for month in whole.months]
    ends = [date(first.year, first.month, length) for first, length in firsts]
    said = []
    for (first, _), end, paid in zip(firsts, ends, whole.paid_by(ends), strict=True):
        known = end <= whole.on
        so_far = paid.likely if known else whole.flow.paid_vnd if first <= whole.on else None
        said.append(
            MonthOut(
                month=f"{first:%Y-%m}",
                disbursed_vnd=so_far,
                disbursement_rate=None if so_far is None else rate(so_far, whole.came()),
                expected_vnd=None if known else AmountRange.of(paid),
                expected_rate=None if known else RateRange.of(paid, whole.came()),
            )
        )
    return said


def _points(whole: Sum) -> list[PointOut]:
    days = whole.days
    paid, own = whole.paid_by(days), whole.paid_by(days, own=True)
    return [PointOut.of(whole, *each) for each in zip(days, paid, own, strict=True)]


def percent(value: Fraction | None) -> Decimal | None:
    """Say a part of something in percent."""
    return None if value is None else Decimal(value.numerator * PERCENT) / value.denominator


class AssumptionOut(BaseModel):
    """What was expected of the money of one capital kind, and what that rests on."""

    capital: Capital = Field(description="investment or recurrent")
    past_years: list[int] = Field(
        description="years of this ledger that it was learned from, all units together; empty: the shipped profile alone"
    )
    disbursed_percent: list[JsonDecimal] = Field(
        description="at the usual pace, how much would be disbursed by the end of each month from January on, in percent of "
        "money that is there from the start"
    )
    pace_percent: JsonDecimal = Field(
        description="the pace that all money of the kind in the ledger is expected to go on at, in percent of the usual one",
        examples=[92.4],
    )
    paid_vnd: int = Field(description="disbursed so far of all money of the kind in the ledger, in đồng")
    due_vnd: int = Field(description="what would usually have been, in đồng")
    slow_percent: JsonDecimal = Field(
        description="lower end of the range, in percent of the likely pace of each line"
    )
    quick_percent: JsonDecimal = Field(
        description="upper end of the range, in percent of the likely pace of each line"
    )
    profile_since: date = Field(description="day since when the shipped profile holds")
    legal_basis: str = Field(description="the document that sets the deadline the profile runs to")
    source: str = Field(description="where the shipped profile comes from")
    confidence: str = Field(description="how sure the shipped profile is")

    @classmethod
    def of(cls, expected: Expectation) -> Self:
        """Say what was expected."""
        profile = expected.usual.profile
        return cls(
            capital=profile.capital,
            past_years=list(expected.past_years),
            disbursed_percent=[_of_whole(each) for each in disbursed_of(expected.usual.shares)],
            pace_percent=_of_whole(expected.pace),
            paid_vnd=expected.standing.paid_vnd,
            due_vnd=expected.standing.due_vnd,
            slow_percent=_of_whole(expected.slow),
            quick_percent=_of_whole(expected.quick),
            profile_since=profile.valid_from,
            legal_basis=profile.legal_basis,
            source=profile.source,
            confidence=profile.confidence,
        )


def _of_whole(value: int) -> Decimal:
    return Decimal(value * PERCENT) / WHOLE


class Foretold(BaseModel):
    """From where it was looked, and how."""

    year: int = Field(description="budget year", examples=[2023])
    unit: UnitOut | None = Field(description="the unit shown; null: everything")
    seen_on: date = Field(description="the day looked from: what took effect later does not count")
    as_of: datetime | None = Field(
        description="instant of the newest change included; null where there is none"
    )
    book: Book = Field(description="the book that payments and every rate are read from")
    sources: list[str] = Field(
        description="the sources that count in the disbursement rate; no other money is foretold"
    )
    method: str = Field(description="version of the method", examples=[METHOD])
    covers_percent: int = Field(
        description="of a hundred units, how many are expected to end within their range", examples=[80]
    )


class ForesightOut(Foretold):
    """What is foretold of a year; the total is the sum of its capital kinds, to the đồng."""

    curves: list[CurveOut] = Field(description="one for each capital kind asked for, and the total last")
    assumptions: list[AssumptionOut] = Field(
        description="one for each capital kind that the year has, all units and programs together"
    )
