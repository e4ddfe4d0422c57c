"""Recognitions on the wire, each with its revocation."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.rural.criteria.schemas import AuthorityOut
from services.rural.criteria.sets import LEVELS, CriteriaSets, RecognitionLevel
from services.rural.models import Recognition, Revocation
from services.rural.recognitions.rules import RecognitionDecision
from services.rural.recognitions.store import SetCount
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.periods import FIRST_YEAR, LAST_YEAR
from shared.reporting.decisions import DecisionIn
from shared.territory.named_rows import NamedUnitRow

EXAMPLE: dict[str, Any] = {
    "unit": "23509",
    "level": "meets",
    "field": None,
    "criteria_set": "commune_2021_2025",
    "decision": {"number": "186/QĐ-UBND", "date": "2023-04-12"},
    "year": 2022,
}

RevocationReason = Annotated[str, StringConstraints(min_length=3, max_length=2000)]
"""The reason of a decision, as free text."""


class ExceptionIn(BaseModel):
    """A request for an exception: broken rules are set aside by an officer who may also review."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=10, max_length=2000, description="why the rules are set aside")


class RecognitionIn(PartialModel):
    """A decision that a commune or village meets a standard."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "level": "meets",
        "field": None,
        "criteria_set": "-",
        "decision": {"number": "-", "date": dt.date.min},
        "effective_on": None,
        "year": FIRST_YEAR,
        "grounds": None,
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
    effective_on: IsoDate | None = Field(
        None,
        description="the day on which the decision takes effect; that of the decision when left out",
    )
    year: int = Field(
        strict=True,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="the year recognized for, not the year of the decision",
    )
    grounds: RevocationReason | None = Field(
        None,
        description="why the unit is recognized again; required of a unit recognized at this level before",
    )
    exception: ExceptionIn | None = Field(
        None, description="set broken rules aside by a recorded exception; requires the scope review as well"
    )

    @property
    def exception_reason(self) -> str | None:
        """Why broken rules are set aside; None where no exception is requested."""
        return self.exception.reason if self.exception else None

    def to_decision(self) -> RecognitionDecision:
        """Convert to the frozen value that the rules check."""
        return RecognitionDecision(
            self.unit,
            self.level,
            self.field,
            self.criteria_set,
            self.decision.number,
            self.decision.date,
            self.effective_on or self.decision.date,
            self.year,
        )


class RevocationOut(BaseModel):
    """A decision that ended a recognition."""

    decision: DecisionIn = Field(description="the decision that revokes")
    effective_on: dt.date = Field(description="the first day on which the recognition is not in force")
    reason: str = Field(description="grounds of the revocation, as text")
    unmet: list[int] = Field(description="numbers of the criteria that are no longer met")
    exceptions: list[str] = Field(description="codes of rules set aside by a recorded exception")
    exception_reason: str | None = Field(description="why they were set aside")
    recorded_at: dt.datetime = Field(description="when it was recorded")

    @classmethod
    def from_row(cls, row: Revocation) -> Self:
        """Serialize a row."""
        return cls(
            decision=DecisionIn(number=row.decision_number, date=row.decision_date),
            effective_on=row.effective_on,
            reason=row.reason,
            unmet=row.unmet,
            exceptions=row.exceptions,
            exception_reason=row.exception_reason,
            recorded_at=row.recorded_at,
        )


class RecognitionOut(NamedUnitRow):
    """A recognition as it was stated, with its revocation."""

    id: uuid.UUID = Field(description="the recognition's id")
    unit: str = Field(description="code of the commune or village on the day of the decision")
    unit_level: str = Field(description="commune or village")
    level: RecognitionLevel = Field(description="meets, advanced or model")
    field: str | None = Field(description="field of a model commune")
    criteria_set: str = Field(description="code of the criteria set")
    decision: DecisionIn = Field(description="the decision that recognizes")
    effective_on: dt.date = Field(description="the first day on which the recognition is in force")
    authority: AuthorityOut | None = Field(
        description="who recognizes under the set on that day; null where unknown"
    )
    year: int = Field(description="the year recognized for")
    grounds: str | None = Field(description="why it is recognized again; null for a first recognition")
    assessments: list[uuid.UUID] = Field(
        description="accepted reports that state the assessment which the recognition is based on; empty where there was none"
    )
    exceptions: list[str] = Field(description="codes of rules set aside by a recorded exception")
    exception_reason: str | None = Field(description="why they were set aside")
    recorded_at: dt.datetime = Field(description="when it was recorded")
    revocation: RevocationOut | None = Field(description="the revocation; null while there is none")

    @classmethod
    def from_row(cls, row: Recognition, sets: CriteriaSets, as_of: dt.datetime | None = None) -> Self:
        """Serialize a row as it was at an instant; None: now."""
        revocation = row.revocation
        if revocation is not None and as_of is not None and revocation.recorded_at > as_of:
            revocation = None
        criteria_set = sets.get(row.criteria_set)
        authority = criteria_set.find_authority(row.decision_date) if criteria_set else None
        return cls(
            id=row.id,
            unit=row.unit,
            unit_level=row.unit_level,
            level=row.level,
            field=row.field,
            criteria_set=row.criteria_set,
            decision=DecisionIn(number=row.decision_number, date=row.decision_date),
            effective_on=row.effective_on,
            authority=AuthorityOut.from_fact(authority) if authority else None,
            year=row.year,
            grounds=row.grounds,
            assessments=row.assessments,
            exceptions=row.exceptions,
            exception_reason=row.exception_reason,
            recorded_at=row.recorded_at,
            revocation=RevocationOut.from_row(revocation) if revocation else None,
        )


RecognitionsPage = Page[RecognitionOut]


class LevelInForceOut(BaseModel):
    """A level in force of a commune or village, and its recognition."""

    level: RecognitionLevel = Field(description="meets, advanced or model")
    criteria_set: str = Field(description="code of the criteria set of the recognition")
    since: dt.date = Field(description="the day on which the decision takes effect")
    recognition: uuid.UUID = Field(description="id of the recognition")

    @classmethod
    def from_row(cls, row: Recognition) -> Self:
        """Serialize a recognition in force."""
        return cls.model_validate(
            {
                "level": row.level,
                "criteria_set": row.criteria_set,
                "since": row.effective_on,
                "recognition": row.id,
            }
        )


class SetCountOut(BaseModel):
    """The number of units that are recognized at a level under a criteria set."""

    unit_level: str = Field(description="commune or village")
    level: RecognitionLevel = Field(description="meets, advanced or model")
    criteria_set: str = Field(description="code of the criteria set")
    label: str = Field(
        description="name of the set in Vietnamese; its code where this installation no longer has it"
    )
    label_en: str = Field(description="name of the set in English")
    earlier: bool = Field(
        description="whether the years of the set ended before that day: its units are to be assessed again"
    )
    units: int = Field(description="units that are recognized under it on that day")

    @classmethod
    def from_count(cls, count: SetCount, sets: CriteriaSets, on: dt.date) -> Self:
        """Serialize a count of a day."""
        criteria_set = sets.get(count.criteria_set)
        return cls(
            unit_level=count.unit_level,
            level=count.level,
            criteria_set=count.criteria_set,
            label=criteria_set.label.vi if criteria_set else count.criteria_set,
            label_en=criteria_set.label.en if criteria_set else count.criteria_set,
            earlier=criteria_set is None or on.year > criteria_set.last_year,
            units=count.units,
        )

    @property
    def sort_key(self) -> tuple[str, int, str]:
        """The order of the list: communes before villages, then by level, the newest set last."""
        return (self.unit_level, LEVELS.index(self.level), self.criteria_set)


class RecognitionsSummaryOut(BaseModel):
    """Recognized units of a day by level and criteria set."""

    unit: str = Field(description="code of the unit")
    on: dt.date = Field(description="the day of the counts")
    items: list[SetCountOut]
