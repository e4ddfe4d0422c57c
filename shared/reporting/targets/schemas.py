"""Wire forms of targets."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import Amount, StandardIn, StandardOut
from shared.reporting.models import Target


class TargetIn(BaseModel):
    """A planned value."""

    model_config = ConfigDict(extra="forbid")

    indicator: str = Field(min_length=1, max_length=100, description="code of a figure of the catalogue")
    value: Amount
    standard: StandardIn = None


class TargetsIn(BaseModel):
    """The planned values that a decision states for a unit and period."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"decision": {"number": "01/QĐ-UBND", "date": "2023-01-05"}, "targets": []}
        },
    )

    decision: DecisionIn
    targets: list[TargetIn] = Field(max_length=500, description="planned values by figure")


class TargetOut(BaseModel):
    """A planned value with its decision."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    indicator: str = Field(description="code of the figure")
    standard: StandardOut = None
    value: JsonDecimal = Field(description="planned value, in the figure's unit of measure")
    decision_number: str = Field(description="number of the decision")
    decision_date: date = Field(description="date of the decision")
    set_at: datetime = Field(description="when it was recorded")

    @classmethod
    def from_target(cls, target: Target) -> Self:
        """Serialize a target."""
        return cls.model_validate(target, from_attributes=True)


class TargetsOut(BaseModel):
    """The planned values in force."""

    items: list[TargetOut]
