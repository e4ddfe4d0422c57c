"""Which header fields the proxy forwards, and which it adds."""

import secrets
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from structlog.contextvars import get_contextvars

from shared.kit.middleware import AsgiScope
from shared.kit.telemetry import read_traceparent

RawHeaders = Iterable[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
    b"trailer", b"transfer-encoding", b"upgrade",
})  # fmt: skip
NOT_FORWARDED = HOP_BY_HOP | {
    b"host", b"expect", b"content-length", b"forwarded", b"x-forwarded-for", b"x-forwarded-host",
    b"x-forwarded-proto", b"x-request-id", b"traceparent",
}  # fmt: skip
"""Fields of one connection, and fields that only the gateway may set for a service."""

NOT_RETURNED = HOP_BY_HOP | {
    b"date",
    b"server",
    b"x-request-id",
    b"traceparent",
    b"x-content-type-options",
}
"""The last five are set by this process itself."""

PARTS_TO_UPSTREAM = 3
"""A path is split as "", "v1", the upstream's name, the rest."""


def find_upstream(path: str) -> str:
    """Return the name of the upstream of a path: `rural` for /v1/rural/reports; empty where there is none."""
    parts = path.split("/", PARTS_TO_UPSTREAM)
    return parts[2] if len(parts) >= PARTS_TO_UPSTREAM and parts[1] == "v1" else ""


def to_target(scope: AsgiScope) -> str:
    """Return path and query exactly as the caller wrote them."""
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def to_upstream_headers(scope: AsgiScope) -> Iterator[tuple[str, str]]:
    """Yield the fields for the upstream: those of the caller that are forwarded, and those of the gateway."""
    dropped = NOT_FORWARDED | _named_by_connection(scope["headers"])
    for name, value in scope["headers"]:
        if name not in dropped:
            yield name.decode("latin-1"), value.decode("latin-1")
        elif name == b"host":
            yield "X-Forwarded-Host", value.decode("latin-1")
    yield "X-Forwarded-Proto", scope.get("scheme", "http")
    if scope.get("client"):
        yield "X-Forwarded-For", scope["client"][0]
    yield from trace_headers()


def trace_headers() -> Iterator[tuple[str, str]]:
    """Yield the fields of the request id and the trace context: that of the recorded span, or with a new span id."""
    context = get_contextvars()
    if "request_id" in context and "trace" in context:
        yield "X-Request-Id", context["request_id"]
        yield "traceparent", read_traceparent() or f"00-{context['trace']}-{secrets.token_hex(8)}-01"


def to_caller_headers(headers: RawHeaders, *, bodiless: bool) -> list[tuple[bytes, bytes]]:
    """Return the fields for the caller; a response without a body has no Content-Length."""
    lowered = [(name.lower(), value) for name, value in headers]
    dropped = NOT_RETURNED | _named_by_connection(lowered)
    if bodiless:
        dropped |= {b"content-length"}
    return [pair for pair in lowered if pair[0] not in dropped]


def _named_by_connection(headers: RawHeaders) -> frozenset[bytes]:
    """Return the names of fields that Connection declares hop-by-hop for this message."""
    values = [value for name, value in headers if name == b"connection"]
    return frozenset(name.strip().lower() for value in values for name in value.split(b","))
