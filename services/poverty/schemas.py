"""How the movement of households is said."""

from datetime import datetime

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.basis import BasisName


class MovementRow(BaseModel):
    """One unit's movement: null in a column that nobody stated."""

    unit: str = Field(description="code of the unit")
    name: str = Field(description="its name")
    columns: list[JsonDecimal | None] = Field(description="households, in the order of the table's columns")
    holds: bool | None = Field(
        description="whether end = start - leaving + coming; null when a column is missing"
    )


class MovementTable(BaseModel):
    """A movement table as the review form prints it."""

    title: str = Field(description="title of the table in Vietnamese")
    columns: list[str] = Field(description="codes of the columns: start, what leaves, what comes, end")
    rows: list[MovementRow] = Field(description="the units right below, in order of code")
    total: MovementRow = Field(description="the unit itself")


class MovementOut(BaseModel):
    """The movement of poor and near-poor households of one unit and period."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which observations count")
    as_of: datetime | None = Field(description="newest change included")
    poor: MovementTable
    near_poor: MovementTable
