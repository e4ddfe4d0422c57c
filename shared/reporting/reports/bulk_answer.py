"""The answer to a bulk submission: a result for each line, and counts over all lines, serialized part by part."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from shared.kit.exact_json import restore_numbers
from shared.kit.exception_handlers import to_problem_document
from shared.kit.partial_body import MAX_FAULTS_SHOWN, MORE_FAULTS
from shared.kit.problems import Fault, Problem, make_fault
from shared.reporting.reports.answer_schemas import SubmittedOut
from shared.reporting.reports.bulk_line import LineResult

MIN_FAULTS_SHOWN_PER_LINE = 3
"""After `MAX_FAULTS_SHOWN` faults in an answer, each line shows so many and counts the rest, to save memory."""


class LineOut(BaseModel):
    """The result of one line."""

    line: int = Field(description="its number, from 1")
    idempotency_key: str | None = Field(description="its key, when it could be read")
    outcome: str = Field(
        description="submitted, unchanged (an identical report is live), replayed or refused"
    )
    report: SubmittedOut | None = Field(description="the report, unless refused")
    problem: dict[str, Any] | None = Field(description="why it was refused")


class BulkCounts(BaseModel):
    """Values over all lines: received = created + changed + unchanged + refused."""

    received: int = Field(description="values received")
    created: int = Field(description="values not stated before")
    changed: int = Field(description="values stated differently before")
    unchanged: int = Field(
        description="values stated with the same amount and status before; replayed lines included"
    )
    refused: int = Field(description="values on refused lines")


class BulkOut(BaseModel):
    """The result of each line, and counts over all lines."""

    lines: list[LineOut]
    change: str | None = Field(
        None,
        description="place in the change feed at which all kept lines can be read: what NTP-Change is for one report; "
        "a reader without a token sends it back as NTP-After",
        examples=["rural=157"],
    )
    reports: dict[str, int] = Field(description="how many lines had each outcome")
    counts: BulkCounts
    problem: dict[str, Any] | None = Field(
        None,
        description="why the lines after the last one were not processed, such as one that is too long; null after all lines",
    )


@dataclass
class AnswerWriter:
    """Serializes an answer part by part: one JSON object, or a result a line."""

    request: Request
    path: str
    as_lines: bool
    outcomes: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    faults_shown: int = 0

    def begin(self) -> bytes:
        """Return what comes before the first result."""
        return b"" if self.as_lines else b'{"lines":['

    def write(self, result: LineResult) -> bytes:
        """Return the next result."""
        before = b"," if self.outcomes and not self.as_lines else b""
        max_faults = max(MIN_FAULTS_SHOWN_PER_LINE, MAX_FAULTS_SHOWN - self.faults_shown)
        line = self._to_line(result, max_faults)
        self.faults_shown += len(line.problem.get("errors", ())) if line.problem else 0
        self.outcomes[line.outcome] += 1
        self.values += result.values
        return before + restore_numbers(line.model_dump_json().encode()) + (b"\n" if self.as_lines else b"")

    def end(self, problem: Problem | None, change: str | None) -> bytes:
        """Return what comes after the last result; `change` is the place of the newest change after it."""
        answer = BulkOut(
            lines=[],
            change=change,
            reports=dict(self.outcomes),
            counts=BulkCounts(
                received=self.values.total(),
                **{name: self.values[name] for name in ("created", "changed", "unchanged", "refused")},
            ),
            problem=None if problem is None else to_problem_document(self.request, problem, self.path),
        )
        last = restore_numbers(answer.model_dump_json(exclude={"lines"}).encode())
        return last + b"\n" if self.as_lines else b"]," + last[1:]

    def _to_line(self, result: LineResult, max_faults: int) -> LineOut:
        """Return the line of the answer, with at most so many faults."""
        document = None
        if result.problem is not None:
            result.problem.faults = _point_into_line(result.problem.faults, max_faults)
            document = to_problem_document(self.request, result.problem, f"{self.path}#{result.line}")
        return LineOut(
            line=result.line,
            idempotency_key=result.key,
            outcome=result.outcome,
            report=result.answer,
            problem=document,
        )


def _point_into_line(faults: tuple[Fault, ...], limit: int) -> tuple[Fault, ...]:
    """Return the faults with pointers into the line; those over the limit are counted in one more fault."""
    shown = (
        fault
        if fault.pointer.startswith(("/report", "/idempotency_key"))
        else replace(fault, pointer=f"/report{fault.pointer}")
        for fault in faults[:limit]
    )
    more = len(faults) - limit
    counted = [make_fault("/report", "more_faults", MORE_FAULTS, more=more)] if more > 0 else []
    return (*shown, *counted)
