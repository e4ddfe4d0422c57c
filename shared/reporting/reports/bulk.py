"""Bulk submission: many reports in one request, a line each, for a link that works for a minute at a time.

The body is newline-delimited JSON, read as it arrives. The answer flows as the lines are decided: a file of thousands of
lines is answered however long it takes, and no proxy between waits in vain. Sending the file again repeats nothing, and a
refused line stops none of the others. When the caller goes away, the work stops.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect

from shared.kit.change_places import ChangePlaces
from shared.kit.database import DATABASE_ERRORS
from shared.kit.exception_handlers import Busy
from shared.kit.middleware import AsgiScope, Receive, Send
from shared.kit.problems import Invalid, Malformed, Problem, Sentence, TooLarge
from shared.kit.representations import JSON, UnsupportedMediaType, negotiate
from shared.kit.resources import CurrentResources
from shared.kit.routes import OperationRoute
from shared.reporting.engine import ReportingEngine
from shared.reporting.reports.bulk_answer import AnswerWriter, BulkOut
from shared.reporting.reports.bulk_line import LineResult
from shared.reporting.reports.bulk_lines import BulkLine, LinePipeline
from shared.roles import Reporter

MAX_LINES = 10_000
MEDIA_TYPE = "application/x-ndjson"
MEDIA_TYPES = (MEDIA_TYPE, "application/ndjson", "application/jsonl", "application/jsonlines", "text/plain")
"""The names under which lines of JSON are sent; one that is left out means the first."""
MAX_PIECES_AHEAD = 64
"""A piece is up to 64 KiB, so at most 4 MiB of a body wait in memory."""
HEARTBEAT_S = 5.0
"""A blank is sent after so many seconds without a result: proxies wait thirty seconds or more for the next byte."""
FIRST_RESULT_WITHIN_S = 10.0
"""After so many seconds the answer begins without a result: the gateway waits thirty seconds for its first byte."""
MAX_UNREADABLE_LINES = 1_000
"""After so many lines that are no JSON the answer begins, although no line could be read yet."""

log = structlog.get_logger()


class TooManyLines(Malformed):
    """The request has too many lines; those before the limit were processed."""

    code = "too_many_lines"
    detail = Sentence(
        "Quá {limit} dòng; các dòng trước đó đã được xử lý, hãy gửi phần còn lại.",
        "The request has over {limit} lines; those before were processed, so send the rest in another request.",
    )


class NoLines(Invalid):
    """The request has no line, or none that is a JSON object."""

    code = "bulk_unreadable"
    detail = Sentence(
        "Không có dòng nào là đối tượng JSON: mỗi dòng là một báo cáo với khóa riêng.",
        "No line is a JSON object: each line is a report with a key of its own.",
    )


def bulk_router(*, max_line_bytes: int) -> APIRouter:
    """Return the route `POST /reports/bulk`, whose lines have at most so many bytes."""
    router = APIRouter(tags=["reports"], route_class=OperationRoute)

    @router.post(
        "/reports/bulk",
        summary="Submit many reports",
        response_model=BulkOut,
        responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
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
    ) -> Response:
        """Submit newline-delimited reports, each `{"idempotency_key": …, "report": {…}}`; the answer has a result for each line.

        Each line is kept or refused by itself. Sending the same lines again repeats nothing. The answer begins with the
        first result and flows while the lines are decided; with `Accept: application/x-ndjson` it is a result a line, and
        `reports`, `counts`, `change` and `problem` in the last one. Blanks and line ends may come between results.
        """
        media_type = request.headers.get("content-type", MEDIA_TYPE).partition(";")[0].strip().lower()
        if media_type not in MEDIA_TYPES:
            raise UnsupportedMediaType(media_type, MEDIA_TYPES)
        accepted = negotiate(",".join(request.headers.getlist("accept")), (JSON, MEDIA_TYPE)).media_type
        reader = _LineReader(request, max_line_bytes)
        results = LinePipeline(resources, caller, dry_run).submit_all(reader.read())
        path = f"{resources.get(ReportingEngine).path}/reports/bulk"
        writer = AnswerWriter(request, path, as_lines=accepted == MEDIA_TYPE)
        answer = _BulkAnswer(writer, results, reader, resources.get(ChangePlaces))
        await answer.wait_for_first()
        return answer

    return router


class _LineReader:
    """Reads the lines of a body that are not blank, as they arrive."""

    def __init__(self, request: Request, max_line_bytes: int) -> None:
        self._request = request
        self._max_line_bytes = max_line_bytes
        self.finished = asyncio.Event()
        """Set when nothing more of the body is read."""
        self.caller_left = False
        """Whether the caller closed the connection before the end of the body."""

    async def read(self) -> AsyncIterator[Sequence[BulkLine]]:
        """Yield the lines of each piece of the body, each with its number from 1. Raises `TooLarge`, `TooManyLines`."""
        pending = b""
        number = 0
        lines: list[BulkLine] = []
        try:
            async for chunk in self._read_ahead():
                *complete, pending = (pending + chunk).split(b"\n")
                lines = []
                for text in complete:
                    number += 1
                    self._append(lines, number, text)
                self._require_short(pending)
                if lines:
                    yield lines
            lines = []
            self._append(lines, number + 1, pending)
            if lines:
                yield lines
        except Problem:
            if lines:
                yield lines
            raise

    async def _read_ahead(self) -> AsyncIterator[bytes]:
        """Yield the pieces of the body, read before they are needed, so that it is soon known when the caller leaves."""
        pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(MAX_PIECES_AHEAD)

        async def read() -> None:
            try:
                async for chunk in self._request.stream():
                    await pieces.put(chunk)
                await pieces.put(None)
            except ClientDisconnect as error:
                self.caller_left = True
                self.finished.set()
                await pieces.put(error)
            except Exception as error:  # noqa: BLE001 (raised to whoever reads the pieces)
                await pieces.put(error)
            finally:
                self.finished.set()

        reading = asyncio.create_task(read())
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            reading.cancel()

    def _append(self, lines: list[BulkLine], number: int, text: bytes) -> None:
        self._require_short(text)
        if not text.strip():
            return
        if number > MAX_LINES:
            raise TooManyLines(limit=MAX_LINES)
        lines.append((number, text))

    def _require_short(self, text: bytes) -> None:
        if len(text) > self._max_line_bytes:
            raise TooLarge(limit_bytes=self._max_line_bytes)


class _BulkAnswer(Response):
    """An answer that flows while the lines are decided, until the caller goes away."""

    def __init__(
        self,
        writer: AnswerWriter,
        results: AsyncGenerator[LineResult, None],
        reader: _LineReader,
        places: ChangePlaces,
    ) -> None:
        super().__init__(media_type=MEDIA_TYPE if writer.as_lines else JSON)
        del self.headers["content-length"]
        self._writer = writer
        self._results = results
        self._reader = reader
        self._places = places
        self._begun: list[LineResult] = []
        self._beginning = asyncio.ensure_future(self._read_beginning())
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def wait_for_first(self) -> None:
        """Wait for the first line that can be read, while no proxy gives up. Raises what ends the file before it."""
        await asyncio.wait([self._beginning], timeout=FIRST_RESULT_WITHIN_S)
        if self._beginning.done():
            self._beginning.result()

    async def _read_beginning(self) -> None:
        """Read results up to the first line that can be read. Raises `NoLines` where there is none."""
        async for result in self._results:
            self._begun.append(result)
            if result.readable or len(self._begun) == MAX_UNREADABLE_LINES:
                return
        raise NoLines

    async def __call__(
        self,
        scope: AsgiScope,  # noqa: ARG002 (ASGI)
        receive: Receive,
        send: Send,
    ) -> None:
        """Send the results as they come, and line ends while none comes."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        deciding = asyncio.create_task(self._decide())
        leaving = asyncio.create_task(self._wait_until_caller_leaves(receive))
        leaving.add_done_callback(lambda _: deciding.cancel())
        try:
            while (part := await self._next_part()) is not None:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            tasks = (leaving, deciding, self._beginning)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _next_part(self) -> bytes | None:
        try:
            return await asyncio.wait_for(self._parts.get(), HEARTBEAT_S)
        except TimeoutError:
            return b"\n"

    async def _wait_until_caller_leaves(self, receive: Receive) -> None:
        """Return when the caller has closed the connection; until the body is read, its reader finds that out."""
        await self._reader.finished.wait()
        while not self._reader.caller_left and (await receive())["type"] != "http.disconnect":
            pass

    async def _decide(self) -> None:
        """Send each part of the answer to the queue; None at its end, and where the caller went away."""
        problem: Problem | None = None
        try:
            self._parts.put_nowait(self._writer.begin())
            await self._beginning
            for result in self._begun:
                self._parts.put_nowait(self._writer.write(result))
            async with aclosing(self._results):
                async for result in self._results:
                    self._parts.put_nowait(self._writer.write(result))
        except ClientDisconnect:
            return
        except Problem as refusal:
            problem = refusal
        except DATABASE_ERRORS as error:
            log.warning("bulk submission ended early", reason=str(error))
            problem = Busy()
        except Exception as error:
            log.exception("bulk submission failed", exc_info=error)
            problem = Problem()
        finally:
            if not _is_cancelling():
                self._parts.put_nowait(self._writer.end(problem, await self._places.read()))
            self._parts.put_nowait(None)


def _is_cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
