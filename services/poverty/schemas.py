"""The movement of households on the wire."""

from datetime import datetime

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.basis import BasisName
from shared.reporting.field_types import StandardCodeOut


class MovementRow(BaseModel):
    """The movement of one unit; null in a column that is not stated."""

    unit: str = Field(description="code of the unit")
    name: str = Field(description="its name")
    columns: list[JsonDecimal | None] = Field(description="households, in the order of the table's columns")
    holds: bool | None = Field(
        description="whether end = start - leaving + coming; null where a column is not stated"
    )


class MovementTable(BaseModel):
    """A movement table as the review form prints it."""

    title: str = Field(description="title of the table in Vietnamese")
    columns: list[str] = Field(
        description="codes of the columns: start, those that leave, those that come, end"
    )
    rows: list[MovementRow] = Field(description="the units directly below, in the order of their codes")
    total: MovementRow = Field(description="the unit itself")


class MovementOut(BaseModel):
    """The movement of poor and near-poor households of one unit and period."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which observations count")
    standard: StandardCodeOut = None
    as_of: datetime | None = Field(description="instant of the newest change that is included")
    poor: MovementTable
    near_poor: MovementTable
