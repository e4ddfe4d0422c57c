"""Middleware around every request, as pure ASGI: its id, its trace, its log line, its metrics.

A client's `X-Request-Id` is kept when it is clean; otherwise one is generated. W3C `traceparent` is passed on, or begun.
A body larger than the limit and an unexpected exception are answered by problem documents too.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect, Request

from shared.kit.exception_handlers import to_problem_response
from shared.kit.problems import Problem, Sentence, TooLarge, Unavailable
from shared.kit.telemetry import QUIET_PATHS, read_traceparent

AsgiScope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[AsgiScope, Receive, Send], Awaitable[None]]

CLEAN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
MAX_LENGTH_DIGITS = 15
"""A length of more digits than this is larger than any limit, and not worth parsing."""
FEED_PATH = re.compile(r"/v1/[a-z]+/changes")
"""Consumers poll the feeds every two seconds."""

NO_CLIENT = "-"
"""The client of a line before its token was verified; `identify` replaces it."""
ERROR_STATUS = 400
CLIENT_CLOSED_STATUS = 499
"""What is logged and counted where the client hung up before the answer, as nginx does; nobody gets it."""

REQUESTS = Counter("ntp_http_requests_total", "Requests answered", ("service", "method", "route", "status"))
SECONDS = Histogram(
    "ntp_http_request_duration_seconds",
    "Time to answer",
    ("service", "method", "route"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

log = structlog.get_logger()


class Stopping(Unavailable):
    """The process is being stopped or restarted, and the request was not finished; whether it took effect is unknown.

    Sent again with the same Idempotency-Key it takes effect once.
    """

    code = "stopping"
    detail = Sentence(
        "Dịch vụ đang dừng hoặc khởi động lại; hãy gửi lại.",
        "The service is being stopped or restarted; send the same request again.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1", "Connection": "close"})


def _header(scope: AsgiScope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _route_of(scope: AsgiScope) -> str:
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", None) or "other")


def _is_routine(path: str, status: int) -> bool:
    """Whether the request is a health check or a poll of a feed that succeeded: these are logged at debug."""
    return status < ERROR_STATUS and (path in QUIET_PATHS or FEED_PATH.fullmatch(path) is not None)


def _declares_more(scope: AsgiScope, limit: int) -> bool:
    """Whether Content-Length is over the limit; a body without it is counted while it is read."""
    length = _header(scope, b"content-length")
    return length.isdecimal() and (len(length) > MAX_LENGTH_DIGITS or int(length) > limit)


def _is_of_client(error: BaseException | None) -> bool:
    """Whether an error, or one that caused it, is that the client hung up while its body was read."""
    while error is not None and not isinstance(error, ClientDisconnect):
        error = error.__cause__ or error.__context__
    return error is not None


def find_body_limit(path: str, max_body_bytes: int, larger_bodies: Mapping[str, int]) -> int:
    """Return the limit in bytes of a body: that of the path, by its beginning, or that of all others."""
    return next((limit for prefix, limit in larger_bodies.items() if path.startswith(prefix)), max_body_bytes)


class WithoutCompressionMiddleware:
    """Leaves the answers of some paths uncompressed: a compressor keeps bytes back that are to flow."""

    def __init__(self, app: App, *, paths: Collection[str]) -> None:
        self.app = app
        self.paths = frozenset(paths)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"] in self.paths:
            headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)


class HeadAsGetMiddleware:
    """Answers HEAD as GET, without the body (RFC 9110, 9.3.2); routes know only GET."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"}

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(as_get, receive, send_without_body)
        finally:
            scope["route"] = as_get.get("route")


class _Exchange:
    """One request and its answer: counts the body, adds the header fields, and knows how far it has come."""

    def __init__(self, scope: AsgiScope, receive: Receive, send: Send, limit_bytes: int) -> None:
        self._receive, self._send, self._limit_bytes = receive, send, limit_bytes
        requested_id = _header(scope, b"x-request-id")
        trace = read_traceparent() or _header(scope, b"traceparent")
        made = secrets.token_hex(32)
        self.request_id = requested_id if CLEAN_ID.fullmatch(requested_id) else made[:16]
        self.trace = trace if TRACEPARENT.fullmatch(trace) else f"00-{made[16:48]}-{made[48:]}-01"
        self.status = 500
        self.started = self.disconnected = False
        self.received_bytes = self.sent_bytes = 0

    async def receive(self) -> Message:
        """Return the next part of the request. Raise `TooLarge` past the limit."""
        message = await self._receive()
        self.disconnected = self.disconnected or message["type"] == "http.disconnect"
        self.received_bytes += len(message.get("body", b""))
        if self.received_bytes > self._limit_bytes:
            raise TooLarge(limit_bytes=self._limit_bytes)
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer; its header gets the id and the trace."""
        if message["type"] == "http.response.start":
            self.status, self.started = message["status"], True
            message["headers"] = [
                *(pair for pair in message["headers"] if pair[0] not in {b"x-request-id", b"traceparent"}),
                (b"x-request-id", self.request_id.encode()),
                (b"traceparent", self.trace.encode()),
                (b"x-content-type-options", b"nosniff"),
            ]
        else:
            self.sent_bytes += len(message.get("body", b""))
        await self._send(message)

    def has_lost_client(self) -> bool:
        """Whether the client hung up before the answer began."""
        return self.disconnected and not self.started


class RequestMiddleware:
    """The outermost layer of a service."""

    def __init__(
        self, app: App, *, service: str, max_body_bytes: int, larger_bodies: Mapping[str, int] | None = None
    ) -> None:
        self.app = app
        self.service = service
        self.max_body_bytes = max_body_bytes
        self.larger_bodies = larger_bodies or {}
        """Paths, by their beginning, that take more (or less) than the rest, in bytes."""

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        limit = find_body_limit(scope["path"], self.max_body_bytes, self.larger_bodies)
        exchange = _Exchange(scope, receive, send, limit)
        with structlog.contextvars.bound_contextvars(
            request_id=exchange.request_id, trace=exchange.trace[3:35], client=NO_CLIENT
        ):
            try:
                if _declares_more(scope, limit):
                    await _send_problem(TooLarge(limit_bytes=limit), scope, exchange)
                else:
                    await self._serve(scope, exchange)
            finally:
                if exchange.has_lost_client():
                    exchange.status = CLIENT_CLOSED_STATUS
                self._record(scope, exchange, time.perf_counter() - began)

    async def _serve(self, scope: AsgiScope, exchange: _Exchange) -> None:
        """Run the application; what it raises is answered by a problem document where nothing was sent yet."""
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:  # the server ends what is under way when it stops
            if exchange.started:
                raise
            await _send_problem(Stopping(), scope, exchange)
        except Exception as error:
            if exchange.has_lost_client() and _is_of_client(error):
                return
            log.exception("request failed", method=scope["method"], path=scope["path"], exc_info=error)
            if exchange.started:
                raise
            await _send_problem(Problem(), scope, exchange)

    def _record(self, scope: AsgiScope, exchange: _Exchange, seconds: float) -> None:
        route, method, status = _route_of(scope), scope["method"], exchange.status
        REQUESTS.labels(self.service, method, route, status).inc()
        SECONDS.labels(self.service, method, route).observe(seconds)
        write = log.debug if _is_routine(scope["path"], status) else log.info
        write(
            "request",
            method=method,
            path=scope["path"],
            status=status,
            ms=round(seconds * 1000, 1),
            bytes_in=exchange.received_bytes,
            bytes_out=exchange.sent_bytes,
        )


async def _send_problem(problem: Problem, scope: AsgiScope, exchange: _Exchange) -> None:
    await to_problem_response(Request(scope), problem)(scope, exchange.receive, exchange.send)
