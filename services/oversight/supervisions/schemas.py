"""Supervision and audits on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

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
    Text,
    Title,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.reporting.decisions import DecisionIn

Supervisor = Literal[
    "national_assembly", "assembly_delegation", "council", "state_audit", "ministry", "fatherland_front"
]

SupervisionKind = Literal["supervision", "audit"]

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "kind": "audit",
    "body": "state_audit",
    "round": "Kiểm toán CTMTQG dân tộc thiểu số và miền núi giai đoạn 2021-2025",
    "starts_on": "2023-09-05",
    "programs": ["ethnic"],
    "requests": [{"text": "Hồ sơ phân bổ vốn 2022", "due_on": "2023-09-15", "delivered_on": "2023-09-14"}],
}


class SupervisionRequestIn(BaseModel):
    """What a round asks for, and when it was delivered."""

    model_config = ConfigDict(extra="forbid")

    text: Text = Field(description="the dossier item that is requested")
    owner: AgencyCode | None = Field(None, description="the agency that delivers it")
    due_on: IsoDate = Field(description="last day on which it is in time")
    delivered_on: IsoDate | None = Field(None, description="the day of delivery; null while it is owed")


class SupervisionFields(BaseModel):
    """What a round of supervision or an audit states."""

    kind: SupervisionKind = Field(description="supervision (giám sát) or audit (kiểm toán)")
    body: Supervisor = Field(description="who supervises or audits")
    round: Title = Field(description="the round: its name, the session of the council")
    starts_on: IsoDate = Field(description="its first day")
    ends_on: IsoDate | None = Field(None, description="its last day; null while it goes on")
    programs: ProgramList = []
    components: ComponentList = []
    scope: Text | None = Field(None, description="what it looks at")
    requests: list[SupervisionRequestIn] = Field([], max_length=200, description="what it asks for")
    conclusions: Annotated[str, Field(min_length=1, max_length=20_000)] | None = Field(
        None, description="what it concluded"
    )
    conclusions_document: DecisionIn | None = Field(None, description="the document of its conclusions")
    to_recover_vnd: int | None = Field(
        None, strict=True, ge=0, le=10**15, description="money that it asks to recover, in đồng"
    )
    recovered_vnd: int | None = Field(
        None,
        strict=True,
        ge=0,
        le=10**15,
        description="of it recovered, in đồng, as the entries of the ledger state",
    )
    recovery_entries: list[uuid.UUID] = Field(
        [],
        max_length=100,
        description="ids of the ledger's entries that recovered it: /v1/funding/entries/{id}",
    )


class SupervisionIn(SupervisionFields, RecordIn):
    """A round of supervision or an audit to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "kind": "supervision",
        "body": "council",
        "round": "-",
        "starts_on": dt.date.min,
    }


class SupervisionCorrectionIn(SupervisionIn, CorrectionFields):
    """The whole content anew, because the newest version is wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**SupervisionIn.unread, **CORRECTION_UNREAD}


class SupervisionOut(SupervisionFields, RecordOut):
    """A round of supervision or an audit."""

    requests_overdue: int = Field(
        description="requests that were due before the day and are not delivered by it"
    )
    unrecovered_vnd: int | None = Field(
        description="money still to recover, in đồng; null where no recovery was requested"
    )


SupervisionsPage = Page[SupervisionOut]
