"""Closings on the wire."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.funding.closings.rules import FrozenDifference, FrozenRow
from services.funding.field_types import Code, DecisionIO, Year
from services.funding.lapses.api import LapseOut
from services.funding.ledger import Capital
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.territory.named_rows import NamedUnitRow

EXAMPLE: JsonDict = {
    "year": 2023,
    "unit": "62",
    "decision": {"number": "15/QĐ-STC", "date": "2024-01-31"},
    "closed_on": "2024-01-31",
}


class ClosingIn(PartialModel):
    """The act that closes a budget year of a province."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = EXAMPLE

    year: Year = Field(description="budget year to be closed; it must be over")
    unit: Code = Field(description="code of the province; the year is closed for everything below it")
    decision: DecisionIO = Field(description="the paper by which the finance office closes the year")
    closed_on: IsoDate | None = Field(
        None, description="day of the act, after the budget year; by default today"
    )


class FrozenRowOut(BaseModel):
    """The money of one program, capital kind and source when the year was closed."""

    program: str = Field(description="rural, poverty or ethnic")
    capital: Capital = Field(description="investment or recurrent")
    source: str = Field(description="source of the money")
    allocated_vnd: int = Field(description="allocated in the year, in đồng")
    carried_over_vnd: int = Field(description="carried over from the year before, in đồng")
    available_vnd: int = Field(description="available in the year, in đồng")
    committed_vnd: int = Field(description="committed in the year, in đồng")
    disbursed_vnd: int = Field(description="disbursed in the year, in đồng")
    confirmed_vnd: int = Field(description="payments confirmed by the treasury, in đồng")
    returned_vnd: int = Field(description="unspent and returned, in đồng")
    carried_out_vnd: int = Field(description="carried into the next year, in đồng")
    left_vnd: int = Field(description="neither paid, returned nor carried over, in đồng")

    @classmethod
    def from_row(cls, row: FrozenRow) -> "FrozenRowOut":
        """Serialize a frozen row."""
        names = [name for name in cls.model_fields if name.endswith("_vnd")]
        return cls.model_validate(
            {
                "program": row.program,
                "capital": row.capital,
                "source": row.source,
                **{name: getattr(row.amounts, name) for name in names},
            }
        )


class FrozenDifferenceOut(BaseModel):
    """A measure in which the present differs from what was frozen."""

    program: str = Field(description="rural, poverty or ethnic")
    capital: str = Field(description="investment or recurrent")
    source: str = Field(description="source of the money")
    measure: str = Field(description="the measure, as in progress", examples=["disbursed_vnd"])
    frozen_vnd: int = Field(description="when the year was closed, in đồng")
    present_vnd: int = Field(description="now, in đồng")
    difference_vnd: int = Field(description="present − frozen, in đồng")

    @classmethod
    def from_difference(cls, difference: FrozenDifference) -> "FrozenDifferenceOut":
        """Serialize a difference."""
        return cls(
            program=difference.program,
            capital=difference.capital,
            source=difference.source,
            measure=difference.measure,
            frozen_vnd=difference.frozen_vnd,
            present_vnd=difference.present_vnd,
            difference_vnd=difference.present_vnd - difference.frozen_vnd,
        )


class ClosingSummaryOut(NamedUnitRow):
    """A closing."""

    id: uuid.UUID | None = Field(description="its id; null in a dry run")
    year: int = Field(description="budget year", examples=[2023])
    unit: str = Field(description="the province", examples=["62"])
    decision: DecisionIO = Field(description="the paper by which the year was closed")
    closed_on: date = Field(description="day of the act")
    settled_by: date = Field(
        description="last day of settlement of the year: by the dated deadlines, or a decision that was known then"
    )
    late: bool = Field(description="whether it was closed after that day")
    as_of: datetime = Field(
        description="instant of the closing: readings with this `as_of` are what it froze"
    )
    content_sha256: str = Field(description="hash of the amounts by line and year of origin")
    lapsing_vnd: int = Field(description="what was left and lapses, in đồng")
    client_id: str = Field(description="the client that closed the year")


class ClosingOut(ClosingSummaryOut):
    """A closing with what it froze, and what differs from it now."""

    frozen: list[FrozenRowOut] = Field(description="the money when the year was closed")
    differences: list[FrozenDifferenceOut] = Field(
        description="the measures that differ now; empty while they are as they were frozen"
    )
    entries_since: int = Field(description="entries since that changed money of the year")
    entries: str = Field(
        description="address of these entries",
        examples=["/v1/funding/closings/01890a5d-ac96-774b-bcce-b302099a8057/entries"],
    )


class RecordedClosingOut(ClosingOut):
    """A closing as it is recorded, with the money that lapses."""

    lapses: list[LapseOut] = Field(
        description="what is left of the year and lapses, the earliest deadline first"
    )


ClosingsPage = Page[ClosingSummaryOut]


def to_differences(differences: Sequence[FrozenDifference]) -> list[FrozenDifferenceOut]:
    """Serialize differences."""
    return [FrozenDifferenceOut.from_difference(difference) for difference in differences]
