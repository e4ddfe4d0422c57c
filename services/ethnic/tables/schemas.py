"""Tables on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.figures.rules import FigureValue
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.figures.unit_values_schemas import MapValueOut
from shared.reporting.report_content import Status


class StageValueOut(BaseModel):
    """The value of a figure from the numbers of one stage."""

    stage: Status = Field(description="estimate, preliminary or official")
    value: JsonDecimal | None = Field(description="the value; null where an input is missing at this stage")
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    units: int = Field(description="units whose numbers of this stage are in it")
    newest_at: dt.datetime = Field(description="newest receipt among the reports in it")


class StagedFigureOut(BaseModel):
    """A figure with the values of its stages side by side."""

    indicator: str = Field(description="code of the figure")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="percent, households, …")
    decimals: int = Field(description="decimal places to print")
    values: list[StageValueOut] = Field(
        description="the values by stage: estimate, preliminary, official; a stage that nobody stated is left out"
    )

    @classmethod
    def from_stages(
        cls, figure: Figure, values: Mapping[Status, FigureValue], units: Mapping[Status, int]
    ) -> Self:
        """Serialize a figure with its values by stage."""
        return cls(
            indicator=figure.code,
            label=figure.label.vi,
            label_en=figure.label.en,
            unit_of_measure=figure.unit_of_measure,
            decimals=figure.decimals,
            values=[
                StageValueOut(
                    stage=stage,
                    value=value.value,
                    numerator=value.numerator,
                    denominator=value.denominator,
                    units=units[stage],
                    newest_at=value.newest_at,
                )
                for stage, value in values.items()
                if value.newest_at is not None
            ],
        )


class LandTableOut(BaseModel):
    """Households with and lacking land, housing and water, by the stage of the numbers."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    items: list[StagedFigureOut]


class FormColumnOut(BaseModel):
    """A column of form 05."""

    column: str | None = Field(
        description="its number on the form; null for a column that the form does not number"
    )
    indicator: str = Field(description="code of the figure")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    value: JsonDecimal | None = Field(description="the value; null where nobody stated it")
    status: Status | None = Field(description="the least certain status of the values in it")

    @classmethod
    def from_value(cls, column: str | None, figure: Figure, value: MapValueOut | FigureOut) -> Self:
        """Serialize a column of a unit."""
        return cls(
            column=column,
            indicator=figure.code,
            label=figure.label.vi,
            label_en=figure.label.en,
            value=value.value,
            status=value.status,
        )


class FormRowOut(BaseModel):
    """A row of form 05: a unit."""

    unit: str = Field(description="code of the unit")
    unit_name: str = Field(description="kind and name")
    unit_kind: str = Field(description="Vietnamese type without accents")
    unit_since: dt.date = Field(description="first day of the unit")
    columns: list[FormColumnOut]


class FormTableOut(BaseModel):
    """Form 05: poor and near-poor ethnic-minority households."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which observations count")
    items: list[FormRowOut] = Field(description="the units below, by code; the unit itself last")
    contradictions: str = Field(
        description="address of the reports that contradict the review of poverty, for clients with the scope"
    )
