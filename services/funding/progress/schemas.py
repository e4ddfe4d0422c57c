"""Answers about progress."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.funding.closed_years.reading import YearState
from services.funding.closed_years.schemas import ClosedYearOut, ClosingStateOut
from services.funding.ledger import Book, Capital
from services.funding.progress.printing import PrintUnit, print_amounts
from services.funding.progress.printing_schemas import PrintingOut
from services.funding.progress.rules import ProgressGroup
from shared.kit.decimal_fields import JsonDecimal
from shared.territory.units import Unit

Total = Literal["total"]


class ShownUnitOut(BaseModel):
    """The unit whose money is shown, with all units below it."""

    code: str = Field(description="code of the unit", examples=["62"])
    name: str = Field(description="its name", examples=["Kon Tum"])
    kind: str = Field(
        description="Vietnamese type without accents: it tells a city from the province of its name",
        examples=["tinh"],
    )
    since: date = Field(
        description="first day of the unit; its code may have named another one before",
        examples=["2004-07-08"],
    )

    @classmethod
    def from_unit(cls, unit: Unit) -> Self:
        """Serialize a unit."""
        return cls(code=unit.code, name=unit.name, kind=unit.kind, since=unit.valid_from)


Until = Annotated[
    date | None,
    Field(
        description="last day of effect that counts; null: the whole budget year",
        examples=["2023-09-30"],
    ),
]


class CarriedOverOut(BaseModel):
    """The money of one year of origin that was carried over."""

    origin_year: int = Field(description="year for which the money was first given", examples=[2022])
    carried_over_vnd: int = Field(
        description="carried over into this year, in đồng", examples=[597_053_000_000]
    )


class AmountsOut(BaseModel):
    """The amounts of a year, in đồng."""

    allocated_vnd: int = Field(description="allocated in the year, in đồng", examples=[1_274_696_000_000])
    opening_balance_vnd: int = Field(
        description="from before the ledger began, in đồng; part of what is available", examples=[0]
    )
    carried_over_vnd: int = Field(
        description="carried over from the year before, in đồng", examples=[597_053_000_000]
    )
    assigned_vnd: int = Field(
        description="assigned by the central government and to be allocated; not part of what is available, in đồng",
        examples=[1_274_696_000_000],
    )
    allocation_rate: JsonDecimal | None = Field(
        description="(allocated − cancelled) / assigned by the central government, in percent; null where less is assigned",
        examples=[100],
    )
    received_vnd: int = Field(description="received from other lines, in đồng", examples=[0])
    given_vnd: int = Field(description="given to other lines, in đồng", examples=[0])
    cancelled_vnd: int = Field(description="cut from the plan, in đồng", examples=[0])
    returned_vnd: int = Field(description="unspent and returned, in đồng", examples=[0])
    succeeded_vnd: int = Field(
        description="taken over from units that ended − passed on to the units that answer after them, in đồng; 0 where both "
        "are in the row",
        examples=[0],
    )
    available_vnd: int = Field(
        description="allocated + opening balance + carried over + received + succeeded − given − cancelled, in đồng; "
        "of a month, at its end",
        examples=[1_871_749_000_000],
    )
    committed_vnd: int = Field(description="committed in the year, in đồng", examples=[1_100_000_000_000])
    paid_vnd: int = Field(
        description="paid of the year's money, before what was recovered, in đồng", examples=[976_937_600_000]
    )
    recovered_vnd: int = Field(description="what came back of payments, in đồng", examples=[0])
    disbursed_vnd: int = Field(
        description="paid less recovered, in đồng; it counts in every rate", examples=[976_937_600_000]
    )
    to_remit_vnd: int = Field(
        description="recovered, not payable again and still to be handed back to the budget, in đồng",
        examples=[0],
    )
    remitted_vnd: int = Field(description="recovered and handed back to the budget, in đồng", examples=[0])
    carried_out_vnd: int = Field(description="carried into the next year, in đồng", examples=[0])
    left_vnd: int = Field(
        description="available − disbursed − returned − carried out − recovered money that is not payable again, in đồng; "
        "of a month, at its end",
        examples=[894_811_400_000],
    )
    confirmed_vnd: int = Field(
        description="payments confirmed by the treasury in the year, in đồng", examples=[970_000_000_000]
    )
    book: Book = Field(
        description="the book of the payments: it decides what is disbursed, what is left and every rate"
    )
    disbursement_rate: JsonDecimal | None = Field(
        description="disbursed / available, in percent, exact or to six places, of the money that counts in the rate; "
        "null where none is available",
        examples=[52.193836],
    )
    rate_numerator_vnd: int = Field(
        description="disbursed that counts in the rate, in đồng", examples=[976_937_600_000]
    )
    rate_denominator_vnd: int = Field(
        description="available that counts in the rate, in đồng", examples=[1_871_749_000_000]
    )
    disbursement_rate_without_carry_over: JsonDecimal | None = Field(
        description="the same rate of the year's own money, without what was carried over into it, in percent",
        examples=[61.2],
    )
    own_rate_numerator_vnd: int = Field(
        description="disbursed of the year's own money that counts in the rate, in đồng", examples=[0]
    )
    own_rate_denominator_vnd: int = Field(
        description="available of the year's own money that counts in the rate, in đồng", examples=[0]
    )
    printed: dict[str, int] | None = Field(
        None,
        description="the amounts in the unit of `print_in`, each rounded once; only with `print_in`",
    )
    carried_over_from: list[CarriedOverOut] = Field(description="what was carried over, by year of origin")
    lineage: str = Field(
        description="the entries that the figures are made of",
        examples=["/v1/funding/entries?year=2023&source=central&unit=62"],
    )


class YearStateOut(ClosingStateOut):
    """The closings of the budget year, and whether one is overdue."""

    closings: list[ClosedYearOut] = Field(
        description="the latest closing of each province whose money is shown; empty while the year is open"
    )
    settled_by: date = Field(description="last day of settlement of the year", examples=["2024-01-31"])


class ProgressKeys(BaseModel):
    """The keys of a row."""

    program: str | None = Field(None, description="program, or total")
    component: str | None = Field(None, description="component; null: the program as a whole; or total")
    capital: Capital | Total | None = Field(None, description="investment, recurrent, or total")
    source: str | None = Field(None, description="source of the money, or total")
    unit: str | None = Field(None, description="the unit that the money is given to, or total")
    unit_since: date | Total | None = Field(
        None, description="first day on which the code of the unit means its land, or total; only by unit"
    )
    origin_year: int | Total | None = Field(None, description="year of origin, or total")
    month: str | None = Field(None, description="month in which entries take effect, or total")


class ProgressRow(AmountsOut, ProgressKeys):
    """One group, or the total. It has the keys of the grouping and no others; in the total each is `total`."""


class ProgressOut(YearStateOut):
    """The progress of a year in one grouping.

    The total is the sum of the rows, to the đồng; by month, what is available and left is that of the last day.
    """

    year: int = Field(description="budget year", examples=[2023])
    until: Until
    unit: ShownUnitOut | None = Field(description="the unit shown; null: all units")
    sources: list[str] = Field(description="the sources that are shown", examples=[["central"]])
    as_of: datetime | None = Field(
        description="instant of the newest change included; null where there is none"
    )
    printing: PrintingOut | None = Field(None, description="only with `print_in`")
    rows: list[ProgressRow] = Field(description="one for each group; the total is not among them")
    total: ProgressRow = Field(description="the sum of the rows; each key is `total`")


class CapitalKey(BaseModel):
    """The key of a row by capital kind."""

    capital: Capital | Total = Field(description="investment, recurrent, or total")


class CapitalRow(AmountsOut, CapitalKey):
    """The money that counts in the rate, of one capital kind or in total."""


class SourceKey(BaseModel):
    """The key of a row by source."""

    source: str = Field(description="the source, or the group of sources", examples=["counterpart"])


class SourcePart(AmountsOut, SourceKey):
    """One source of a group."""


class SourceRow(AmountsOut, SourceKey):
    """A source, or a group of sources with its parts."""

    parts: list[SourcePart] = Field(description="the sources of the group; they add up to it")


class FundingStatusOut(YearStateOut):
    """The money of a year in the status of the province."""

    model_config = ConfigDict(title="FundingStatus")

    year: int = Field(description="budget year", examples=[2023])
    until: Until
    unit: ShownUnitOut | None = Field(description="the unit shown; null: all units")
    as_of: datetime | None = Field(
        description="instant of the newest change included; null where there is none"
    )
    printing: PrintingOut | None = Field(None, description="only with `print_in`")
    rows: list[CapitalRow] = Field(description="the central budget by capital kind: investment, recurrent")
    total: CapitalRow = Field(description="the sum of the rows; its capital kind is `total`")
    sources: list[SourceRow] = Field(description="the other sources that have money in the year")


def to_amount_fields(
    group: ProgressGroup, lineage: str, book: Book, print_in: PrintUnit | None = None
) -> dict[str, object]:
    """Return the fields of `AmountsOut` of a group."""
    names = set(AmountsOut.model_fields) - {
        "allocation_rate", "disbursement_rate", "rate_numerator_vnd", "rate_denominator_vnd", "carried_over_from", "lineage",
        "disbursement_rate_without_carry_over", "own_rate_numerator_vnd", "own_rate_denominator_vnd", "book", "printed",
        "available_vnd", "left_vnd",
    }  # fmt: skip
    return {
        **{name: getattr(group.amounts, name) for name in names},
        "available_vnd": group.available_vnd,
        "left_vnd": group.left_vnd,
        "allocation_rate": group.allocation_rate,
        "disbursement_rate": group.rate,
        "rate_numerator_vnd": group.counted.disbursed_vnd,
        "rate_denominator_vnd": group.counted.available_vnd,
        "disbursement_rate_without_carry_over": group.own_rate,
        "own_rate_numerator_vnd": group.own.disbursed_vnd,
        "own_rate_denominator_vnd": group.own.available_vnd,
        "carried_over_from": [
            CarriedOverOut(origin_year=year, carried_over_vnd=amount)
            for year, amount in group.carried_over_from.items()
        ],
        **({"printed": print_amounts(group, print_in)} if print_in else {}),
        "lineage": lineage,
        "book": book,
    }


def to_year_fields(state: YearState) -> dict[str, object]:
    """Return the fields of `YearStateOut`."""
    return {
        "closing_overdue": state.overdue,
        "settled_by": state.settled_by,
        "closings": [ClosedYearOut.from_closing(closing, count) for closing, count in state.closings],
    }
