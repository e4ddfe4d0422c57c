"""Cross-origin requests of browsers: the origins that the installation lists, and no others (Fetch standard).

By default none is listed, and no answer has a field of CORS. Tokens travel in Authorization and never in cookies, so
credentials in the sense of the standard are not allowed.
"""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import Request, Response

from shared.kit.middleware import App, AsgiScope, Message, Receive, Send
from shared.kit.openapi.header_fields import HEADERS

METHODS = "GET, HEAD, OPTIONS, POST, PUT"
REQUEST_FIELDS = (
    "Accept-Language, Authorization, Content-Encoding, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
    "NTP-After, X-Request-Id, traceparent"
)
"""Header fields that a page may send, beside those that every page may."""

RESPONSE_FIELDS = ", ".join(
    sorted(
        {
            *HEADERS,
            "Accept",
            "Accept-Encoding",
            "Allow",
            "Content-Disposition",
            "Content-Language",
            "traceparent",
        }
    )
)
"""Header fields of an answer that a page may read."""

PREFLIGHT_SECONDS = 600
"""Seconds for which a browser need not ask again."""


class CorsMiddleware:
    """Answer the preflight requests of the listed origins, and let their pages read every answer."""

    def __init__(self, app: App, *, origins: Sequence[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        allowed = request.headers.get("origin", "") in self.origins
        fields = {"Vary": "Origin"}
        if allowed:
            fields["Access-Control-Allow-Origin"] = request.headers["origin"]
            fields["Access-Control-Expose-Headers"] = RESPONSE_FIELDS
        if allowed and request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            preflight = {
                "Access-Control-Allow-Methods": METHODS,
                "Access-Control-Allow-Headers": REQUEST_FIELDS,
                "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
            }
            response = Response(status_code=HTTPStatus.NO_CONTENT, headers={**fields, **preflight})
            await response(scope, receive, send)
            return
        pairs = [(name.lower().encode(), value.encode()) for name, value in fields.items()]

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *pairs]}
            await send(message)

        await self.app(scope, receive, send_with_fields)
