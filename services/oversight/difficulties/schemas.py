"""Difficulties on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.difficulties.rules import DifficultyState
from services.oversight.records.schemas import (
    CORRECTION_UNREAD,
    REASON_EXAMPLE,
    AgencyCode,
    CorrectionFields,
    RecordIn,
    RecordOut,
    Text,
    Title,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page

EXAMPLE: dict[str, Any] = {
    "unit": "610",
    "raised_on": "2023-06-01",
    "text": "Chưa có hướng dẫn định mức hỗ trợ nhà ở cho hộ nghèo",
    "program": "ethnic",
    "component": "DT.DA1",
    "clause": "TT 15/2022/TT-BTC, Điều 8",
    "passed_to": "SO_TC",
}


class DifficultyFields(BaseModel):
    """What a difficulty states."""

    raised_on: IsoDate = Field(description="the day on which it was raised")
    text: Text = Field(description="what stands in the way")
    program: Annotated[str, Field(pattern="^(rural|poverty|ethnic)$")] | None = Field(
        None, description="the program; null for all"
    )
    component: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        None, description="code of the component"
    )
    clause: Title | None = Field(None, description="the clause of a document that it is about")
    passed_to: AgencyCode | None = Field(None, description="the agency that has to answer")


class DifficultyIn(DifficultyFields, RecordIn):
    """A difficulty to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "raised_on": dt.date.min,
        "text": "-",
    }


class DifficultyCorrectionIn(DifficultyIn, CorrectionFields):
    """The whole content anew, because the newest version is wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**DifficultyIn.unread, **CORRECTION_UNREAD}


class DifficultyOut(DifficultyFields, RecordOut):
    """A difficulty, and how long it has waited."""

    state: DifficultyState = Field(
        description="its state on the day: open, answered or dropped, or not_yet_raised before its day"
    )
    answered_on: dt.date | None = Field(None, description="the day of the answer")
    answer: str | None = Field(None, description="the answer")
    answered_by: uuid.UUID | None = Field(None, description="the document that answers it")
    waiting_days: int = Field(description="days from its raising to its answer, or to the day")


DifficultiesPage = Page[DifficultyOut]


class PassOnIn(BaseModel):
    """A difficulty passed to another agency, which has to answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"version": 1, "passed_to": "BO_NGANH", "reason": "Vượt thẩm quyền"}},
    )

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
    passed_to: AgencyCode
    reason: Text = Field(description="why")


class DifficultyAnswerIn(BaseModel):
    """The answer to a difficulty."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"version": 2, "answered_on": "2023-08-15", "answer": "Áp dụng theo TT 55/2023"}
        },
    )

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
    answered_on: IsoDate = Field(description="the day of the answer")
    answer: Text = Field(description="the answer")
    document: uuid.UUID | None = Field(None, description="the document that answers it")
