"""Revocations on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.rural.recognitions.schemas import ExceptionIn, RecognitionOut, RevocationReason
from shared.kit.date_fields import IsoDate
from shared.kit.partial_body import PartialModel
from shared.reporting.decisions import DecisionIn

CriterionNumber = Annotated[int, Field(strict=True)]


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
        "effective_on": None,
        "reason": "---",
        "unmet": [],
        "exception": None,
    }

    decision: DecisionIn = Field(description="the decision that revokes")
    effective_on: IsoDate | None = Field(
        None,
        description="the first day on which it is no longer in force; the date of the decision when left out",
    )
    reason: RevocationReason = Field(description="grounds of the revocation, as text")
    unmet: list[CriterionNumber] = Field(
        default_factory=list,
        max_length=100,
        description="numbers of the criteria that are no longer met; checked by the rules of the criteria set, if any",
    )
    exception: ExceptionIn | None = Field(
        None, description="set a broken rule aside by a recorded exception; requires the scope review as well"
    )

    @property
    def ends_on(self) -> dt.date:
        """The first day on which the recognition is no longer in force."""
        return self.effective_on or self.decision.date

    @property
    def exception_reason(self) -> str | None:
        """Why a broken rule is set aside; None where no exception is requested."""
        return self.exception.reason if self.exception else None


class AssessmentComparisonOut(BaseModel):
    """The accepted assessment before a revocation, compared with the criteria that the revocation names."""

    period: str = Field(description="SDMX time period of the assessment")
    report: uuid.UUID = Field(description="the report that states it")
    unmet: list[int] = Field(
        description="numbers of the criteria that it finds unmet, unstated ones included"
    )
    only_named: list[int] = Field(description="those that the revocation names and the assessment finds met")
    only_found: list[int] = Field(
        description="those that the assessment finds unmet and the revocation does not name"
    )


class RevokedOut(RecognitionOut):
    """A revoked recognition, with the assessment before the revocation."""

    assessed: AssessmentComparisonOut | None = Field(
        description="the latest accepted assessment for a year begun by the day of the revocation, and how it differs; "
        "null where there is none"
    )
