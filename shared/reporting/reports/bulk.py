"""Bulk submission: many reports in one request, a line each, for a link that works for a minute at a time.

The body is newline-delimited JSON, read as it arrives, so memory stays small. Each line is a unit of work under its own
Idempotency-Key: sending the file again repeats nothing, and a refused line stops none of the others. A line is checked while
the line before it is written, and takes its locks after it: the result is that of one line after the other.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.kit.concurrency import PipelinePosition, PipelineStep
from shared.kit.database import Database, UnitOfWork
from shared.kit.exception_handlers import to_problem_document
from shared.kit.idempotency import REPLAY_HEADER, answer_once, make_claim
from shared.kit.identity import Caller
from shared.kit.json_body import MAX_FAULTS_SHOWN, MORE_FAULTS, PartialBody, parse_json, to_canonical_json
from shared.kit.problems import Fault, Invalid, Malformed, Problem, Sentence, TooLarge, make_fault
from shared.kit.resources import CurrentResources, Resources
from shared.kit.routes import OperationRoute
from shared.kit.validation_faults import to_fault
from shared.reporting.context import ReportingContext
from shared.reporting.engine import ReportingEngine
from shared.reporting.reports.api import submit_posted
from shared.reporting.reports.request_schemas import ReportIn
from shared.reporting.reports.schemas import CountsOut, SubmittedOut
from shared.roles import Reporter
from shared.territory.tree import Territory

MAX_LINES = 10_000
MIN_FAULTS_SHOWN_PER_LINE = 3
"""After `MAX_FAULTS_SHOWN` faults in an answer, each line shows so many and counts the rest, to save memory."""
LINES_AT_ONCE = 3
"""One is checked, one is written, one waits for the change feed. More would only wait."""
MEDIA_TYPE = "application/x-ndjson"


class LineIn(BaseModel):
    """One line: a key of its own, and a report."""

    model_config = ConfigDict(extra="forbid")

    idempotency_key: str = Field(pattern=r"^[\x21\x23-\x7e]{1,200}$", description="key of this line")
    report: PartialBody[ReportIn]


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
    reports: dict[str, int] = Field(description="how many lines had each outcome")
    counts: BulkCounts


class TooManyLines(Malformed):
    """The request has too many lines; those before the limit were processed."""

    code = "too_many_lines"
    detail = Sentence(
        "Quá {limit} dòng; các dòng trước đó đã được xử lý, hãy gửi phần còn lại.",
        "The request has over {limit} lines; those before were processed, so send the rest in another request.",
    )


_LINE: TypeAdapter[LineIn] = TypeAdapter(LineIn)


@dataclass(frozen=True)
class _LineResult:
    """The result of one line, before it is known how many of its faults are shown."""

    line: int
    key: str | None
    values: Counter[str]
    """The number of values by what the line does with them."""
    outcome: str = "refused"
    answer: SubmittedOut | None = None
    problem: Problem | None = None

    def to_line(self, request: Request, path: str, *, max_faults: int) -> LineOut:
        """Return the line of the answer, with at most so many faults."""
        document = None
        if self.problem is not None:
            self.problem.faults = _point_into_line(self.problem.faults, max_faults)
            document = to_problem_document(request, self.problem, f"{path}#{self.line}")
        return LineOut(
            line=self.line,
            idempotency_key=self.key,
            outcome=self.outcome,
            report=self.answer,
            problem=document,
        )


@dataclass(frozen=True)
class _LinePipeline:
    """Submits the lines of one request, some of them at once."""

    resources: Resources
    caller: Caller
    dry_run: bool

    async def submit_all(self, lines: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[_LineResult]:
        """Return the results in the order of the lines.

        When a line is too long or one too many, the lines before it are finished first. When a line fails for another
        reason than a refusal, the lines that were begun are cancelled.
        """
        tasks: deque[asyncio.Task[_LineResult]] = deque()
        position: PipelinePosition | None = None
        try:
            async for number, text in lines:
                if len(tasks) == LINES_AT_ONCE:
                    yield await tasks.popleft()
                position = PipelinePosition(position)
                tasks.append(asyncio.create_task(self._submit_line(number, text, position)))
            while tasks:
                yield await tasks.popleft()
        except Problem:
            await asyncio.gather(*tasks)
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _submit_line(self, number: int, text: bytes, position: PipelinePosition) -> _LineResult:
        key: str | None = None
        content: Any = None
        try:
            content = parse_json(text)
            key = _find_key(content)
            try:
                line = _LINE.validate_python(content)
            except ValidationError as error:
                faults = [to_fault(fault) for fault in error.errors(include_url=False)]
                raise Invalid(faults=faults) from error
            answer, outcome = await self._answer_once(line, content, text, position)
        except Problem as problem:
            await position.finish()
            return _LineResult(number, key, Counter(refused=_count_values(content)), problem=problem)
        await position.finish()
        return _LineResult(number, key, _count_by_change(answer.counts, outcome), outcome, answer)

    async def _answer_once(
        self, line: LineIn, content: Any, text: bytes, position: PipelinePosition
    ) -> tuple[SubmittedOut, str]:
        """Return the answer to a line, which is the first one if the line is a repeat, and its outcome."""
        engine, territory = self.resources.get(ReportingEngine), self.resources.get(Territory)
        claim = make_claim(
            self.caller.client_id,
            line.idempotency_key,
            f"{engine.path}/reports\n".encode(),
            to_canonical_json(content),
            text,
        )

        async def submit_report(unit_of_work: UnitOfWork) -> Response:
            unit_of_work.dry_run = self.dry_run
            context = ReportingContext(unit_of_work, engine, territory, position)
            submitted, created = await submit_posted(context, line.report)
            code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
            return Response(submitted.model_dump_json(), code, media_type="application/json")

        answer = await answer_once(
            self.resources.get(Database),
            self.resources.clock,
            claim,
            submit_report,
            caller=self.caller,
            while_claiming=position.enter(PipelineStep.CLAIM_KEY),
        )
        if REPLAY_HEADER in answer.headers:
            outcome = "replayed"
        else:
            outcome = "submitted" if answer.status_code == status.HTTP_201_CREATED else "unchanged"
        return SubmittedOut.model_validate_json(bytes(answer.body)), outcome


def bulk_router(*, max_line_bytes: int) -> APIRouter:
    """Return the route `POST /reports/bulk`, whose lines have at most so many bytes."""
    router = APIRouter(tags=["reports"], route_class=OperationRoute)

    @router.post(
        "/reports/bulk",
        summary="Submit many reports",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    MEDIA_TYPE: {"schema": {"type": "string", "description": "a JSON object a line"}}
                },
            }
        },
    )
    async def submit_reports(
        *,
        caller: Reporter,
        resources: CurrentResources,
        request: Request,
        dry_run: Annotated[
            bool, Query(description="check each line by itself, as if it were alone, and keep nothing")
        ] = False,
    ) -> BulkOut:
        """Submit newline-delimited reports, each `{"idempotency_key": …, "report": {…}}`; the answer has a result for each line.

        Each line is kept or refused by itself. Sending the same lines again repeats nothing.
        """
        pipeline = _LinePipeline(resources, caller, dry_run)
        path = f"{resources.get(ReportingEngine).path}/reports/bulk"
        lines: list[LineOut] = []
        values: Counter[str] = Counter()
        faults_shown = 0
        async for result in pipeline.submit_all(_read_lines(request, max_line_bytes)):
            max_faults = max(MIN_FAULTS_SHOWN_PER_LINE, MAX_FAULTS_SHOWN - faults_shown)
            line = result.to_line(request, path, max_faults=max_faults)
            lines.append(line)
            faults_shown += len(line.problem.get("errors", ())) if line.problem else 0
            values += result.values
        return BulkOut(
            lines=lines,
            reports=dict(Counter(line.outcome for line in lines)),
            counts=BulkCounts(
                received=values.total(),
                **{name: values[name] for name in ("created", "changed", "unchanged", "refused")},
            ),
        )

    return router


async def _read_lines(request: Request, max_line_bytes: int) -> AsyncIterator[tuple[int, bytes]]:
    """Return the lines of a body that are not blank, as they arrive, each with its number from 1."""
    pending = b""
    number = 0
    async for chunk in request.stream():
        *complete, pending = (pending + chunk).split(b"\n")
        for text in complete:
            number += 1
            if _is_report(number, text, max_line_bytes):
                yield number, text
        _is_report(number, pending, max_line_bytes)
    if _is_report(number + 1, pending, max_line_bytes):
        yield number + 1, pending


def _is_report(number: int, text: bytes, max_line_bytes: int) -> bool:
    """Whether a line is not blank; raises a problem for a line that is too long or one too many."""
    if len(text) > max_line_bytes:
        raise TooLarge(limit_bytes=max_line_bytes)
    has_content = bool(text.strip())
    if has_content and number > MAX_LINES:
        raise TooManyLines(limit=MAX_LINES)
    return has_content


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
