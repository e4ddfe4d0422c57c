"""Registrations on the wire, each with its steps."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rural.criteria.sets import RecognitionLevel
from services.rural.models import Registration, RegistrationStep
from services.rural.recognitions.schemas import ExceptionIn, RevocationReason
from services.rural.registrations.rules import (
    NEXT_STEPS,
    STATE_LABELS,
    RegistrationState,
    Step,
    StepTaken,
    find_state,
)
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.periods import FIRST_YEAR, LAST_YEAR
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import Amount, UnitCode
from shared.territory.named_rows import NamedUnitRow

DOCUMENT_EXAMPLE: dict[str, Any] = {"number": "12/BC-UBND", "date": "2023-11-20"}
UNREAD_DOCUMENT = {"number": "-", "date": dt.date.min}
MAX_DEBTS_VND = 10**15
"""More than the budget of any province; a larger amount is in another unit of measure."""


class RegistrationIn(PartialModel):
    """A plan by which a commune or village is to meet a standard in a year."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "unit": "23509",
                "level": "meets",
                "criteria_set": "commune_2021_2025",
                "year": 2023,
                "decision": {"number": "25/KH-UBND", "date": "2023-01-15"},
            }
        },
    )
    unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "level": "meets",
        "criteria_set": "-",
        "year": FIRST_YEAR,
        "decision": UNREAD_DOCUMENT,
    }

    unit: UnitCode = Field(description="code of a commune or village on the day of the plan")
    level: RecognitionLevel = Field(description="meets, advanced or model")
    criteria_set: str = Field(
        min_length=1, max_length=60, description="code of the criteria set; see /v1/rural/criteria-sets"
    )
    year: int = Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR, description="year in which it is to be met")
    decision: DecisionIn = Field(description="the plan in which the unit is registered")


class AssessedIn(PartialModel):
    """The result of an assessment; the criteria are those of the accepted assessment of the year."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "document": DOCUMENT_EXAMPLE,
                "overdue_debts_vnd": 0,
                "residents_satisfied_percent": 96.5,
            }
        },
    )
    unread: ClassVar[Mapping[str, Any]] = {
        "document": UNREAD_DOCUMENT,
        "overdue_debts_vnd": 0,
        "residents_satisfied_percent": 0,
    }

    document: DecisionIn = Field(description="the report of the assessment")
    overdue_debts_vnd: int = Field(
        strict=True, ge=0, le=MAX_DEBTS_VND, description="overdue debts from construction, in đồng; 0: none"
    )
    residents_satisfied_percent: Annotated[Amount, Field(ge=0, le=100)] = Field(
        description="share of the surveyed residents who are satisfied, in percent"
    )


class SubmittedIn(PartialModel):
    """The dossier that is submitted to the authority."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"document": {"number": "30/TTr-UBND", "date": "2023-12-01"}}},
    )
    unread: ClassVar[Mapping[str, Any]] = {"document": UNREAD_DOCUMENT, "exception": None}

    document: DecisionIn = Field(description="the letter with which the dossier is submitted")
    exception: ExceptionIn | None = Field(
        None, description="set broken rules aside by a recorded exception; requires the scope review as well"
    )


class EndedIn(PartialModel):
    """The end of a registration without a recognition, with its reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "document": {"number": "88/TB-VPĐP", "date": "2023-12-20"},
                "reason": "Thu nhập bình quân chưa được xác nhận",
            }
        },
    )
    unread: ClassVar[Mapping[str, Any]] = {"document": UNREAD_DOCUMENT, "reason": "---"}

    document: DecisionIn = Field(description="the letter that says so")
    reason: RevocationReason = Field(description="the reason, as text; no names of persons")


class RegistrationStepOut(BaseModel):
    """A step of a registration."""

    step: Step = Field(description="assessed, submitted, not_recognized or withdrawn")
    document: DecisionIn = Field(description="the document of the step; it is taken on its date")
    unmet: list[int] | None = Field(
        description="of an assessment: numbers of the criteria not met; null without an accepted one of the year"
    )
    assessments: list[uuid.UUID] = Field(description="accepted reports that state it")
    overdue_debts_vnd: int | None = Field(
        description="of an assessment: overdue debts from construction, in đồng"
    )
    residents_satisfied_percent: JsonDecimal | None = Field(
        description="of an assessment: share of satisfied residents, in percent"
    )
    reason: str | None = Field(description="why it was not recognized or was withdrawn")
    exceptions: list[str] = Field(description="codes of rules set aside by a recorded exception")
    exception_reason: str | None = Field(description="why they were set aside")
    recorded_at: dt.datetime = Field(description="when it was recorded")

    @classmethod
    def from_row(cls, row: RegistrationStep) -> Self:
        """Serialize a row."""
        return cls(
            step=row.step,
            document=DecisionIn(number=row.document_number, date=row.taken_on),
            unmet=row.unmet,
            assessments=row.assessments,
            overdue_debts_vnd=row.overdue_debts_vnd,
            residents_satisfied_percent=row.residents_satisfied_percent,
            reason=row.reason,
            exceptions=row.exceptions,
            exception_reason=row.exception_reason,
            recorded_at=row.recorded_at,
        )


class RegistrationOut(NamedUnitRow):
    """A registration, its state and its steps."""

    id: uuid.UUID = Field(description="the registration's id")
    unit: str = Field(description="code of the commune or village on the day of the plan")
    unit_level: str = Field(description="commune or village")
    level: RecognitionLevel = Field(description="meets, advanced or model")
    criteria_set: str = Field(description="code of the criteria set")
    year: int = Field(description="year in which it is to be met")
    decision: DecisionIn = Field(description="the plan in which the unit is registered")
    state: RegistrationState = Field(
        description="registered, assessed, submitted, not_recognized, withdrawn; recognized once a recognition is recorded"
    )
    state_label: str = Field(description="the state in Vietnamese")
    next_steps: list[Step] = Field(description="the steps that may follow")
    recognition: uuid.UUID | None = Field(description="id of the recognition; null while there is none")
    steps: list[RegistrationStepOut] = Field(description="the steps, the earliest first")
    recorded_at: dt.datetime = Field(description="when it was recorded")

    @classmethod
    def from_row(cls, row: Registration, recognition: uuid.UUID | None) -> Self:
        """Serialize a row with its steps and the id of its recognition."""
        state = find_state(to_steps(row), recognized=recognition is not None)
        return cls(
            id=row.id,
            unit=row.unit,
            unit_level=row.unit_level,
            level=row.level,
            criteria_set=row.criteria_set,
            year=row.year,
            decision=DecisionIn(number=row.decision_number, date=row.decision_date),
            state=state,
            state_label=STATE_LABELS[state].vi,
            next_steps=list(NEXT_STEPS[state]),
            recognition=recognition,
            steps=[RegistrationStepOut.from_row(step) for step in row.steps],
            recorded_at=row.recorded_at,
        )


RegistrationsPage = Page[RegistrationOut]


class MetAndRecognizedRow(NamedUnitRow):
    """One commune that meets every criterion, is recognized or is registered, and why these differ."""

    unit: str = Field(description="code of the commune")
    name: str = Field(description="name with its kind")
    district: str | None = Field(description="code of its district; null where there are no districts")
    met: int | None = Field(description="criteria met in the year; null while it is not assessed")
    meets_all: bool = Field(description="whether it meets every criterion")
    recognized: bool = Field(
        description="whether a recognition at the level meets is in force at the end of the year"
    )
    criteria_set: str | None = Field(description="criteria set of that recognition")
    state: RegistrationState | Literal["not_registered"] = Field(
        description="state of its registration for the year"
    )
    registration: uuid.UUID | None = Field(description="id of that registration")
    why: str = Field(description="why the two differ, in Vietnamese; empty where they agree")
    why_en: str = Field(description="why the two differ, in English")


class MetAndRecognizedOut(NamedUnitRow):
    """Communes that meet every criterion beside those that are recognized, commune by commune."""

    unit: str = Field(description="code of the unit")
    year: int = Field(description="assessment year; recognitions are those in force on its last day")
    meets_all: int = Field(description="communes that meet every criterion by the accepted assessments")
    recognized: int = Field(description="communes with a recognition at the level meets in force")
    both: int = Field(description="communes that are counted in both")
    only_meets_all: dict[str, int] = Field(
        description="communes that meet every criterion and are not recognized, by the state of their registration"
    )
    only_recognized: int = Field(
        description="communes that are recognized and do not meet every criterion of the year"
    )
    items: list[MetAndRecognizedRow]


def to_steps(row: Registration) -> list[StepTaken]:
    """Return the steps of a registration as the rules read them."""
    return [StepTaken(step.step, step.taken_on) for step in row.steps]  # type: ignore[arg-type]  # a constraint says so
