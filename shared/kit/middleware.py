"""Middleware around every request, as pure ASGI: its id, its trace, its log line, its metrics.

A client's `X-Request-Id` is kept when it is clean; otherwise one is generated. W3C `traceparent` is passed on, or begun.
A body larger than the limit and an unexpected exception are answered by problem documents too.
"""

import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import Request

from shared.kit.exception_handlers import to_problem_response
from shared.kit.problems import Problem, TooLarge

AsgiScope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[AsgiScope, Receive, Send], Awaitable[None]]

CLEAN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
MAX_LENGTH_DIGITS = 15
"""A length of more digits than this is larger than any limit, and not worth parsing."""
QUIET_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
FEED_PATH = re.compile(r"/v1/[a-z]+/changes")
"""Consumers poll the feeds every two seconds."""

ERROR_STATUS = 400

REQUESTS = Counter("ntp_http_requests_total", "Requests answered", ("service", "method", "route", "status"))
SECONDS = Histogram(
    "ntp_http_request_seconds",
    "Time to answer",
    ("service", "method", "route"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

log = structlog.get_logger()


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
        requested_id, trace = _header(scope, b"x-request-id"), _header(scope, b"traceparent")
        request_id = requested_id if CLEAN_ID.fullmatch(requested_id) else secrets.token_hex(8)
        if not TRACEPARENT.fullmatch(trace):
            trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        began, status, started, received_bytes = time.perf_counter(), 500, False, 0
        limit = find_body_limit(scope["path"], self.max_body_bytes, self.larger_bodies)

        async def receive_limited() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > limit:
                raise TooLarge(limit_bytes=limit)
            return message

        async def send_with_fields(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                message["headers"] = [
                    *(
                        pair
                        for pair in message["headers"]
                        if pair[0] not in {b"x-request-id", b"traceparent"}
                    ),
                    (b"x-request-id", request_id.encode()),
                    (b"traceparent", trace.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id, trace=trace[3:35]):
            try:
                if _declares_more(scope, limit):
                    await self._send_problem(TooLarge(limit_bytes=limit), scope, receive, send_with_fields)
                else:
                    await self.app(scope, receive_limited, send_with_fields)
            except Exception as error:
                log.exception("request failed", method=scope["method"], path=scope["path"], exc_info=error)
                if started:
                    raise
                await self._send_problem(Problem(), scope, receive, send_with_fields)
            finally:
                self._record(scope, status, time.perf_counter() - began)

    async def _send_problem(self, problem: Problem, scope: AsgiScope, receive: Receive, send: Send) -> None:
        await to_problem_response(Request(scope), problem)(scope, receive, send)

    def _record(self, scope: AsgiScope, status: int, seconds: float) -> None:
        route, method = _route_of(scope), scope["method"]
        REQUESTS.labels(self.service, method, route, status).inc()
        SECONDS.labels(self.service, method, route).observe(seconds)
        write = log.debug if _is_routine(scope["path"], status) else log.info
        write("request", method=method, path=scope["path"], status=status, ms=round(seconds * 1000, 1))
