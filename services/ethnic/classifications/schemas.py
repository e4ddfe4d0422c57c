"""How classifications are said."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.ethnic.classifications.rules import Stated
from services.ethnic.models import Classification
from shared.kit.bodies import DraftModel
from shared.kit.days import Day
from shared.kit.paging import Page
from shared.reporting.decisions import DecisionIn

NO_DAY = dt.date.min
EXAMPLE: dict[str, Any] = {
    "unit": "23509",
    "region": "I",
    "specially_difficult": False,
    "decision": {"number": "186/QĐ-UBND", "date": "2023-04-12"},
    "effective_on": "2023-04-12",
}


class ClassificationIn(DraftModel):
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
    effective_on: Day = Field(description="the day from which it holds")

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


class ClassificationOut(BaseModel):
    """A classification as it was stated."""

    id: uuid.UUID = Field(description="the classification's id")
    unit: str = Field(description="code of the commune on the day of taking effect")
    region: str | None = Field(description="region I, II or III; null outside the area")
    specially_difficult: bool = Field(description="whether it is in special difficulty from that day on")
    decision: DecisionIn = Field(description="the decision that says so")
    effective_on: dt.date = Field(description="the day from which it holds")
    recorded_at: dt.datetime = Field(description="when it was stated here")

    @classmethod
    def of(cls, it: Classification) -> "ClassificationOut":
        """Say a row."""
        return cls(
            id=it.id,
            unit=it.unit,
            region=it.region,
            specially_difficult=it.specially_difficult,
            decision=DecisionIn(number=it.decision_number, date=it.decision_date),
            effective_on=it.effective_on,
            recorded_at=it.recorded_at,
        )


ClassificationsPage = Page[ClassificationOut]
