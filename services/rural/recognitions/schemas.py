"""How recognitions are said."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rural.criteria.schemas import AuthorityOut
from services.rural.criteria.sets import LEVELS, CriteriaSets, RecognitionLevel
from services.rural.exceptions.schemas import ExceptionIn
from services.rural.models import Recognition
from services.rural.recognitions.in_force import UnderSet
from services.rural.recognitions.rules import Stated
from services.rural.revocations.schemas import AssessedOut, Reason, RevocationOut
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.periods import FIRST_YEAR, LAST_YEAR
from shared.reporting.decisions import DecisionIn

EXAMPLE: dict[str, Any] = {
    "unit": "23509",
    "level": "meets",
    "field": None,
    "criteria_set": "commune_2021_2025",
    "decision": {"number": "186/QĐ-UBND", "date": "2023-04-12"},
    "year": 2022,
}


class RecognitionIn(PartialModel):
    """A decision that a commune or village meets a standard."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "level": "meets",
        "field": None,
        "criteria_set": "-",
        "decision": {"number": "-", "date": dt.date.min},
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
    year: int = Field(
        strict=True,
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="the year recognized for, not that of the decision",
    )
    grounds: Reason | None = Field(
        None,
        description="why it is recognized again; wanted of a unit that was recognized at this level before",
    )
    exception: ExceptionIn | None = Field(
        None, description="accept broken rules by a recorded exception; wants the scope review as well"
    )

    @property
    def excuse(self) -> str | None:
        """Why broken rules are set aside; None where that is not asked for."""
        return self.exception.reason if self.exception else None

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


class RecognitionOut(BaseModel):
    """A recognition as it was stated, and what ended it."""

    id: uuid.UUID = Field(description="the recognition's id")
    unit: str = Field(description="code of the commune or village on the day of the decision")
    unit_level: str = Field(description="commune or village")
    level: RecognitionLevel = Field(description="meets, advanced or model")
    field: str | None = Field(description="field of a model commune")
    criteria_set: str = Field(description="code of the criteria set")
    decision: DecisionIn = Field(description="the decision that recognizes")
    authority: AuthorityOut | None = Field(
        description="who recognizes under the set on that day; null where that was not found"
    )
    year: int = Field(description="the year recognized for")
    grounds: str | None = Field(description="why it is recognized again; null for a first recognition")
    assessments: list[uuid.UUID] = Field(
        description="accepted reports with the assessment that it was held to; none where none was known here"
    )
    exceptions: list[str] = Field(description="codes of rules set aside by a recorded exception")
    exception_reason: str | None = Field(description="why they were set aside")
    recorded_at: dt.datetime = Field(description="when it was stated here")
    revocation: RevocationOut | None = Field(description="what ended it; null while nothing has")

    @classmethod
    def of(cls, it: Recognition, sets: CriteriaSets, as_of: dt.datetime | None = None) -> Self:
        """Say a row, as it was known at an instant."""
        ended = it.revocation
        if ended is not None and as_of is not None and ended.recorded_at > as_of:
            ended = None
        under = sets.get(it.criteria_set)
        authority = under.find_authority(it.decision_date) if under else None
        return cls(
            id=it.id,
            unit=it.unit,
            unit_level=it.unit_level,
            level=it.level,
            field=it.field,
            criteria_set=it.criteria_set,
            decision=DecisionIn(number=it.decision_number, date=it.decision_date),
            authority=AuthorityOut.from_fact(authority) if authority else None,
            year=it.year,
            grounds=it.grounds,
            assessments=it.assessments,
            exceptions=it.exceptions,
            exception_reason=it.exception_reason,
            recorded_at=it.recorded_at,
            revocation=RevocationOut.of(ended) if ended else None,
        )


class RevokedOut(RecognitionOut):
    """A recognition that was revoked, with what was known of the criteria by then."""

    assessed: AssessedOut | None = Field(
        description="the latest accepted assessment for a year begun by the day of the revocation, and where the two differ; "
        "null where there is none"
    )


RecognitionsPage = Page[RecognitionOut]


class HeldOut(BaseModel):
    """A level that a commune or village holds, and by which recognition."""

    level: RecognitionLevel = Field(description="meets, advanced or model")
    criteria_set: str = Field(description="code of the criteria set under which it holds")
    since: dt.date = Field(description="the day of the decision")
    recognition: uuid.UUID = Field(description="id of the recognition")

    @classmethod
    def of(cls, it: Recognition) -> Self:
        """Say a recognition in force."""
        return cls.model_validate(
            {
                "level": it.level,
                "criteria_set": it.criteria_set,
                "since": it.decision_date,
                "recognition": it.id,
            }
        )


class UnderSetOut(BaseModel):
    """How many units are recognized at a level under a criteria set."""

    unit_level: str = Field(description="commune or village")
    level: RecognitionLevel = Field(description="meets, advanced or model")
    criteria_set: str = Field(description="code of the criteria set")
    label: str = Field(description="name of the set in Vietnamese; its code where it is no longer known")
    label_en: str = Field(description="name of the set in English")
    earlier: bool = Field(
        description="whether it is no more the set of that day's year: its units are to be assessed anew"
    )
    units: int = Field(description="units that are recognized under it on that day")

    @classmethod
    def of(cls, it: UnderSet, sets: CriteriaSets, on: dt.date) -> Self:
        """Say a count."""
        under = sets.get(it.criteria_set)
        return cls(
            unit_level=it.unit_level,
            level=it.level,
            criteria_set=it.criteria_set,
            label=under.label.vi if under else it.criteria_set,
            label_en=under.label.en if under else it.criteria_set,
            earlier=under is None or on.year > under.last_year,
            units=it.units,
        )

    @property
    def place(self) -> tuple[str, int, str]:
        """Where it stands in the order: communes before villages, by level, the newest set last."""
        return (self.unit_level, LEVELS.index(self.level), self.criteria_set)


class RecognitionsSummaryOut(BaseModel):
    """Recognized units of a day by level and criteria set."""

    unit: str = Field(description="code of the unit asked about")
    on: dt.date = Field(description="the day that is read")
    items: list[UnderSetOut]
