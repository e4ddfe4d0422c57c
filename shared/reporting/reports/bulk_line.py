"""One line of a bulk submission: as it is read, and its result."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from fastapi import Response, status
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.kit.idempotency import REPLAY_HEADER, Claim, make_claim
from shared.kit.json_body import parse_json, to_canonical_json
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Invalid, Problem
from shared.kit.validation_faults import to_fault
from shared.reporting.reports.answer_schemas import CountsOut, SubmittedOut
from shared.reporting.reports.request_schemas import ReportIn


class LineIn(BaseModel):
    """One line: a key of its own, and a report."""

    model_config = ConfigDict(extra="forbid")

    idempotency_key: str = Field(pattern=r"^[\x21\x23-\x7e]{1,200}$", description="key of this line")
    report: PartialBody[ReportIn]


_LINE: TypeAdapter[LineIn] = TypeAdapter(LineIn)


@dataclass(frozen=True)
class LineResult:
    """The result of one line, before it is known how many of its faults are shown."""

    line: int
    key: str | None
    values: Counter[str]
    """The number of values by what the line does with them."""
    outcome: str = "refused"
    answer: SubmittedOut | None = None
    problem: Problem | None = None
    readable: bool = True
    """Whether the line is a JSON object."""


@dataclass(frozen=True)
class ReadLine:
    """A line that could be read, and the claim of its key."""

    number: int
    content: Any
    posted: PartialBody[ReportIn]
    claim: Claim


def read_line(number: int, text: bytes, *, path: str, client_id: str) -> ReadLine | LineResult:
    """Return the line of a client, or why it cannot be read; `path` is that of the program."""
    key: str | None = None
    content: Any = None
    try:
        content = parse_json(text)
        key = _find_key(content)
        line = _LINE.validate_python(content)
    except ValidationError as error:
        faults = [to_fault(fault) for fault in error.errors(include_url=False)]
        refusal: Problem = Invalid(faults=faults)
    except Problem as problem:
        refusal = problem
    else:
        operation = f"{path}/reports\n".encode()
        canonical = to_canonical_json(content)
        claim = make_claim(client_id, line.idempotency_key, operation, canonical, text)
        return ReadLine(number, content, line.report, claim)
    values = Counter(refused=_count_values(content))
    return LineResult(number, key, values, problem=refusal, readable=isinstance(content, dict))


def to_result(line: ReadLine, answer: Response | Problem) -> LineResult:
    """Return the result of a line from its answer or refusal."""
    if isinstance(answer, Problem):
        values = Counter(refused=_count_values(line.content))
        return LineResult(line.number, line.claim.key, values, problem=answer)
    submitted = SubmittedOut.model_validate_json(bytes(answer.body))
    if REPLAY_HEADER in answer.headers:
        outcome = "replayed"
    else:
        outcome = "submitted" if answer.status_code == status.HTTP_201_CREATED else "unchanged"
    return LineResult(
        line.number, line.claim.key, _count_by_change(submitted.counts, outcome), outcome, submitted
    )


def _find_key(content: Any) -> str | None:
    """Return the Idempotency-Key of a line, if it is a text."""
    key = content.get("idempotency_key") if isinstance(content, dict) else None
    return key if isinstance(key, str) else None


def _count_values(content: Any) -> int:
    """Return the number of values of a line that was refused."""
    report = content.get("report") if isinstance(content, dict) else None
    values = report.get("observations") if isinstance(report, dict) else None
    return len(values) if isinstance(values, list) else 0


def _count_by_change(counts: CountsOut, outcome: str) -> Counter[str]:
    if outcome != "submitted":
        return Counter(unchanged=counts.received)
    return Counter(created=counts.created, changed=counts.changed, unchanged=counts.unchanged)
