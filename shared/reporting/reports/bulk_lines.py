"""Lines of a bulk submission: each is a report under its own Idempotency-Key, kept or refused by itself.

Small lines that arrive together share a transaction, because a commit, a claim of keys and a lock of the change feed cost as
much for one line as for many. They take effect in their order: a line that may depend on one before it is written when that
one is in effect. A transaction that fails is tried again line by line. While one is written, the next one is checked.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import structlog
from fastapi import Response, status
from sqlalchemy.exc import DBAPIError

from shared.kit.concurrency import PipelinePosition, PipelineStep
from shared.kit.database import Database, UnitOfWork
from shared.kit.exact_json import restore_numbers
from shared.kit.exception_handlers import Busy, is_retryable
from shared.kit.idempotency import Claim, answer_each_once, answer_once
from shared.kit.identity import Caller
from shared.kit.problems import Problem
from shared.kit.resources import Resources
from shared.periods import Period
from shared.reporting.context import ReportingContext, SharedLocks
from shared.reporting.engine import ReportingEngine
from shared.reporting.reports.api import submit_posted
from shared.reporting.reports.bulk_line import LineResult, ReadLine, read_line, to_result
from shared.reporting.reports.writing.sql import list_locks, lock_together
from shared.territory.tree import Territory

GROUPS_AT_ONCE = 3
"""One is checked, one is written, one waits for the change feed. More would only wait."""
MAX_LINES_OF_A_GROUP = 16
MAX_BYTES_OF_A_GROUP = 32 * 1024
"""Other writers may wait for the change feed while a group is written; a larger line has a transaction of its own."""

ATTEMPTS = 2
"""After so many lock timeouts a line is refused as `busy`, and the file goes on: its other lines need other locks."""

BulkLine = tuple[int, bytes]
"""A line as posted, after its number."""

log = structlog.get_logger()


@dataclass(frozen=True)
class LinePipeline:
    """Submits the lines of one request, some groups of them at once."""

    resources: Resources
    caller: Caller
    dry_run: bool

    async def submit_all(self, chunks: AsyncIterator[Sequence[BulkLine]]) -> AsyncGenerator[LineResult, None]:
        """Yield the results in the order of the lines, each as soon as it is known, while further lines arrive.

        When a line is too long or one too many, the lines before it are finished first. When a line fails for another
        reason than a refusal, or the caller goes away, the lines that were begun are cancelled.
        """
        groups = _iterate_groups(chunks)
        tasks: deque[asyncio.Task[list[LineResult]]] = deque()
        reading: asyncio.Task[list[BulkLine] | Problem | None] = asyncio.create_task(_read_group(groups))
        position: PipelinePosition | None = None
        try:
            while True:
                ended = reading.done() and not isinstance(reading.result(), list)
                if ended and not tasks:
                    break
                waited = {
                    *([tasks[0]] if tasks else ()),
                    *(() if ended or len(tasks) == GROUPS_AT_ONCE else [reading]),
                }
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if tasks and tasks[0].done():
                    for result in tasks.popleft().result():
                        yield result
                group = reading.result() if reading.done() else None
                if isinstance(group, list) and len(tasks) < GROUPS_AT_ONCE:
                    position = PipelinePosition(position)
                    tasks.append(asyncio.create_task(self._submit_group(group, position)))
                    reading = asyncio.create_task(_read_group(groups))
            refusal = reading.result()
            if isinstance(refusal, Problem):
                raise refusal
        finally:
            for task in (reading, *tasks):
                task.cancel()
            await asyncio.gather(reading, *tasks, return_exceptions=True)

    async def _submit_group(self, group: Sequence[BulkLine], position: PipelinePosition) -> list[LineResult]:
        path = self.resources.get(ReportingEngine).path
        results = {
            number: read_line(number, text, path=path, client_id=self.caller.client_id)
            for number, text in group
        }
        lines = [line for line in results.values() if isinstance(line, ReadLine)]
        answers = await self._answer_lines(lines, position)
        await position.finish()
        for line, answer in zip(lines, answers, strict=True):
            results[line.number] = to_result(line, answer)
        return [result for result in results.values() if isinstance(result, LineResult)]

    async def _answer_lines(
        self, lines: Sequence[ReadLine], position: PipelinePosition
    ) -> Sequence[Response | Problem]:
        """Return the answer to each line, which is the first one if the line is a repeat, or its refusal."""
        distinct = len({line.claim.key for line in lines}) == len(lines)
        if len(lines) > 1 and distinct and not self.dry_run:
            try:
                return await answer_each_once(
                    self.resources.get(Database),
                    self.resources.clock,
                    [line.claim for line in lines],
                    _LineGroup(self, {line.claim: line for line in lines}, position).submit,
                    caller=self.caller,
                    while_claiming=position.enter(PipelineStep.CLAIM_KEY),
                )
            except DBAPIError as error:
                log.warning("lines are submitted again one by one", lines=len(lines), reason=str(error.orig))
        if len(lines) <= 1:
            return [await self._answer_alone(line, position) for line in lines]
        async with AsyncExitStack() as steps:
            for step in PipelineStep:
                await steps.enter_async_context(position.enter(step))
            return [await self._answer_alone(line, PipelinePosition()) for line in lines]

    async def _answer_alone(self, line: ReadLine, position: PipelinePosition) -> Response | Problem:
        async def submit_report(unit_of_work: UnitOfWork) -> Response:
            unit_of_work.dry_run = self.dry_run
            return await self.submit(unit_of_work, line, position)

        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await answer_once(
                    self.resources.get(Database),
                    self.resources.clock,
                    line.claim,
                    submit_report,
                    caller=self.caller,
                    while_claiming=position.enter(PipelineStep.CLAIM_KEY),
                )
            except Problem as problem:
                return problem
            except DBAPIError as error:
                if not is_retryable(error):
                    raise
                log.warning("line not submitted", line=line.number, attempt=attempt, reason=str(error.orig))
        return Busy()

    async def submit(
        self,
        unit_of_work: UnitOfWork,
        line: ReadLine,
        position: PipelinePosition,
        shared_locks: SharedLocks | None = None,
    ) -> Response:
        """Submit the report of a line in a unit of work. Raises its refusal."""
        engine, territory = self.resources.get(ReportingEngine), self.resources.get(Territory)
        context = ReportingContext(unit_of_work, engine, territory, position, shared_locks)
        submitted, created = await submit_posted(context, line.posted)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        content = restore_numbers(submitted.model_dump_json().encode())
        return Response(content, code, media_type="application/json")


Locks = tuple[str, list[str]]
"""The name of the lock that a line holds alone, and of those that it shares, as `list_locks` gives them."""


@dataclass
class _LineGroup:
    """Lines that share a transaction."""

    pipeline: LinePipeline
    lines: dict[Claim, ReadLine]
    position: PipelinePosition
    locks: SharedLocks = field(default_factory=SharedLocks)
    pending: list[tuple[UnitOfWork, Locks]] = field(default_factory=list)
    """The parts of the transaction whose reports are written and not in effect yet."""

    async def submit(self, unit_of_work: UnitOfWork, claims: Sequence[Claim]) -> list[Response | Problem]:
        """Return the answers to the lines with these claims, in their order."""
        locks = {claim: self._find_locks(self.lines[claim]) for claim in claims}
        alone = {line_locks[0] for line_locks in locks.values() if line_locks}
        shared = {name for line_locks in locks.values() if line_locks for name in line_locks[1]}
        answers: list[Response | Problem] = []
        async with self.position.enter(PipelineStep.LOCK_ROWS):
            await lock_together(unit_of_work.session, alone, shared)
        for claim in claims:
            line_locks = locks[claim]
            if line_locks and self._may_depend_on_pending(line_locks):
                await self._put_pending(unit_of_work)
            answers.append(await self._submit_line(unit_of_work, self.lines[claim], line_locks))
        if self.pending:
            unit_of_work.before_commit(lambda: self._put_pending(unit_of_work))
        return answers

    def _find_locks(self, line: ReadLine) -> Locks | None:
        """Return the locks of a line; None where its unit or period is unknown, so that it is refused."""
        report = line.posted.body
        try:
            return list_locks(
                self.pipeline.resources.get(Territory), report.unit, Period.parse(report.period)
            )
        except Problem:
            return None

    def _may_depend_on_pending(self, line_locks: Locks) -> bool:
        alone, shared = line_locks
        return any(
            alone == other_alone or alone in other_shared or other_alone in shared
            for _, (other_alone, other_shared) in self.pending
        )

    async def _submit_line(
        self, unit_of_work: UnitOfWork, line: ReadLine, line_locks: Locks | None
    ) -> Response | Problem:
        part = unit_of_work.open_part()
        submitting = self.pipeline.submit(part, line, self.position, self.locks if line_locks else None)
        try:
            if line.posted.body.supersedes is None:  # its refusals come before its first write
                answer = await submitting
            else:
                async with unit_of_work.session.begin_nested():
                    answer = await submitting
        except Problem as problem:
            return problem
        if line_locks:
            self.pending.append((part, line_locks))
        return answer

    async def _put_pending(self, unit_of_work: UnitOfWork) -> None:
        """Bring the reports written so far into effect, all at one instant; the change feed is locked from now on."""
        self.locks.feed_at = None
        for part, _ in self.pending:
            await part.write_last()
        self.pending.clear()
        await unit_of_work.session.flush()
        unit_of_work.session.expunge_all()


async def _iterate_groups(chunks: AsyncIterator[Sequence[BulkLine]]) -> AsyncIterator[list[BulkLine]]:
    """Yield the lines that arrived together in groups that are small enough to share a transaction."""
    async for lines in chunks:
        group: list[BulkLine] = []
        group_bytes = 0
        for number, text in lines:
            full = len(group) == MAX_LINES_OF_A_GROUP or group_bytes + len(text) > MAX_BYTES_OF_A_GROUP
            if group and full:
                yield group
                group, group_bytes = [], 0
            group.append((number, text))
            group_bytes += len(text)
        yield group


async def _read_group(groups: AsyncIterator[list[BulkLine]]) -> list[BulkLine] | Problem | None:
    """Return the next group; None after the last one, and the problem of a line that ends the file."""
    try:
        return await anext(groups, None)
    except Problem as problem:
        return problem
