"""The rate limit of every request, before the proxy and the gateway's own routes."""

from fastapi import Request

from gateway.limits import RateLimitDecision, RateLimits
from shared.kit.exception_handlers import to_problem_response
from shared.kit.identity import identify
from shared.kit.middleware import QUIET_PATHS, App, AsgiScope, Message, Receive, Send
from shared.kit.problems import TooManyRequests


class RateLimitMiddleware:
    """Refuse requests over the limit with 429; add the RateLimit fields to the response of the others."""

    def __init__(self, app: App, *, limits: RateLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Count a request and pass it on, or refuse it."""
        if scope["type"] != "http" or scope["path"] in QUIET_PATHS:
            await self.app(scope, receive, send)
            return
        decision = await self.limits.request(scope, await _client_id(scope))
        try:
            decision.raise_if_exceeded()
        except TooManyRequests as refusal:
            await to_problem_response(Request(scope), refusal)(scope, receive, send)
            return
        await self.app(scope, receive, _with_fields(send, decision))


async def _client_id(scope: AsgiScope) -> str:
    """Return the client id of a valid token; empty otherwise: then the address is counted, and the route judges the token."""
    try:
        return (await identify(Request(scope), required=False)).client_id
    except Exception:  # noqa: BLE001 (not verified, whatever the reason: a bad token, no keys, no database)
        return ""


def _with_fields(send: Send, decision: RateLimitDecision) -> Send:
    if not decision.headers:
        return send
    fields = [(name.lower().encode(), value.encode()) for name, value in decision.headers.items()]

    async def send_with_fields(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in fields if pair[0] not in present)]
        await send(message)

    return send_with_fields
