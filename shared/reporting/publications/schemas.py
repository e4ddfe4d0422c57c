"""Wire forms of publications."""

import uuid
from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.kit.paging import Page
from shared.kit.text_fields import Visible
from shared.reporting.basis import BasisName
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import DimensionOut, StandardIn, UnitCode
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.query_params import PeriodText
from shared.territory.named_rows import NamedUnitRow


class PublicationIn(BaseModel):
    """The figures to freeze, and the name and document to publish them under."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Báo cáo năm 2023, lần 1",
                "period": "2023",
                "unit": "62",
                "document": {"number": "12/BC-UBND", "date": "2024-01-15"},
            }
        },
    )

    name: Annotated[str, Visible] = Field(
        min_length=1, max_length=200, description="name of the publication, unique for unit and period"
    )
    period: PeriodText = Field(description="SDMX time period")
    unit: UnitCode
    basis: BasisName = Field("accepted", description="which observations count")
    standard: StandardIn = None
    document: DecisionIn = Field(description="the document that publishes it")


class PublicationSummary(NamedUnitRow):
    """A publication in a list."""

    id: uuid.UUID = Field(description="id of the publication")
    name: str = Field(description="its name")
    period: str = Field(description="SDMX time period")
    unit: str = Field(description="code of the unit")
    basis: BasisName = Field(description="which observations count")
    standard: str | None = Field(
        None,
        description="the standard that was requested; null: of each figure the one in force on the last day of the period",
    )
    as_of: datetime = Field(description="the instant that was frozen: newest change included")
    document_number: str = Field(description="number of the document that publishes it")
    document_date: date = Field(description="date of that document")
    published_at: datetime = Field(description="when it was frozen here")


class PublicationOut(PublicationSummary):
    """A publication with its figures."""

    repeated_in_rows: ClassVar[tuple[str, ...]] = ("unit", "unit_name", "unit_since", "period", "basis")

    figures: list[FigureOut] = Field(description="the figures as they were")


PublicationsPage = Page[PublicationSummary]


class ExplainingReport(BaseModel):
    """A report that came into effect or went out of it between two publications."""

    id: uuid.UUID = Field(description="the report's id")
    unit: str = Field(description="the reporting unit")
    form: str = Field(description="the form")
    change: str = Field(description="began: it came into effect; ceased: it went out of effect")
    at: datetime = Field(description="when")


class ExplainingDecision(BaseModel):
    """A decision that a register recorded between two publications."""

    change: str = Field(description="type of the change in the feed, such as unit.recognized")
    subject: str = Field(description="path of the decision below the program")
    unit: str = Field(description="code of its unit")
    decision_number: str = Field(description="number of the decision")
    decision_date: date = Field(description="date of the decision")
    at: datetime = Field(description="when it was recorded")


class FigureDifference(BaseModel):
    """One figure in both publications."""

    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    before: JsonDecimal | None = Field(description="its value in the earlier publication")
    after: JsonDecimal | None = Field(description="its value in the later publication")
    difference: JsonDecimal | None = Field(description="after minus before")
    reports: list[ExplainingReport] = Field(description="the reports that explain the difference")
    decisions: list[ExplainingDecision] = Field(
        description="for a count from a register: the decisions recorded in between, in their order"
    )


class ComparisonOut(BaseModel):
    """Two publications of the same unit and period, figure by figure; figures that differ come with their reports."""

    earlier: PublicationSummary
    later: PublicationSummary
    items: list[FigureDifference]
