"""Published documents and their reconciliation on the wire."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal, number_with_decimals
from shared.reporting.field_types import UnitCode
from shared.reporting.query_params import PeriodText

SLOT_SHAPE = r"^[a-z0-9_]+(\.[a-z0-9_]+){1,4}$"
MAX_FIGURES = 500

TABLE_EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "period": "2023",
    "figures": [
        {"id": "P01", "slot": "poverty.poor_households", "printed": 10220, "text": "10.220 hộ"},
        {"id": "P02", "slot": "poverty.poverty_rate", "printed": 6.84, "decimals": 2, "text": "6,84%"},
    ],
    "sums": [],
}


class PublishedFigureIn(BaseModel):
    """A figure as the document prints it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=40, description="its name in the table")
    slot: str = Field(
        pattern=SLOT_SHAPE, max_length=200, description="the figure: `service.indicator[.field]`"
    )
    printed: Annotated[Decimal, number_with_decimals(6)] = Field(
        description="the printed number; money in million đồng", max_digits=18, decimal_places=6
    )
    decimals: int = Field(0, ge=0, le=6, description="printed decimal places")
    at_least: bool = Field(default=False, description="whether the document says `more than`")
    text: str = Field("", max_length=500, description="the words around it")


class PublishedSumIn(BaseModel):
    """A printed total and its parts; one part may be unprinted."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=200, description="what is added up")
    total: str = Field(max_length=40, description="id of the total")
    parts: list[str] = Field(
        min_length=1, max_length=50, description="ids of the parts; an id without a figure is not printed"
    )


class PublishedTableIn(BaseModel):
    """The printed figures of a document of a unit and period."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": TABLE_EXAMPLE})

    unit: UnitCode
    period: PeriodText = Field(description="SDMX time period")
    figures: list[PublishedFigureIn] = Field(
        min_length=1, max_length=MAX_FIGURES, description="the printed figures"
    )
    sums: list[PublishedSumIn] = Field(default_factory=list, max_length=100, description="printed sums")


class ReconciledFigureOut(BaseModel):
    """A printed figure beside the data."""

    id: str = Field(description="its name in the table")
    slot: str = Field(description="the figure")
    text: str = Field(description="the words around it")
    printed: JsonDecimal = Field(description="the printed number")
    value: JsonDecimal | None = Field(
        description="the exact value of the data in the printed unit; null: none"
    )
    verdict: Literal["ties", "rounding", "differs", "no_data"] = Field(
        description="ties: the value rounds to it; rounding: within one unit of the last digit; differs; no_data"
    )
    lowest: JsonDecimal = Field(description="the lowest number that it may stand for")
    highest: JsonDecimal = Field(description="the highest number that it may stand for")
    lineage: str | None = Field(description="what the value is made of")


class ReconciledSumOut(BaseModel):
    """A printed sum, checked with its printed numbers alone."""

    label: str = Field(description="what is added up")
    verdict: Literal["ties", "rounding", "differs", "unprinted"] = Field(
        description="unprinted: a part or the total is not printed"
    )
    unprinted: str | None = Field(description="id of the one part that is not printed")
    lowest: JsonDecimal | None = Field(description="the lowest number that this part can be")
    highest: JsonDecimal | None = Field(description="the highest number that this part can be")


class PublishedReconciliationOut(BaseModel):
    """A published document reconciled with the data."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    as_of: str | None = Field(description="the newest change in the data")
    counts: dict[str, int] = Field(description="number of figures by verdict")
    items: list[ReconciledFigureOut]
    sums: list[ReconciledSumOut]
