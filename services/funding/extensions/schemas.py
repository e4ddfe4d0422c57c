"""Extensions of the settlement day on the wire."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict
from sqlalchemy import Row

from services.funding.field_types import Code, DecisionIO, Note, Year
from services.funding.unit_names import find_names_of_year
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.territory.named_rows import NamedUnitRow
from shared.territory.tree import Territory

EXAMPLE: JsonDict = {
    "year": 2023,
    "unit": "62",
    "settled_by": "2024-04-30",
    "decision": {"number": "111/2024/QH15", "date": "2024-01-18"},
}


class ExtensionIn(PartialModel):
    """The decision by which a budget year of a province is settled later than by law."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = EXAMPLE

    year: Year = Field(description="budget year")
    unit: Code = Field(description="code of the province; it holds for everything below it")
    settled_by: IsoDate = Field(description="last day of settlement by the decision, after the budget year")
    decision: DecisionIO = Field(description="the decision, with its number and date")
    note: Note | None = Field(None, description="a remark, without names of persons")


class ExtensionOut(NamedUnitRow):
    """An extension as it is recorded. The latest of a year and province holds; the earlier ones stay."""

    id: uuid.UUID | None = Field(description="its id; null in a dry run")
    year: int = Field(description="budget year", examples=[2023])
    unit: str = Field(description="the province", examples=["62"])
    settled_by: date = Field(description="last day of settlement by the decision")
    settled_by_law: date = Field(description="last day of settlement by the dated deadlines")
    decision: DecisionIO = Field(description="the decision")
    note: str | None = Field(description="a remark; null where there is none")
    client_id: str = Field(description="the client that recorded it")
    recorded_at: datetime = Field(description="instant of recording")

    @classmethod
    def from_row(
        cls, row: Row[Any], territory: Territory, settled_by_law: date, *, is_recorded: bool = True
    ) -> Self:
        """Serialize a row."""
        names = ("year", "unit", "settled_by", "note", "client_id", "recorded_at")
        return cls(
            id=row.id if is_recorded else None,
            **{name: getattr(row, name) for name in names},
            **find_names_of_year(territory, row.unit, row.year),
            settled_by_law=settled_by_law,
            decision=DecisionIO(number=row.decision_number, date=row.decision_date),
        )


ExtensionsPage = Page[ExtensionOut]
