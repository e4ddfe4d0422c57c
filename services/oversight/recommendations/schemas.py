"""Recommendations on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.recommendations.rules import Outcome, RecommendationState
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
from shared.reporting.field_types import Sha256, UnitCode

SourceKind = Literal["inspection", "conference", "audit", "supervision", "council"]

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "issuer": "BCD_TINH",
    "issued_on": "2023-06-05",
    "due_on": "2023-07-31",
    "source": {"kind": "inspection"},
    "addressee": {"unit": "610", "agency": "UBND_HUYEN"},
    "text": "Hoàn thành phân bổ vốn sự nghiệp năm 2023",
    "program": "ethnic",
}


class SourceIn(BaseModel):
    """Where a recommendation comes from."""

    model_config = ConfigDict(extra="forbid")

    kind: SourceKind = Field(description="inspection, conference, audit, supervision or council")
    record: uuid.UUID | None = Field(None, description="id of the inspection, the conference or the round")


class AddresseeIn(BaseModel):
    """Who has to answer: a unit, and an agency of it where one is named."""

    model_config = ConfigDict(extra="forbid")

    unit: UnitCode
    agency: AgencyCode | None = None


class RecommendationFields(BaseModel):
    """What a recommendation states."""

    issuer: AgencyCode
    issued_on: IsoDate = Field(description="the day on which it was issued")
    due_on: IsoDate | None = Field(None, description="last day on which it is in time")
    source: SourceIn = Field(description="where it comes from")
    addressee: AddresseeIn = Field(description="who has to answer")
    text: Text = Field(description="what is recommended")
    program: Annotated[str, Field(pattern="^(rural|poverty|ethnic)$")] | None = Field(
        None, description="the program; null for all"
    )
    component: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        None, description="code of the component"
    )
    money_vnd: int | None = Field(
        None, strict=True, ge=0, le=10**15, description="money that it is about, in đồng"
    )
    document: uuid.UUID | None = Field(None, description="the document that states it")


class EvidenceReferenceIn(BaseModel):
    """What proves an answer: a document of this service, or a file by its hash."""

    model_config = ConfigDict(extra="forbid")

    document: uuid.UUID | None = Field(None, description="id of a document")
    file_sha256: Sha256 | None = Field(None, description="hash of a file")
    note: Title | None = Field(None, description="what it shows")


class RecommendationAnswer(BaseModel):
    """An answer of the addressee."""

    answered_on: dt.date = Field(description="the day of the answer")
    text: str = Field(description="the answer")
    evidence: list[EvidenceReferenceIn] = Field(description="what proves it")


class RecommendationIn(RecommendationFields, RecordIn):
    """A recommendation to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "issuer": "--",
        "issued_on": dt.date.min,
        "source": {"kind": "inspection"},
        "addressee": {"unit": "--"},
        "text": "-",
    }


class RecommendationCorrectionIn(RecommendationIn, CorrectionFields):
    """The whole content anew, because the newest version is wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**RecommendationIn.unread, **CORRECTION_UNREAD}


class RecommendationOut(RecommendationFields, RecordOut):
    """A recommendation, its state on a day, and who answers it now."""

    answers: list[RecommendationAnswer] = Field([], description="the answers, the first one first")
    closed_on: dt.date | None = Field(None, description="the day on which the issuer closed it")
    outcome: Outcome | None = Field(None, description="done, refused or dropped, once it is closed")
    state: RecommendationState = Field(
        description="its state on the day; not_yet_issued before the day of its issue"
    )
    overdue: bool = Field(description="whether it is past its due day and not closed")
    days_late: int = Field(description="days since its due day where it is overdue, else 0")
    answered_by_units: list[str] = Field(
        description="codes of the units that answer on the day of the request: the addressee, or its successors"
    )
    answered_by_agency: str | None = Field(
        description="the agency that answers then: the addressee, or its successor"
    )


RecommendationsPage = Page[RecommendationOut]


class RecommendationAnswerIn(BaseModel):
    """An answer of the addressee, with its evidence."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "version": 1,
                "answered_on": "2023-07-20",
                "text": "Đã phân bổ hết vốn sự nghiệp năm 2023",
                "evidence": [
                    {"file_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
                ],
            }
        },
    )

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
    answered_on: IsoDate = Field(description="the day of the answer")
    text: Text = Field(description="the answer")
    evidence: list[EvidenceReferenceIn] = Field(min_length=1, max_length=20, description="what proves it")


class RecommendationClosingIn(BaseModel):
    """The closing of a recommendation by who issued it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "version": 2,
                "outcome": "done",
                "closed_on": "2023-08-01",
                "reason": "Đã thực hiện đủ",
            }
        },
    )

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
    outcome: Outcome = Field(description="done, refused or dropped")
    closed_on: IsoDate = Field(description="the day of the closing")
    reason: Text = Field(description="why")


class OverdueGroupOut(BaseModel):
    """The overdue recommendations of an addressee, by age."""

    unit: str = Field(description="code of the unit that answers on the day")
    unit_name: str = Field(description="its name")
    unit_kind: str = Field(description="its kind: tinh, huyen, xa …")
    unit_since: dt.date = Field(description="first day of the unit that bears this code")
    agency: str | None = Field(description="the agency that answers")
    total: int = Field(description="overdue recommendations")
    up_to_30_days: int = Field(description="of them, 1 to 30 days late")
    up_to_90_days: int = Field(description="of them, 31 to 90 days late")
    over_90_days: int = Field(description="of them, more than 90 days late")
    longest_days: int = Field(description="days of the one that is latest")


class OverdueOut(BaseModel):
    """Overdue recommendations by addressee, the latest first."""

    on: dt.date = Field(description="the day")
    recommendations: int = Field(
        description="number of overdue recommendations; one that several successors answer counts once"
    )
    items: list[OverdueGroupOut]
