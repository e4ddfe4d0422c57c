"""Many reports in one request, a line each: for a link that is up for a minute.

The body is newline-delimited JSON, read as it comes: memory stays flat whatever its size. Every line is a transaction of
its own under its own key, so a broken connection loses nothing that was answered, and sending the file again repeats
nothing. One refused line stops none of the rest. A line is read and checked while the one before is being written; keys,
places and the write order are taken in the order of the lines, so it makes no difference but in time.
"""

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.kit.database import Database
from shared.kit.exception_handlers import negotiate_language
from shared.kit.idempotency import REPLAY_HEADER, Claim, answer_once
from shared.kit.identity import Caller
from shared.kit.json_request import parse_json
from shared.kit.partial_body import MAX_FAULTS_SHOWN, MORE_FAULTS, PartialBody
from shared.kit.pipeline import PipelinePosition, PipelineStep
from shared.kit.problems import Fault, Invalid, Malformed, Problem, Sentence, TooLarge, make_fault
from shared.kit.resources import CurrentResources, Resources
from shared.kit.unit_of_work import UnitOfWork
from shared.kit.validation_faults import to_fault
from shared.reporting.context import ReportingContext
from shared.reporting.engine import ReportingEngine
from shared.reporting.reports.schemas import CountsOut, ReportIn, SubmittedOut
from shared.reporting.reports.store import read_reasoned_values
from shared.reporting.reports.writing.submit import submit
from shared.roles import Reporter
from shared.territory.tree import Territory

MAX_LINES = 10_000
FEWEST_FAULTS_OF_A_LINE = 3
"""Once a body has shown a thousand faults each line names its first few and counts the rest, so memory stays flat."""
LINES_AT_ONCE = 3
"""One is being told of, one is being added up, one is being read. More would only wait."""
MEDIA_TYPE = "application/x-ndjson"


class LineIn(BaseModel):
    """One line: a key of its own, and a report."""

    model_config = ConfigDict(extra="forbid")

    idempotency_key: str = Field(pattern=r"^[\x21\x23-\x7e]{1,200}$", description="key of this line")
    report: PartialBody[ReportIn]


class LineOut(BaseModel):
    """What came of one line."""

    line: int = Field(description="its number, from 1")
    idempotency_key: str | None = Field(description="its key, when it could be read")
    outcome: str = Field(description="submitted, unchanged (identical and live already), replayed or refused")
    report: SubmittedOut | None = Field(description="the report, unless refused")
    problem: dict[str, Any] | None = Field(description="why it was refused")


class BulkCounts(BaseModel):
    """Values over all lines: received = created + changed + unchanged + refused."""

    received: int = Field(description="values received")
    created: int = Field(description="values not stated before")
    changed: int = Field(description="values stated otherwise before")
    unchanged: int = Field(description="values stated alike before, replays included")
    refused: int = Field(description="values on refused lines")


class BulkOut(BaseModel):
    """A verdict for each line, and counts over all of them."""

    lines: list[LineOut]
    reports: dict[str, int] = Field(description="how many lines had each outcome")
    counts: BulkCounts


class TooManyLines(Malformed):
    """More lines than one request takes; the ones before were answered by their keys."""

    code = "too_many_lines"
    detail = Sentence(
        "Quá {limit} dòng; các dòng trước đó đã được xử lý, hãy gửi phần còn lại.",
        "Over {limit} lines; the ones before were taken, send the rest in another request.",
    )


_LINE: TypeAdapter[LineIn] = TypeAdapter(LineIn)


@dataclass(frozen=True)
class _Verdict:
    """What came of one line, before its faults are counted among those of the others."""

    line: int
    key: str | None
    counted: Counter[str]
    outcome: str = "refused"
    said: SubmittedOut | None = None
    problem: Problem | None = None

    def out(self, request: Request, path: str, *, faults: int) -> LineOut:
        """Say it, naming so many of its faults."""
        document = None
        if self.problem is not None:
            self.problem.faults = _named(self.problem.faults, faults)
            document = self.problem.document(negotiate_language(request), f"{path}#{self.line}")
        return LineOut(
            line=self.line,
            idempotency_key=self.key,
            outcome=self.outcome,
            report=self.said,
            problem=document,
        )


@dataclass(frozen=True)
class _Intake:
    """Where the lines of one request go."""

    resources: Resources
    caller: Caller

    async def all(self, lines: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[_Verdict]:
        """Take lines as they come, some at once; the verdicts are in their order.

        What was begun is ended before a line that is too long, or one too many, is refused; it is given up where a line
        before it met no refusal but a failure.
        """
        begun: deque[asyncio.Task[_Verdict]] = deque()
        position: PipelinePosition | None = None
        try:
            async for number, text in lines:
                if len(begun) == LINES_AT_ONCE:
                    yield await begun.popleft()
                position = PipelinePosition(position)
                begun.append(asyncio.create_task(self.take(number, text, position)))
            while begun:
                yield await begun.popleft()
        except Problem:
            await asyncio.gather(*begun)
            raise
        finally:
            for task in begun:
                task.cancel()
            await asyncio.gather(*begun, return_exceptions=True)

    async def take(self, number: int, text: bytes, position: PipelinePosition) -> _Verdict:
        """Take one line: a transaction of its own."""
        key: str | None = None
        raw: Any = None
        try:
            raw = parse_json(text)
            key = _key_in(raw)
            try:
                line = _LINE.validate_python(raw)
            except ValidationError as error:
                raise Invalid(faults=[to_fault(one) for one in error.errors(include_url=False)]) from error
            said, outcome = await self._submit(line, text, position)
        except Problem as problem:
            await position.finish()
            return _Verdict(number, key, Counter(refused=_values_in(raw)), problem=problem)
        await position.finish()
        return _Verdict(number, key, _counted(said.counts, outcome), outcome, said)

    async def _submit(
        self, line: LineIn, text: bytes, position: PipelinePosition
    ) -> tuple[SubmittedOut, str]:
        """Return the answer to a line, the first one where it is a repeat, and its outcome."""
        engine = self.resources.get(ReportingEngine)
        path = f"{engine.path}/reports"
        content = hashlib.sha256(path.encode() + b"\n" + text).hexdigest()
        draft = line.report

        async def submit_line(unit: UnitOfWork) -> Response:
            done = await submit(
                ReportingContext(unit, engine, self.resources.get(Territory), position),
                draft.body.to_content(draft.ordinals, draft.partial),
                supersedes=draft.body.supersedes,
                shape_faults=draft.faults,
                unread=draft.unread,
            )
            derivations = engine.catalogue.derivation_rules
            derived = await read_reasoned_values(unit.session, done.report) if derivations else ()
            submitted = SubmittedOut.from_report(done.report, derived)
            code = status.HTTP_201_CREATED if done.created else status.HTTP_200_OK
            return Response(submitted.model_dump_json(), code, media_type="application/json")

        answer = await answer_once(
            self.resources.get(Database),
            self.resources.clock,
            Claim(self.caller.client_id, line.idempotency_key, content),
            submit_line,
            caller=self.caller,
            while_claiming=position.enter(PipelineStep.CLAIM_KEY),
        )
        if REPLAY_HEADER in answer.headers:
            outcome = "replayed"
        else:
            outcome = "submitted" if answer.status_code == status.HTTP_201_CREATED else "unchanged"
        return SubmittedOut.model_validate_json(bytes(answer.body)), outcome


def bulk_router(*, max_line_bytes: int) -> APIRouter:
    """Build `POST /reports/bulk`; a line is no longer than this."""
    router = APIRouter(tags=["reports"])

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
    async def submit_reports(*, caller: Reporter, resources: CurrentResources, request: Request) -> BulkOut:
        """Submit newline-delimited reports, each `{"idempotency_key": …, "report": {…}}`, with a verdict for each line.

        Every line is kept or refused by itself; sending the same lines again repeats nothing.
        """
        intake = _Intake(resources, caller)
        path = f"{resources.get(ReportingEngine).path}/reports/bulk"
        lines: list[LineOut] = []
        counts: Counter[str] = Counter()
        said = 0
        async for verdict in intake.all(_numbered_lines(request, max_line_bytes)):
            room = max(FEWEST_FAULTS_OF_A_LINE, MAX_FAULTS_SHOWN - said)
            line = verdict.out(request, path, faults=room)
            lines.append(line)
            said += len(line.problem.get("errors", ())) if line.problem else 0
            counts += verdict.counted
        return BulkOut(
            lines=lines,
            reports=dict(Counter(line.outcome for line in lines)),
            counts=BulkCounts(
                received=counts.total(),
                **{name: counts[name] for name in ("created", "changed", "unchanged", "refused")},
            ),
        )

    return router


async def _numbered_lines(request: Request, max_line_bytes: int) -> AsyncIterator[tuple[int, bytes]]:
    pending = b""
    number = 0
    async for chunk in request.stream():
        *complete, pending = (pending + chunk).split(b"\n")
        for text in complete:
            number += 1
            if _within(number, text, max_line_bytes):
                yield number, text
        _within(number, pending, max_line_bytes)
    if _within(number + 1, pending, max_line_bytes):
        yield number + 1, pending


def _within(number: int, text: bytes, max_line_bytes: int) -> bool:
    """Tell whether a line says anything; refuses one that is too long, or one too many."""
    if len(text) > max_line_bytes:
        raise TooLarge(limit_bytes=max_line_bytes)
    says = bool(text.strip())
    if says and number > MAX_LINES:
        raise TooManyLines(limit=MAX_LINES)
    return says


def _named(faults: tuple[Fault, ...], limit: int) -> tuple[Fault, ...]:
    """Place faults in their line; those over the limit are counted."""
    placed = (
        it
        if it.pointer.startswith(("/report", "/idempotency_key"))
        else replace(it, pointer=f"/report{it.pointer}")
        for it in faults[:limit]
    )
    more = len(faults) - limit
    return (
        (*placed, make_fault("/report", "more_faults", MORE_FAULTS, more=more)) if more > 0 else tuple(placed)
    )


def _key_in(raw: Any) -> str | None:
    key = raw.get("idempotency_key") if isinstance(raw, dict) else None
    return key if isinstance(key, str) else None


def _values_in(raw: Any) -> int:
    report = raw.get("report") if isinstance(raw, dict) else None
    values = report.get("observations") if isinstance(report, dict) else None
    return len(values) if isinstance(values, list) else 0


def _counted(counts: CountsOut, outcome: str) -> Counter[str]:
    if outcome != "submitted":
        return Counter(unchanged=counts.received)
    return Counter(created=counts.created, changed=counts.changed, unchanged=counts.unchanged)
