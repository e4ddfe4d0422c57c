"""Steering bodies on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.bodies.rules import BodyState
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

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "kind": "steering_committee",
    "name": "Ban Chỉ đạo các CTMTQG tỉnh Kon Tum giai đoạn 2021-2025",
    "programs": [],
    "founded_by": {"number": "320/QĐ-UBND", "date": "2022-06-15"},
    "established_on": "2022-06-15",
    "rules_document": {"number": "470/QĐ-BCĐ", "date": "2022-08-01"},
    "members": [
        {"agency": "UBND_TINH", "role": "chair", "task": "Trưởng ban"},
        {"agency": "SO_KHDT", "role": "standing", "task": "Cơ quan thường trực"},
    ],
}
DISSOLUTION_EXAMPLE: dict[str, Any] = {
    "version": 1,
    "decision": {"number": "512/QĐ-UBND", "date": "2025-06-25"},
    "dissolved_on": "2025-07-01",
    "replaced_by": None,
}


class MemberIn(BaseModel):
    """A member of a body: an agency, never a person."""

    model_config = ConfigDict(extra="forbid")

    agency: AgencyCode
    unit: UnitCode | None = Field(None, description="unit of the agency; the body's own when left out")
    role: Literal["chair", "deputy", "standing", "member"] = Field(description="its role in the body")
    task: Text | None = Field(None, description="what it has to do")


class SteeringBodyFields(BaseModel):
    """What a body states."""

    kind: str = Field(
        min_length=2, max_length=40, description="kind of the body: steering_committee, working_group …"
    )
    name: Title = Field(description="its name")
    programs: ProgramList = []
    founded_by: DecisionIn = Field(description="the document that founded it")
    established_on: IsoDate = Field(description="first day on which it exists")
    rules_document: DecisionIn | None = Field(None, description="the document with its rules of work")
    members: list[MemberIn] = Field([], max_length=100, description="its members, which are agencies")


class SteeringBodyIn(SteeringBodyFields, RecordIn):
    """A body to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "kind": "--",
        "name": "-",
        "founded_by": {"number": "-", "date": dt.date.min},
        "established_on": dt.date.min,
    }


class SteeringBodyCorrectionIn(SteeringBodyIn, CorrectionFields):
    """The whole content of a body anew, because the newest version is wrong or its members changed."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**SteeringBodyIn.unread, **CORRECTION_UNREAD}


class DissolutionIn(BaseModel):
    """The end of a body by a document."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": DISSOLUTION_EXAMPLE})

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
    decision: DecisionIn = Field(description="the document that ends it")
    dissolved_on: IsoDate = Field(description="first day on which it no longer exists")
    replaced_by: uuid.UUID | None = Field(None, description="the body that takes its place")


class SteeringBodyOut(SteeringBodyFields, RecordOut):
    """A body, and its state on the day of the request; the tasks of its members are for readers with a scope."""

    hidden_within: ClassVar[Mapping[str, str]] = {"members": "task"}

    dissolved_by: DecisionIn | None = Field(None, description="the document that ended it")
    dissolved_on: dt.date | None = Field(None, description="first day on which it no longer exists")
    replaced_by: uuid.UUID | None = Field(None, description="the body that took its place")
    state: BodyState = Field(description="its state on the day of the request; a body ends with its unit")
    unit_ended_on: dt.date | None = Field(description="last day of its unit; null while the unit exists")


SteeringBodiesPage = Page[SteeringBodyOut]


class UnitWithoutBodyOut(BaseModel):
    """A unit that has no body of a kind."""

    unit: str = Field(description="code of the unit")
    unit_name: str = Field(description="its name")
    unit_kind: str = Field(description="its kind")
    unit_since: dt.date = Field(description="first day of the unit that bears this code")


class UnitsWithoutBodyOut(BaseModel):
    """The units of a level that have no body of a kind on a day."""

    on: dt.date = Field(description="the day")
    kind: str = Field(description="the kind of body")
    level: str = Field(description="level of the units")
    units: int = Field(description="number of units of this level")
    with_body: int = Field(description="of them, those that have one")
    items: list[UnitWithoutBodyOut] = Field(description="those that have none")
