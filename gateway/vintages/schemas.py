"""Vintages on the wire."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import ExactObject, JsonDecimal
from shared.kit.paging import Page
from shared.kit.text_fields import Visible
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import UnitCode
from shared.reporting.query_params import PeriodText

EXAMPLE: dict[str, Any] = {
    "name": "Báo cáo năm 2023",
    "unit": "62",
    "period": "2023",
    "document": {"number": "12/BC-UBND", "date": "2024-01-15"},
}


class VintageIn(BaseModel):
    """The unit and period to freeze, and the name and document of the vintage."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    name: Annotated[str, Visible] = Field(
        min_length=1,
        max_length=200,
        description="name of the vintage, unique for unit and period however it is typed",
    )
    unit: UnitCode
    period: PeriodText = Field(description="SDMX time period")
    document: DecisionIn = Field(description="the document that it is made for")


class VintageSummary(BaseModel):
    """A vintage without its parts."""

    id: uuid.UUID = Field(description="the vintage's id")
    name: str = Field(description="its name")
    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    as_of: datetime = Field(
        description="the instant of which every part is: half a second before the request, so that every service has passed it"
    )
    document: DecisionIn = Field(description="the document that it is made for")
    sha256: str = Field(description="SHA-256 of the bytes of `parts`, in hex")
    frozen_at: datetime = Field(description="when it was frozen")


class VintageOut(VintageSummary):
    """A vintage with all parts as the services answered them."""

    parts: ExactObject = Field(
        description="the answers at that instant, by service: rural, poverty, ethnic, oversight: `progress`; funding: `progress` "
        "by program and capital"
    )


VintagesPage = Page[VintageSummary]


class VintageDifferenceOut(BaseModel):
    """A value that is not the same."""

    part: str = Field(description="the service")
    name: str = Field(description="the figure with its standard and member, or the measure of a row of money")
    before: JsonDecimal | None = Field(description="the value in the vintage; null where it has none")
    after: JsonDecimal | None = Field(description="the value in the other vintage, or now")


class VintageDifferencesOut(BaseModel):
    """The values that differ between a vintage and another one, or now."""

    vintage: uuid.UUID = Field(description="the vintage")
    other: uuid.UUID | None = Field(description="the other vintage; null: now")
    compared: int = Field(description="number of parts that were compared")
    items: list[VintageDifferenceOut]
