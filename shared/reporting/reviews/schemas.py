"""The bodies of reviews."""

import uuid
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.kit.problems import Sentence
from shared.kit.validation_faults import make_validation_error
from shared.reporting.field_types import SHA_EXAMPLE, Sha256

RETURN_NEEDS_REASON = Sentence("Trả lại báo cáo phải nêu lý do.", "A report is returned with a reason.")
STEP_WITH_PASS = Sentence(
    "Bước (step) đi cùng “pass”, và chỉ với “pass”.",
    "A step is named with the verdict “pass”, and only with it.",
)

MAX_VERDICTS = 100
"""They are one transaction, for which all other writers wait: so many take a second or two, and a writer waits five."""

ReviewReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2000)]
"""The reason of a review; spaces alone are no reason."""


class AcceptIn(BaseModel):
    """An acceptance of exactly what was read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"content_sha256": SHA_EXAMPLE}})

    content_sha256: Sha256


class ReturnIn(BaseModel):
    """A return, with its reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"content_sha256": SHA_EXAMPLE, "reason": "Thiếu số liệu xã Đăk Long"}},
    )

    content_sha256: Sha256
    reason: ReviewReason = Field(description="why it is returned")


class WithdrawIn(BaseModel):
    """A withdrawal; a reviewer gives a reason."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"content_sha256": SHA_EXAMPLE}})

    content_sha256: Sha256
    reason: ReviewReason | None = Field(None, description="why it is withdrawn")


class VerdictIn(BaseModel):
    """A verdict on one report."""

    model_config = ConfigDict(extra="forbid")

    report: uuid.UUID = Field(description="the report's id")
    verdict: Literal["accept", "return", "pass"] = Field(
        description="accept, return, or pass through a step of its form's review chain"
    )
    content_sha256: Sha256
    reason: ReviewReason | None = Field(None, description="the reason; required to return")
    step: str | None = Field(
        None, min_length=1, max_length=60, description="code of the step; required to pass, and only then"
    )

    @model_validator(mode="after")
    def _check_fields_of_verdict(self) -> Self:
        if self.verdict == "return" and self.reason is None:
            raise make_validation_error("reason_required", RETURN_NEEDS_REASON)
        if (self.verdict == "pass") != (self.step is not None):
            raise make_validation_error("step_with_pass", STEP_WITH_PASS)
        return self


class ReviewsIn(BaseModel):
    """Verdicts on many reports."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reviews": []}})

    reviews: list[VerdictIn] = Field(max_length=MAX_VERDICTS, description="one verdict for each report")


class ReviewResultOut(BaseModel):
    """The result of one verdict."""

    report: uuid.UUID = Field(description="the report's id")
    done: bool = Field(description="whether the verdict took effect")
    state: str | None = Field(description="the report's state after it")
    problem: dict[str, Any] | None = Field(description="why it was refused")


class ReviewsOut(BaseModel):
    """The result of each verdict, in the order of the request."""

    items: list[ReviewResultOut]
    done: int = Field(description="verdicts that took effect")
    refused: int = Field(description="verdicts that were refused")
