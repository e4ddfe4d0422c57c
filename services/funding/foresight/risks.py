"""How money at risk of return is said."""

from collections.abc import Mapping
from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from services.funding.foresight.rules import Foreseen
from services.funding.foresight.schemas import NOTHING_FORETOLD, AmountRange, Foretold, RateRange, percent
from services.funding.foresight.sums import State, Sum, rate
from services.funding.ledger import Capital
from shared.kit.decimal_fields import JsonDecimal


class RiskKeys(BaseModel):
    """What a row is about."""

    program: str | None = Field(None, description="program")
    component: str | None = Field(None, description="component; null: the program as a whole")
    capital: Capital | None = Field(None, description="investment or recurrent")
    source: str | None = Field(None, description="where the money comes from")
    unit: str | None = Field(None, description="the unit that the money is given to")
    origin_year: int | None = Field(None, description="year of origin")
    deadline: date | None = Field(None, description="last day of payment")


class RiskAmounts(BaseModel):
    """Money at risk of return. Every amount is foretold lot by lot, and of a lot by deadline, and added up."""

    state: State = Field(description="running, no_money, not_begun or over, as of a curve")
    available_vnd: int = Field(description="what there is to spend, in đồng", examples=[54_205_000_000])
    disbursed_vnd: int = Field(description="disbursed so far, in đồng", examples=[12_597_286_000])
    disbursement_rate: JsonDecimal | None = Field(
        description="disbursed so far / available, in percent", examples=[23.24]
    )
    returned_vnd: int = Field(description="unspent and handed back, in đồng", examples=[0])
    carried_out_vnd: int = Field(description="carried into the next year, in đồng", examples=[0])
    left_vnd: int = Field(description="what can still be disbursed, in đồng", examples=[41_607_714_000])
    reserved_vnd: int = Field(description="part of what is left that is committed, in đồng", examples=[0])
    expected_vnd: AmountRange | None = Field(
        description="disbursed by the deadline of each part of the money, in đồng; null where nothing can be foretold"
    )
    expected_rate: RateRange | None = Field(description="the same in percent of what is available")
    at_risk_vnd: AmountRange | None = Field(
        description="left on the deadline, or now where that has passed, to be handed back or carried over, in đồng; low "
        "where most is disbursed; null where nothing can be foretold"
    )
    next_deadline: date | None = Field(
        description="first deadline of money that is left, a passed one included; null where none is left"
    )
    days_left: int | None = Field(description="days until then; 0 once it has come", examples=[92])
    required_monthly_vnd: int = Field(
        description="what would have to be disbursed in a month (of 365/12 days) for nothing to be left, in đồng",
        examples=[13_756_000_000],
    )
    monthly_so_far_vnd: int = Field(
        description="what was disbursed in a month so far, since 1 January and until the deadline, in đồng",
        examples=[1_403_000_000],
    )
    pace_percent: JsonDecimal | None = Field(
        description="disbursed so far in percent of what would usually have been; null while nothing was due; of a line the oldest money "
        "is paid first",
        examples=[71.8],
    )

    @classmethod
    def said(cls, row: Sum, keys: Mapping[str, object]) -> Self:
        """Say a row."""
        state, deadline = row.state, row.next_deadline
        foretold = state not in NOTHING_FORETOLD
        return cls(
            **keys,
            state=state,
            available_vnd=row.came(),
            disbursed_vnd=row.flow.paid_vnd,
            disbursement_rate=rate(row.flow.paid_vnd, row.came()),
            returned_vnd=row.added(lambda it: it.held.returned_vnd),
            carried_out_vnd=row.added(lambda it: it.held.carried_out_vnd),
            left_vnd=row.left_vnd,
            reserved_vnd=row.added(lambda it: it.held.reserved_vnd),
            expected_vnd=AmountRange.of(row.expected) if foretold else None,
            expected_rate=RateRange.of(row.expected, row.came()) if foretold else None,
            at_risk_vnd=AmountRange.of(row.at_risk) if foretold else None,
            next_deadline=deadline,
            days_left=None if deadline is None else max(0, (deadline - row.on).days),
            required_monthly_vnd=row.added(_required),
            monthly_so_far_vnd=row.added(_so_far),
            pace_percent=percent(row.pace),
        )


def _required(lot: Foreseen) -> int:
    return lot.required_vnd


def _so_far(lot: Foreseen) -> int:
    return lot.so_far_vnd


class RiskRow(RiskAmounts, RiskKeys):
    """One group. It has the keys of the grouping and no others."""

    lineage: str = Field(
        description="the entries that the figures are made of",
        examples=["/v1/funding/entries?year=2023&capital=investment&source=central&unit=610&below=false"],
    )


class RisksOut(Foretold):
    """Money at risk of return, the slowest first; the total is the sum of the rows of all pages, to the đồng."""

    total: RiskAmounts = Field(description="all rows, of all pages")
    items: list[RiskRow] = Field(
        description="rows with money left first; of these the lowest expected rate first, the most at risk first in that"
    )
    next: str | None = Field(description="cursor of the page that follows; null on the last one")
