"""How progress is said."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.funding.ledger import Book, Capital
from services.funding.progress.printing import PrintUnit, differences, printed
from services.funding.progress.rules import Row
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import Language
from shared.territory.units import Unit

Total = Literal["total"]


class UnitOut(BaseModel):
    """The unit whose money is shown, with everything below it."""

    code: str = Field(description="code of the unit", examples=["62"])
    name: str = Field(description="its name", examples=["Kon Tum"])

    @classmethod
    def of(cls, unit: Unit) -> Self:
        """Say a unit."""
        return cls(code=unit.code, name=unit.name)


Until = Annotated[
    date | None,
    Field(
        description="last day of effect that counts: what came, was promised or was paid of the budget year by the end of "
        "that day; null: all of it",
        examples=["2023-09-30"],
    ),
]


class CarriedOverOut(BaseModel):
    """Money carried over, of one year of origin."""

    origin_year: int = Field(description="year for which the money was first given", examples=[2022])
    carried_over_vnd: int = Field(
        description="carried over into this year, in đồng", examples=[597_053_000_000]
    )


class AmountsOut(BaseModel):
    """Amounts of a year, in đồng."""

    allocated_vnd: int = Field(description="allocated in the year, in đồng", examples=[1_274_696_000_000])
    opening_balance_vnd: int = Field(
        description="there before the ledger began, in đồng; part of what is available", examples=[0]
    )
    carried_over_vnd: int = Field(
        description="carried over from the year before, in đồng", examples=[597_053_000_000]
    )
    assigned_vnd: int = Field(
        description="assigned by the centre, to be allocated; no part of what is available, in đồng",
        examples=[1_274_696_000_000],
    )
    received_vnd: int = Field(description="came from other lines, in đồng", examples=[0])
    given_vnd: int = Field(description="went to other lines, in đồng", examples=[0])
    cancelled_vnd: int = Field(description="cut from the plan, in đồng", examples=[0])
    returned_vnd: int = Field(description="unspent and handed back, in đồng", examples=[0])
    available_vnd: int = Field(
        description="allocated + opening balance + carried over + received − given − cancelled, in đồng",
        examples=[1_871_749_000_000],
    )
    committed_vnd: int = Field(description="committed in the year, in đồng", examples=[1_100_000_000_000])
    disbursed_vnd: int = Field(description="disbursed in the year, in đồng", examples=[976_937_600_000])
    carried_out_vnd: int = Field(description="carried into the next year, in đồng", examples=[0])
    left_vnd: int = Field(
        description="available − disbursed − returned − carried out, in đồng", examples=[894_811_400_000]
    )
    confirmed_vnd: int = Field(
        description="confirmed as paid by the treasury in the year, in đồng", examples=[970_000_000_000]
    )
    book: Book = Field(description="the book that what is disbursed, left and every rate is read from")
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
        description="the amounts in the unit asked for by `print_in`, each rounded once; only where it was asked for",
    )
    carried_over_from: list[CarriedOverOut] = Field(description="what was carried over, by year of origin")
    lineage: str = Field(
        description="the entries that the figures are made of",
        examples=["/v1/funding/entries?year=2023&source=central&unit=62"],
    )


class DifferenceOut(BaseModel):
    """A column whose printed parts do not add up to its printed total."""

    measure: str = Field(description="which column of `printed`", examples=["disbursed"])
    sum_of_printed_parts: int = Field(description="what the printed parts add up to", examples=[976_937])
    printed_total: int = Field(description="the printed total", examples=[976_938])
    explanation: str = Field(description="why, in words")


class PrintingOut(BaseModel):
    """How the amounts are printed, and where the printed parts do not add."""

    unit: PrintUnit = Field(description="million or billion đồng")
    differences: list[DifferenceOut] = Field(description="empty where all printed parts add up")

    @classmethod
    def of(cls, rows: Sequence[Row], unit: PrintUnit, language: Language) -> Self:
        """Say it of rows with their total last."""
        found = differences(rows[:-1], rows[-1], unit)
        return cls(
            unit=unit,
            differences=[
                DifferenceOut(
                    measure=each.measure,
                    sum_of_printed_parts=each.parts,
                    printed_total=each.total,
                    explanation=each.why.render(language, {}),
                )
                for each in found
            ],
        )


class Keys(BaseModel):
    """What a row is about."""

    program: str | None = Field(None, description="program, or total")
    component: str | None = Field(None, description="component; null: the program as a whole; or total")
    capital: Capital | Total | None = Field(None, description="investment, recurrent, or total")
    source: str | None = Field(None, description="where the money comes from, or total")
    unit: str | None = Field(None, description="the unit that the money is given to, or total")
    origin_year: int | Total | None = Field(None, description="year of origin, or total")
    month: str | None = Field(None, description="month in which entries take effect, or total")


class ProgressRow(AmountsOut, Keys):
    """One group, or the total. It has the keys of the grouping and no others; the total says `total` for each."""


class ProgressOut(BaseModel):
    """Progress of a year in one grouping; every total is the sum of its rows, to the đồng."""

    year: int = Field(description="budget year", examples=[2023])
    until: Until
    unit: UnitOut | None = Field(description="the unit shown; null: everything")
    sources: list[str] = Field(description="the sources that are shown", examples=[["central"]])
    as_of: datetime | None = Field(
        description="instant of the newest change included; null where there is none"
    )
    printing: PrintingOut | None = Field(None, description="only where `print_in` asked for it")
    rows: list[ProgressRow] = Field(description="one for each group, and the total last")


class OfCapital(BaseModel):
    """The key of a row by capital kind."""

    capital: Capital | Total = Field(description="investment, recurrent, or total")


class CapitalRow(AmountsOut, OfCapital):
    """The money that counts in the rate, of one capital kind or in total."""


class OfSource(BaseModel):
    """The key of a row by source."""

    source: str = Field(description="the source, or the group of sources", examples=["counterpart"])


class SourcePart(AmountsOut, OfSource):
    """One source of a group."""


class SourceRow(AmountsOut, OfSource):
    """A source, or a group of sources with its parts."""

    parts: list[SourcePart] = Field(description="the sources of the group; they add up to it")


class StatusOut(BaseModel):
    """The money of a year as the province-wide status shows it."""

    model_config = ConfigDict(title="FundingStatus")

    year: int = Field(description="budget year", examples=[2023])
    until: Until
    unit: UnitOut | None = Field(description="the unit shown; null: everything")
    as_of: datetime | None = Field(
        description="instant of the newest change included; null where there is none"
    )
    printing: PrintingOut | None = Field(None, description="only where `print_in` asked for it")
    rows: list[CapitalRow] = Field(
        description="the central budget by capital kind: investment, recurrent, total"
    )
    sources: list[SourceRow] = Field(description="the other sources that have money in the year")


def amounts(row: Row, lineage: str, book: Book, print_in: PrintUnit | None = None) -> dict[str, object]:
    """Say the amounts of a row."""
    names = set(AmountsOut.model_fields) - {
        "disbursement_rate", "rate_numerator_vnd", "rate_denominator_vnd", "carried_over_from", "lineage",
        "disbursement_rate_without_carry_over", "own_rate_numerator_vnd", "own_rate_denominator_vnd", "book", "printed",
    }  # fmt: skip
    return {
        **{name: getattr(row.amounts, name) for name in names},
        "disbursement_rate": row.rate,
        "rate_numerator_vnd": row.counted.disbursed_vnd,
        "rate_denominator_vnd": row.counted.available_vnd,
        "disbursement_rate_without_carry_over": row.own_rate,
        "own_rate_numerator_vnd": row.own.disbursed_vnd,
        "own_rate_denominator_vnd": row.own.available_vnd,
        "carried_over_from": [
            CarriedOverOut(origin_year=year, carried_over_vnd=amount)
            for year, amount in row.carried_over_from.items()
        ],
        **({"printed": printed(row, print_in)} if print_in else {}),
        "lineage": lineage,
        "book": book,
    }
