"""Answers about money at risk of return."""

from collections.abc import Mapping
from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from services.funding.forecast.schemas import (
    STATES_WITHOUT_FORECAST,
    AmountRange,
    ForecastHeader,
    RateRange,
    to_percent,
)
from services.funding.forecast.sums import ForecastState, ForecastSum, calculate_rate
from services.funding.ledger import Capital
from shared.kit.decimal_fields import JsonDecimal


class RiskKeys(BaseModel):
    """The keys of a row."""

    program: str | None = Field(None, description="the program")
    component: str | None = Field(None, description="component; null: the program as a whole")
    capital: Capital | None = Field(None, description="investment or recurrent")
    source: str | None = Field(None, description="source of the money")
    unit: str | None = Field(None, description="the unit that the money is given to")
    unit_name: str | None = Field(None, description="its kind and name at the end of the budget year")
    unit_kind: str | None = Field(None, description="its Vietnamese type without accents")
    unit_since: date | None = Field(None, description="first day on which its code means this land")
    origin_year: int | None = Field(None, description="year of origin")
    deadline: date | None = Field(None, description="last day of payment")


class RiskAmounts(BaseModel):
    """Money at risk of return. Each amount is the sum of the forecasts of lots, and of a lot by deadline."""

    state: ForecastState = Field(description="running, no_money, not_begun or over, as in a curve")
    available_vnd: int = Field(description="what is available, in đồng", examples=[54_205_000_000])
    disbursed_vnd: int = Field(description="disbursed so far, in đồng", examples=[12_597_286_000])
    disbursement_rate: JsonDecimal | None = Field(
        description="disbursed so far / available, in percent", examples=[23.24]
    )
    returned_vnd: int = Field(description="unspent and returned, in đồng", examples=[0])
    carried_out_vnd: int = Field(description="carried into the next year, in đồng", examples=[0])
    left_vnd: int = Field(description="what can still be disbursed, in đồng", examples=[41_607_714_000])
    reserved_vnd: int = Field(description="committed part of what is left, in đồng", examples=[0])
    expected_vnd: AmountRange | None = Field(
        description="disbursed by the deadline of each part of the money, in đồng; null where there is no forecast"
    )
    expected_rate: RateRange | None = Field(description="the same in percent of what is available")
    at_risk_vnd: AmountRange | None = Field(
        description="left on the deadline, or now where that has passed, to be returned or carried over, in đồng; low "
        "where most is disbursed; null where there is no forecast"
    )
    next_deadline: date | None = Field(
        description="first deadline of money that is left, a passed one included; null where none is left"
    )
    days_left: int | None = Field(description="days until then; 0 on that day and after it", examples=[92])
    required_monthly_vnd: int = Field(
        description="what would have to be disbursed in a month of 365/12 days for nothing to be left, in đồng",
        examples=[13_756_000_000],
    )
    monthly_so_far_vnd: int = Field(
        description="what was disbursed in a month, since 1 January and no later than the deadline, in đồng",
        examples=[1_403_000_000],
    )
    pace_percent: JsonDecimal | None = Field(
        description="disbursed so far in percent of what would usually have been; null while nothing was due; of a line the "
        "oldest money is paid first",
        examples=[71.8],
    )

    @classmethod
    def from_sum(cls, row: ForecastSum, keys: Mapping[str, object]) -> Self:
        """Serialize the sum of some lots."""
        state, deadline = row.state, row.next_deadline
        has_forecast = state not in STATES_WITHOUT_FORECAST
        return cls(
            **keys,
            state=state,
            available_vnd=row.sum_inflow(),
            disbursed_vnd=row.total.paid_vnd,
            disbursement_rate=calculate_rate(row.total.paid_vnd, row.sum_inflow()),
            returned_vnd=row.sum_over(lambda forecast: forecast.history.returned_vnd),
            carried_out_vnd=row.sum_over(lambda forecast: forecast.history.carried_out_vnd),
            left_vnd=row.left_vnd,
            reserved_vnd=row.sum_over(lambda forecast: forecast.history.reserved_vnd),
            expected_vnd=AmountRange.from_range(row.expected) if has_forecast else None,
            expected_rate=RateRange.from_range(row.expected, row.sum_inflow()) if has_forecast else None,
            at_risk_vnd=AmountRange.from_range(row.at_risk) if has_forecast else None,
            next_deadline=deadline,
            days_left=None if deadline is None else max(0, (deadline - row.on).days),
            required_monthly_vnd=row.sum_over(lambda forecast: forecast.required_monthly_vnd),
            monthly_so_far_vnd=row.sum_over(lambda forecast: forecast.monthly_so_far_vnd),
            pace_percent=to_percent(row.pace),
        )


class RiskRow(RiskAmounts, RiskKeys):
    """One group. It has the keys of the grouping and no others."""

    lineage: str = Field(
        description="the entries that the figures are made of",
        examples=["/v1/funding/entries?year=2023&capital=investment&source=central&unit=610&below=false"],
    )


class RisksOut(ForecastHeader):
    """Money at risk of return. The total is the sum of the rows of all pages, to the đồng."""

    total: RiskAmounts = Field(description="sum of the rows of all pages")
    items: list[RiskRow] = Field(
        description="rows with money left first, then the lowest expected rate, then the most at risk"
    )
    next: str | None = Field(description="cursor of the page that follows; null on the last one")
