"""Inspection teams on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.records.schemas import (
    CORRECTION_UNREAD,
    REASON_EXAMPLE,
    AgencyCode,
    ComponentList,
    CorrectionFields,
    ProgramList,
    RecordIn,
    RecordOut,
    Title,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import UnitCode

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "title": "Đoàn kiểm tra số 1 của Ban Chỉ đạo tỉnh năm 2023",
    "led_by": "BCD_TINH",
    "founded_by": {"number": "101/QĐ-BCĐ", "date": "2023-05-10"},
    "starts_on": "2023-05-15",
    "ends_on": "2023-05-19",
    "visits": [{"unit": "610", "on": "2023-05-16"}],
    "findings": "Giải ngân vốn sự nghiệp chậm",
}


class VisitIn(BaseModel):
    """A visit of a team to a unit."""

    model_config = ConfigDict(extra="forbid")

    unit: UnitCode
    on: IsoDate = Field(description="the day of the visit")


class InspectionFields(BaseModel):
    """What an inspection states."""

    title: Title = Field(description="name of the team")
    led_by: AgencyCode
    founded_by: DecisionIn = Field(description="the decision that set up the team")
    plan: uuid.UUID | None = Field(None, description="the document with the plan of inspections of the year")
    programs: ProgramList = []
    components: ComponentList = []
    starts_on: IsoDate = Field(description="first day of its work")
    ends_on: IsoDate | None = Field(None, description="last day of its work; null while it goes on")
    visits: list[VisitIn] = Field([], max_length=500, description="the units that it visited")
    findings: Annotated[str, Field(min_length=1, max_length=20_000)] | None = Field(
        None, description="what it found"
    )
    notice: DecisionIn | None = Field(None, description="the notice of its findings")


class InspectionIn(InspectionFields, RecordIn):
    """An inspection to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "title": "-",
        "led_by": "--",
        "founded_by": {"number": "-", "date": dt.date.min},
        "starts_on": dt.date.min,
    }


class InspectionCorrectionIn(InspectionIn, CorrectionFields):
    """The whole content anew, because the newest version is wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**InspectionIn.unread, **CORRECTION_UNREAD}


class InspectionOut(InspectionFields, RecordOut):
    """An inspection; its visits and findings are for readers with a scope."""

    hidden_from_public = ("visits", "findings")


InspectionsPage = Page[InspectionOut]
