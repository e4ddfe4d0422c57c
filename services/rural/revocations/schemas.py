"""How revocations are said."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.rural.exceptions.schemas import ExceptionIn
from services.rural.models import Revocation
from shared.kit.partial_body import PartialModel
from shared.reporting.decisions import DecisionIn

Reason = Annotated[str, StringConstraints(min_length=3, max_length=2000)]
"""Grounds in words."""

Criterion = Annotated[int, Field(strict=True)]


class RevocationIn(PartialModel):
    """A decision that ends a recognition."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "decision": {"number": "186/QĐ-UBND", "date": "2023-04-12"},
                "reason": "Không còn đạt 8 tiêu chí, trong đó có thu nhập",
                "unmet": [2, 3, 5, 6, 10, 11, 13, 17],
            }
        },
    )
    unread: ClassVar[Mapping[str, Any]] = {
        "decision": {"number": "-", "date": dt.date.min},
        "reason": "---",
        "unmet": [],
        "exception": None,
    }

    decision: DecisionIn = Field(description="the decision that revokes")
    reason: Reason = Field(description="grounds of the revocation, in words")
    unmet: list[Criterion] = Field(
        default_factory=list,
        max_length=100,
        description="numbers of the criteria that are no longer met; a set with rules for revocations is held to them",
    )
    exception: ExceptionIn | None = Field(
        None, description="accept a broken rule by a recorded exception; wants the scope review as well"
    )

    @property
    def excuse(self) -> str | None:
        """Why a broken rule is set aside; None where that is not asked for."""
        return self.exception.reason if self.exception else None


class AssessedOut(BaseModel):
    """The accepted assessment before a revocation, beside the criteria that the revocation names."""

    period: str = Field(description="SDMX time period of the assessment")
    report: uuid.UUID = Field(description="the report that states it")
    unmet: list[int] = Field(
        description="numbers of the criteria that it finds unmet, unstated ones included"
    )
    only_named: list[int] = Field(
        description="those that the revocation names though the assessment finds them met"
    )
    only_found: list[int] = Field(
        description="those that the assessment finds unmet and the revocation does not name"
    )


class RevocationOut(BaseModel):
    """What ended a recognition."""

    decision: DecisionIn = Field(description="the decision that revokes")
    reason: str = Field(description="grounds of the revocation, in words")
    unmet: list[int] = Field(description="numbers of the criteria that are no longer met")
    exceptions: list[str] = Field(description="codes of rules set aside by a recorded exception")
    exception_reason: str | None = Field(description="why they were set aside")
    recorded_at: dt.datetime = Field(description="when it was stated here")

    @classmethod
    def of(cls, it: Revocation) -> Self:
        """Say a row."""
        return cls(
            decision=DecisionIn(number=it.decision_number, date=it.decision_date),
            reason=it.reason,
            unmet=it.unmet,
            exceptions=it.exceptions,
            exception_reason=it.exception_reason,
            recorded_at=it.recorded_at,
        )
