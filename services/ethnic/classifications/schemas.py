"""Classifications on the wire: what a decision states, and separately the consequence of a recognition."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from services.ethnic.classifications.rules import (
    AppliedConsequence,
    ClassificationDecision,
    CommuneStatus,
)
from services.ethnic.models import Classification
from services.ethnic.recognitions.store import PATH as RECOGNITIONS
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.reporting.decisions import DecisionIn
from shared.territory.named_rows import NamedUnitRow

EXAMPLE: dict[str, Any] = {
    "unit": "23509",
    "region": "I",
    "specially_difficult": False,
    "decision": {"number": "186/QĐ-UBND", "date": "2023-04-12"},
    "effective_on": "2023-04-12",
}


class ClassificationIn(PartialModel):
    """The content of a decision on a commune, from a day on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "region": None,
        "specially_difficult": False,
        "decision": {"number": "-", "date": dt.date.min},
        "effective_on": dt.date.min,
    }

    unit: str = Field(
        min_length=2, max_length=12, description="code of a commune on the day of taking effect"
    )
    region: str | None = Field(
        max_length=10, description="region of the area: I, II or III; null outside of it"
    )
    specially_difficult: bool = Field(
        strict=True, description="whether the commune is in special difficulty from that day on"
    )
    decision: DecisionIn = Field(description="the decision that classifies")
    effective_on: IsoDate = Field(description="day on which it takes effect")

    def to_decision(self) -> ClassificationDecision:
        """Convert to the frozen value that the rules check."""
        return ClassificationDecision(
            self.unit,
            self.region,
            self.specially_difficult,
            self.decision.number,
            self.decision.date,
            self.effective_on,
        )


class ByRecognitionOut(BaseModel):
    """The recognition by which a consequence applies."""

    id: uuid.UUID = Field(description="the recognition's id in the new rural program")
    recognized_on: dt.date = Field(description="the day of the decision that recognizes")
    effective_on: dt.date = Field(description="the day on which the decision takes effect")
    heard: str = Field(
        description="address of the recognition as it was received, with its decision and its event"
    )


class ByRuleOut(BaseModel):
    """The consequence of a recognition, separate from what the decision states."""

    region: str = Field(description="the region of the commune by the consequence")
    specially_difficult: bool = Field(
        description="whether the commune is in special difficulty, the consequence included"
    )
    since: dt.date = Field(description="the day from which the consequence applies")
    clause: str = Field(description="the clause behind the consequence")
    confidence: str = Field(description="how sure that clause is")
    recognition: ByRecognitionOut = Field(description="the recognition by which it applies")

    @classmethod
    def from_consequence(cls, status: CommuneStatus, applied: AppliedConsequence) -> Self:
        """Serialize the consequence that applies to a commune."""
        consequence, recognition = applied.consequence, applied.recognition
        return cls(
            region=consequence.becomes,
            specially_difficult=status.specially_difficult,
            since=recognition.effective_on,
            clause=consequence.legal_basis,
            confidence=consequence.confidence,
            recognition=ByRecognitionOut(
                id=recognition.id,
                recognized_on=recognition.decided_on or recognition.effective_on,
                effective_on=recognition.effective_on,
                heard=f"{RECOGNITIONS}/{recognition.id}",
            ),
        )


class ClassificationOut(NamedUnitRow):
    """A classification as it was stated, and the consequence that applies on the day of the request."""

    id: uuid.UUID = Field(description="the classification's id")
    unit: str = Field(description="code of the commune on the day of taking effect")
    region: str | None = Field(description="region I, II or III; null outside the area")
    specially_difficult: bool = Field(description="whether it is in special difficulty from that day on")
    decision: DecisionIn = Field(description="the decision that classifies")
    effective_on: dt.date = Field(description="day on which it takes effect")
    ends_on: dt.date | None = Field(None, description="its legal end; null where none is stated")
    law: str | None = Field(
        None, description="code of the law that was in force on that day; null where none was"
    )
    list: uuid.UUID | None = Field(None, description="id of the list that it is a row of; null for none")
    recorded_at: dt.datetime = Field(description="when it was recorded")
    by_rule: ByRuleOut | None = Field(
        description="where the commune was recognized as new rural since: the consequence on the day of the request (a "
        "period's last day; today where no day is named); null where there is none, or where the classification is not the "
        "one in effect on that day"
    )

    @classmethod
    def from_row(cls, row: Classification, status: CommuneStatus | None) -> Self:
        """Serialize a row; `status` is that of its commune, None where another classification is in effect."""
        applied = status.applied if status else None
        return cls(
            id=row.id,
            unit=row.unit,
            region=row.region,
            specially_difficult=row.specially_difficult,
            decision=DecisionIn(number=row.decision_number, date=row.decision_date),
            effective_on=row.effective_on,
            ends_on=row.ends_on,
            law=row.law,
            list=row.list_id,
            recorded_at=row.recorded_at,
            by_rule=ByRuleOut.from_consequence(status, applied) if status and applied else None,
        )


ClassificationsPage = Page[ClassificationOut]
