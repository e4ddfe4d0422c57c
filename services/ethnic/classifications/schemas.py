"""How classifications are said."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.ethnic.classifications.rules import Stated
from services.ethnic.models import Classification
from services.ethnic.recognitions.rules import Made, Standing
from services.ethnic.recognitions.store import PATH as RECOGNITIONS
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.reporting.decisions import DecisionIn

NO_DAY = dt.date.min
EXAMPLE: dict[str, Any] = {
    "unit": "23509",
    "region": "I",
    "specially_difficult": False,
    "decision": {"number": "186/QĐ-UBND", "date": "2023-04-12"},
    "effective_on": "2023-04-12",
}


class ClassificationIn(PartialModel):
    """What a decision says of a commune, from a day on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "region": None,
        "specially_difficult": False,
        "decision": {"number": "-", "date": NO_DAY},
        "effective_on": NO_DAY,
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
    decision: DecisionIn = Field(description="the decision that says so")
    effective_on: IsoDate = Field(description="the day from which it holds")

    def stated(self) -> Stated:
        """Give what is stated as a frozen value."""
        return Stated(
            self.unit,
            self.region,
            self.specially_difficult,
            self.decision.number,
            self.decision.date,
            self.effective_on,
        )


class ByRecognitionOut(BaseModel):
    """The recognition by which a rule applies."""

    id: uuid.UUID = Field(description="the recognition's id in the new rural program")
    recognized_on: dt.date = Field(description="the day of the decision that recognizes")
    heard: str = Field(description="where it is read as it was heard here, with its decision and its change")


class ByRuleOut(BaseModel):
    """What the rule makes of a decision, apart from what the decision says."""

    region: str = Field(description="the region that the commune is in by the rule")
    specially_difficult: bool = Field(description="whether it is in special difficulty, the rule considered")
    since: dt.date = Field(description="the day from which the rule applies")
    clause: str = Field(description="the clause behind the rule")
    confidence: str = Field(description="how sure that clause is")
    recognition: ByRecognitionOut = Field(description="the recognition by which it applies")

    @classmethod
    def of(cls, standing: Standing, made: Made) -> "ByRuleOut":
        """Say what is made of a decision."""
        found = made.recognition
        return cls(
            region=made.by.becomes,
            specially_difficult=standing.specially_difficult,
            since=found.recognized_on,
            clause=made.by.legal_basis,
            confidence=made.by.confidence,
            recognition=ByRecognitionOut(
                id=found.id, recognized_on=found.recognized_on, heard=f"{RECOGNITIONS}/{found.id}"
            ),
        )


class ClassificationOut(BaseModel):
    """A classification as it was stated, and what the rule makes of it on the day that is asked about."""

    id: uuid.UUID = Field(description="the classification's id")
    unit: str = Field(description="code of the commune on the day of taking effect")
    region: str | None = Field(description="region I, II or III; null outside the area")
    specially_difficult: bool = Field(description="whether it is in special difficulty from that day on")
    decision: DecisionIn = Field(description="the decision that says so")
    effective_on: dt.date = Field(description="the day from which it holds")
    recorded_at: dt.datetime = Field(description="when it was stated here")
    by_rule: ByRuleOut | None = Field(
        description="where the commune was recognized as new rural since: what the rule makes of the decision on the day "
        "asked about (a period's last day; today where no day is asked); null where the decision alone says what it is, "
        "or does not stand on that day"
    )

    @classmethod
    def of(cls, it: Classification, standing: Standing | None) -> "ClassificationOut":
        """Say a row, and how its commune stands by it on the day asked about; None where it does not stand by it."""
        made = standing.made if standing else None
        return cls(
            id=it.id,
            unit=it.unit,
            region=it.region,
            specially_difficult=it.specially_difficult,
            decision=DecisionIn(number=it.decision_number, date=it.decision_date),
            effective_on=it.effective_on,
            recorded_at=it.recorded_at,
            by_rule=ByRuleOut.of(standing, made) if standing and made else None,
        )


ClassificationsPage = Page[ClassificationOut]
