"""The answer to a submission: counts, what follows from the values, what contradicts others, and the receipt."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal, to_number_text
from shared.kit.problems import Sentence
from shared.reporting.bounds.contradictions import Contradiction
from shared.reporting.bounds.schemas import ContradictionOut
from shared.reporting.field_types import RoundedAmount, Sha256, StandardCodeOut, UnitCode
from shared.reporting.models import Report
from shared.reporting.report_content import STATUSES, Status
from shared.reporting.reports.store import ReasonedValue
from shared.territory.named_rows import NamedUnitRow

FLOAT_NOISE = Sentence(
    "Giá trị {posted} có sai số của số thực nhị phân, được đọc là {read}.",
    "The value {posted} has the noise of a binary float, and was read as {read}.",
)


class CountsOut(BaseModel):
    """The number of values that a report changes against the one it supersedes."""

    received: int = Field(description="values received = created + changed + unchanged")
    created: int = Field(description="values not stated before")
    changed: int = Field(description="values stated differently before")
    unchanged: int = Field(description="values stated with the same amount and status before")
    dropped: int = Field(0, description="values stated before and not stated now")


class ReceiptOut(BaseModel):
    """Proof that a report was received, short enough to print; anyone may check it."""

    code: str = Field(description="short code to print")
    received_at: datetime = Field(description="the server's instant of receipt")
    content_sha256: Sha256

    @classmethod
    def from_report(cls, report: Report) -> Self:
        """Return the receipt of a report."""
        return cls(
            code=report.receipt_code, received_at=report.received_at, content_sha256=report.content_sha256
        )


class GroundOut(BaseModel):
    """One value beside its threshold."""

    indicator: str = Field(description="code of the indicator")
    value: JsonDecimal = Field(description="its value, as stated")
    comparator: Literal[">=", "<=", "="] = Field(description="how it must compare with the threshold")
    threshold: JsonDecimal = Field(description="the threshold of that year and unit")
    met: bool = Field(description="whether the value meets the threshold")
    legal_basis: str = Field(description="the document or clause behind it")
    confidence: str = Field(description="how certain the threshold is")


class DerivedOut(NamedUnitRow):
    """A value that follows from posted values by a dated rule, and the reasons."""

    unit: UnitCode
    indicator: str = Field(description="code of the indicator")
    value: JsonDecimal = Field(description="the value, in the indicator's unit of measure")
    status: Status = Field(description="the least certain status of the values that it follows from")
    posted: bool = Field(description="whether the report posts the same value as well")
    rule: str = Field(description="the rule, with the units and the time that it is for")
    why: str = Field(description="the reason, in Vietnamese")
    why_en: str = Field(description="the reason, in English")
    grounds: list[GroundOut] = Field(description="each value beside its threshold, as they were then")

    @classmethod
    def from_reasoned_value(cls, value: ReasonedValue) -> Self:
        """Return a derived value with its reasons."""
        return cls(
            unit=value.unit,
            indicator=value.indicator,
            value=value.value,
            status=STATUSES[value.status],
            posted=not value.derived,
            **value.reasons,
        )


class NoteOut(BaseModel):
    """A note on a value that was read differently from how it was posted."""

    pointer: str = Field(description="JSON pointer into the body")
    code: str = Field(description="float_noise: the number was read without the noise of a binary float")
    text: str = Field(description="what was read, in Vietnamese")
    text_en: str = Field(description="what was read, in English")

    @classmethod
    def from_noise(cls, ordinal: int, amount: RoundedAmount) -> Self:
        """Return the note on a value that was posted with float noise."""
        numbers = {"posted": amount.posted, "read": to_number_text(amount)}
        text = FLOAT_NOISE.filled(**numbers)
        return cls(
            pointer=f"/observations/{ordinal}/value", code="float_noise", text=text.vi, text_en=text.en
        )


class SubmittedOut(BaseModel):
    """The answer to a submitted report."""

    id: uuid.UUID | None = Field(description="the report's id; null after a dry run")
    state: Literal["submitted", "accepted"] = Field(description="state of the report")
    unit: UnitCode
    period: str = Field(description="SDMX time period")
    form: str = Field(description="the form")
    standard: StandardCodeOut = None
    received_at: datetime = Field(description="the server's instant of receipt")
    content_sha256: Sha256
    counts: CountsOut
    derived: list[DerivedOut] = Field(
        default_factory=list, description="what follows from the posted values by dated rules, and why"
    )
    contradictions: list[ContradictionOut] = Field(
        default_factory=list,
        description="values that contradict a report of another program; they are kept, and marked for the reviewer",
    )
    notes: list[NoteOut] = Field(
        default_factory=list, description="what was read differently from how it was posted"
    )
    receipt: ReceiptOut | None = Field(description="proof of receipt; null after a dry run")

    @classmethod
    def from_report(
        cls,
        report: Report,
        derived: Iterable[ReasonedValue],
        notes: Iterable[NoteOut] = (),
        contradictions: Iterable[Contradiction] = (),
        *,
        kept: bool = True,
    ) -> Self:
        """Return the answer to a submission; to a dry run where the report is not kept."""
        return cls(
            id=report.id if kept else None,
            state=report.state,
            unit=report.unit,
            period=report.period,
            form=report.form,
            standard=report.standard,
            received_at=report.received_at,
            content_sha256=report.content_sha256,
            counts=CountsOut(**report.counts),
            derived=[DerivedOut.from_reasoned_value(value) for value in derived],
            contradictions=[
                ContradictionOut.from_contradiction(contradiction) for contradiction in contradictions
            ],
            notes=list(notes),
            receipt=ReceiptOut.from_report(report) if kept else None,
        )
