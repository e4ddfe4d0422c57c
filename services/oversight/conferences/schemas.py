"""Conferences on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.records.schemas import (
    CORRECTION_UNREAD,
    REASON_EXAMPLE,
    AgencyCode,
    CorrectionFields,
    ProgramList,
    RecordIn,
    RecordOut,
    Text,
    Title,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import UnitCode

ConferenceLevel = Literal["central", "province", "district", "commune"]

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "level": "province",
    "title": "Hội nghị sơ kết thực hiện các CTMTQG năm 2023",
    "convener": "UBND_TINH",
    "held_on": "2023-12-20",
    "units_present": ["608", "610"],
    "conclusions": [{"text": "Đẩy nhanh giải ngân vốn sự nghiệp", "owner": "SO_TC", "due_on": "2024-01-31"}],
}


class ConclusionIn(BaseModel):
    """A conclusion of a conference; conclusions are numbered from 1."""

    model_config = ConfigDict(extra="forbid")

    text: Text = Field(description="what was concluded")
    owner: AgencyCode | None = Field(None, description="the agency that carries it out")
    due_on: IsoDate | None = Field(None, description="last day on which it is in time")


class ConferenceFields(BaseModel):
    """What a conference states."""

    level: ConferenceLevel = Field(
        description="who held it: the centre, the province, a district or a commune"
    )
    title: Title = Field(description="its title")
    convener: AgencyCode
    held_on: IsoDate = Field(description="its first day")
    ends_on: IsoDate | None = Field(None, description="its last day, where it took several")
    programs: ProgramList = []
    units_present: list[UnitCode] = Field([], max_length=500, description="codes of the units that took part")
    conclusions: list[ConclusionIn] = Field(
        [], max_length=100, description="its conclusions, numbered from 1"
    )
    notice: DecisionIn | None = Field(None, description="the notice of its conclusions")


class ConferenceIn(ConferenceFields, RecordIn):
    """A conference to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "level": "province",
        "title": "-",
        "convener": "--",
        "held_on": dt.date.min,
    }


class ConferenceCorrectionIn(ConferenceIn, CorrectionFields):
    """The whole content anew, because the newest version is wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**ConferenceIn.unread, **CORRECTION_UNREAD}


class ConferenceOut(ConferenceFields, RecordOut):
    """A conference; its conclusions are for readers with a scope."""

    hidden_from_public = ("conclusions",)


ConferencesPage = Page[ConferenceOut]
