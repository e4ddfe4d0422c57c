"""`GET /position`: how far the change feed of a service is, which gateways ask at every reading (see ADR 0031).

It is answered outside of all other layers, without a log line, metrics or a span: with them it cost more than the statement.
"""

from starlette.requests import Request

from shared.kit.database import DATABASE_ERRORS
from shared.kit.exact_json import write_json
from shared.kit.exception_handlers import to_problem_response
from shared.kit.feed_position import PositionReader
from shared.kit.middleware import App, AsgiScope, Receive, Send
from shared.kit.problems import Unavailable
from shared.kit.resources import get_resources

POSITION_PATH = "/position"
"""Not forwarded from outside."""


class PositionMiddleware:
    """Answers the newest sequence and the position as one text; passes every other request on."""

    def __init__(self, app: App, *, service: str) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] != POSITION_PATH or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        try:
            position = await get_resources(scope["app"]).get(PositionReader).read()
        except DATABASE_ERRORS:
            refusal = to_problem_response(Request(scope), Unavailable(headers={"Retry-After": "1"}))
            await refusal(scope, receive, send)
            return
        newest, text = position.sequence or 0, " ".join(map(str, position))
        body = write_json({"service": self.service, "newest": newest, "position": text})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
