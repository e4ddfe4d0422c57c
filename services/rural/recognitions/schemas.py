"""How recognitions are said."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.rural.criteria.sets import RecognitionLevel, Sets
from services.rural.models import Recognition
from services.rural.recognitions.rules import Stated
from shared.kit.bodies import DraftModel
from shared.kit.paging import Page
from shared.periods import FIRST_YEAR, LAST_YEAR
from shared.reporting.decisions import DecisionIn

DECISION: JsonDict = {"number": "186/QĐ-UBND", "date": "2023-04-12"}
EXAMPLE: dict[str, Any] = {
    "unit": "23509",
    "level": "meets",
    "field": None,
    "criteria_set": "commune_2021_2025",
    "decision": DECISION,
    "year": 2022,
}


class ExceptionIn(BaseModel):
    """An exception from the rules, by an officer who may also review."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=10, max_length=2000, description="why the rules are set aside")


class RecognitionIn(DraftModel):
    """A decision that a commune or village meets a standard."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "level": "meets",
        "field": None,
        "criteria_set": "-",
        "decision": {"number": "-", "date": dt.date.min},
        "year": FIRST_YEAR,
        "exception": None,
    }

    unit: str = Field(
        min_length=2, max_length=12, description="code of a commune or village on the day of the decision"
    )
    level: RecognitionLevel = Field(description="meets, advanced or model")
    field: str | None = Field(
        None, min_length=1, max_length=60, description="field of a model commune, such as culture"
    )
    criteria_set: str = Field(
        min_length=1, max_length=60, description="code of the criteria set; see /v1/rural/criteria-sets"
    )
    decision: DecisionIn = Field(description="the decision that recognizes")
    year: int = Field(
        strict=True,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="the year recognized for, not that of the decision",
    )
    exception: ExceptionIn | None = Field(
        None, description="accept broken rules by a recorded exception; wants the scope review as well"
    )

    def stated(self) -> Stated:
        """Give what is stated as a frozen value."""
        return Stated(
            self.unit,
            self.level,
            self.field,
            self.criteria_set,
            self.decision.number,
            self.decision.date,
            self.year,
        )


class RevocationIn(DraftModel):
    """A decision that ends a recognition."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"decision": DECISION, "reason": "Không còn đạt 8 tiêu chí, trong đó có thu nhập"}
        },
    )
    unread: ClassVar[Mapping[str, Any]] = {
        "decision": {"number": "-", "date": dt.date.min},
        "reason": "---",
    }

    decision: DecisionIn = Field(description="the decision that revokes")
    reason: str = Field(min_length=3, max_length=2000, description="grounds of the revocation")


class RevocationOut(BaseModel):
    """What ended a recognition."""

    decision: DecisionIn = Field(description="the decision that revokes")
    reason: str = Field(description="grounds of the revocation")
    recorded_at: dt.datetime = Field(description="when it was stated here")


class RecognitionOut(BaseModel):
    """A recognition as it was stated, and what ended it."""

    id: uuid.UUID = Field(description="the recognition's id")
    unit: str = Field(description="code of the commune or village on the day of the decision")
    unit_level: str = Field(description="commune or village")
    level: RecognitionLevel = Field(description="meets, advanced or model")
    field: str | None = Field(description="field of a model commune")
    criteria_set: str = Field(description="code of the criteria set")
    decision: DecisionIn = Field(description="the decision that recognizes")
    authority: str | None = Field(description="who recognizes under the set on that day")
    year: int = Field(description="the year recognized for")
    exceptions: list[str] = Field(description="codes of rules set aside by a recorded exception")
    exception_reason: str | None = Field(description="why they were set aside")
    recorded_at: dt.datetime = Field(description="when it was stated here")
    revocation: RevocationOut | None = Field(description="what ended it; null while nothing has")

    @classmethod
    def of(cls, it: Recognition, sets: Sets, as_of: dt.datetime | None = None) -> "RecognitionOut":
        """Say a row, as it was known at an instant."""
        ended = it.revocation
        if ended is not None and as_of is not None and ended.recorded_at > as_of:
            ended = None
        under = sets.get(it.criteria_set)
        return cls(
            id=it.id,
            unit=it.unit,
            unit_level=it.unit_level,
            level=it.level,
            field=it.field,
            criteria_set=it.criteria_set,
            decision=DecisionIn(number=it.decision_number, date=it.decision_date),
            authority=under.authority(it.decision_date) if under else None,
            year=it.year,
            exceptions=it.exceptions,
            exception_reason=it.exception_reason,
            recorded_at=it.recorded_at,
            revocation=RevocationOut(
                decision=DecisionIn(number=ended.decision_number, date=ended.decision_date),
                reason=ended.reason,
                recorded_at=ended.recorded_at,
            )
            if ended
            else None,
        )


RecognitionsPage = Page[RecognitionOut]
