"""Wire forms of reports in a list, of one report, and of differences."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.bounds.contradictions import Contradiction
from shared.reporting.bounds.schemas import ContradictionOut
from shared.reporting.catalogue.dimensions import SeriesName
from shared.reporting.evidence.schemas import EvidenceRef
from shared.reporting.field_types import DimensionOut, Sha256, StandardCodeOut, UnitCode
from shared.reporting.models import Report
from shared.reporting.report_content import StatedValue, Status
from shared.reporting.reports.answer_schemas import CountsOut, DerivedOut, ReceiptOut
from shared.reporting.reports.writing.opening_values import StartDifference
from shared.territory.named_rows import NamedUnitRow


def _is_none(value: object) -> bool:
    return value is None


class ObservationOut(BaseModel):
    """One row as posted, with no member added, so that it can be posted again: a value, or nil in its place."""

    unit: UnitCode
    indicator: str = Field(description="code of the indicator")
    dimension: dict[str, str] | None = Field(
        None, description="the member, by the code of the dimension", exclude_if=_is_none
    )
    value: JsonDecimal | None = Field(
        None,
        description="the value, in the indicator's unit of measure; left out where nil was posted",
        exclude_if=_is_none,
    )
    nil: Literal[True] | None = Field(
        None,
        description="nothing happened in this column; left out where a value was posted",
        exclude_if=_is_none,
    )
    status: Status = Field(description="estimate, preliminary or official")

    @classmethod
    def from_value(cls, value: StatedValue, series: SeriesName) -> Self:
        """Serialize a posted value of a series."""
        posted = {"nil": True} if value.nil else {"value": value.value}
        return cls(unit=value.unit, **series._asdict(), status=value.status, **posted)


class ReviewOut(BaseModel):
    """One thing that was done to a report."""

    action: str = Field(
        description="submitted, passed, accepted, returned, withdrawn, superseded or reinstated"
    )
    client_id: str = Field(description="who did it")
    at: datetime = Field(description="when")
    reason: str | None = Field(description="why, where a reason was given")
    step: str | None = Field(description="which step of the review chain, when the action is passed")
    content_sha256: Sha256


class StartExceptionOut(NamedUnitRow):
    """A start that differs from the end of the period before, or a value that another form states otherwise, and why."""

    unit: UnitCode
    indicator: str = Field(description="code of the start, or of the value that a relation names")
    relation: str | None = Field(
        None, description="code of the relation between forms; null for a start", exclude_if=_is_none
    )
    stated: JsonDecimal = Field(
        description="the start as stated, or the side of the relation that the report states"
    )
    before: JsonDecimal = Field(description="the end of the period before, or the other side of the relation")
    difference: JsonDecimal = Field(description="stated minus before")
    ended_in: list[str] = Field(description="the units whose ends, or values on the other form, add up to it")
    reason: str = Field(description="why it differs")


class StartDifferenceOut(NamedUnitRow):
    """A start that is no longer the end of the period before, which was corrected since."""

    unit: UnitCode
    indicator: str = Field(description="code of the start")
    stated: JsonDecimal = Field(description="the start as stated")
    before: JsonDecimal = Field(description="the end of the period before, as it is now")
    difference: JsonDecimal = Field(description="stated minus before")
    ended_in: list[str] = Field(description="the units whose ends add up to it; several after a merger")


class ReportSummary(NamedUnitRow):
    """A report in a list."""

    id: uuid.UUID = Field(description="the report's id")
    state: str = Field(description="submitted, accepted, returned, withdrawn or superseded")
    unit: UnitCode
    period: str = Field(description="SDMX time period")
    form: str = Field(description="the form")
    standard: StandardCodeOut = None
    nil: bool = Field(description="whether it states that nothing happened")
    received_at: datetime = Field(description="the server's instant of receipt")
    state_at: datetime = Field(description="since when it has its state")
    content_sha256: Sha256
    supersedes: uuid.UUID | None = Field(description="the report it corrects")
    exceptions: list[StartExceptionOut] = Field(
        default_factory=list, description="starts that differ from the end before, with the reasons"
    )
    start_differences: list[StartDifferenceOut] = Field(
        default_factory=list,
        description="starts that are no longer the end of the period before, because that was corrected since",
    )
    contradictions: list[ContradictionOut] = Field(
        default_factory=list,
        description="values that contradict a live report of another program, as it was received so far",
    )
    counts: CountsOut

    @classmethod
    def from_report(
        cls,
        report: Report,
        contradictions: Iterable[Contradiction] = (),
        start_differences: Iterable[StartDifference] = (),
    ) -> Self:
        """Return the summary of a report."""
        summary = cls.model_validate(report, from_attributes=True)
        summary.start_differences = [
            StartDifferenceOut.model_validate(difference, from_attributes=True)
            for difference in start_differences
        ]
        summary.contradictions = [
            ContradictionOut.from_contradiction(contradiction) for contradiction in contradictions
        ]
        return summary


class ContradictedReportsOut(BaseModel):
    """The live reports of a period that contradict a report of another program."""

    period: str = Field(description="SDMX time period")
    items: list[ReportSummary]


class EffectOut(BaseModel):
    """From when to when a report was in effect on a basis."""

    basis: str = Field(description="accepted or provisional")
    since: datetime = Field(description="from this instant")
    until: datetime | None = Field(description="to this instant, not included; null while it is in effect")


class ReportOut(ReportSummary):
    """A whole report: as posted, with its receipt and what was done to it."""

    note: str | None = Field(description="the remark as posted")
    document: dict[str, Any] | None = Field(description="the signed document behind it")
    observations: list[ObservationOut] = Field(description="the values in the order posted")
    derived: list[DerivedOut] = Field(description="what follows from them by dated rules, and why")
    receipt: ReceiptOut
    reviews: list[ReviewOut] = Field(description="what was done to it, oldest first")
    stood: list[EffectOut] = Field(description="from when to when it was in effect, on which basis")
    evidence: list[EvidenceRef] = Field(description="files behind it, by hash")


class DifferenceOut(NamedUnitRow):
    """One value that differs."""

    unit: str = Field(description="code of the unit")
    indicator: str = Field(description="code of the indicator")
    dimension: DimensionOut = None
    before: JsonDecimal | None = Field(
        description="the value accepted last; null for nil, and if there is none"
    )
    after: JsonDecimal | None = Field(
        description="the value of this report; null for nil, and when it states none"
    )
    nil_before: bool = Field(description="whether the report accepted last states nil")
    nil_after: bool = Field(description="whether this report states nil")
    status_before: Status | None = Field(description="the status of the value accepted last")
    status_after: Status | None = Field(description="the status of the value of this report")


class DifferencesOut(BaseModel):
    """The differences between a report and the one accepted last."""

    report: uuid.UUID = Field(description="the report's id")
    accepted: uuid.UUID | None = Field(description="the report accepted last; null when there was none")
    items: list[DifferenceOut]
