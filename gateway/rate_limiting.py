"""The rate limit of every request, before the proxy and the gateway's own routes; and who may send to the services at all."""

from collections.abc import Collection

from fastapi import Request

from gateway.headers import find_upstream
from gateway.limits import RateLimitDecision, RateLimits, find_network
from gateway.uploads import OpenUploads
from shared.kit.exception_handlers import to_problem_response
from shared.kit.identity import identify
from shared.kit.middleware import App, AsgiScope, Message, Receive, Send
from shared.kit.problems import TooManyRequests, Unauthenticated
from shared.kit.routes import SAFE
from shared.kit.telemetry import QUIET_PATHS


class RateLimitMiddleware:
    """Refuse requests over the limit with 429; add the RateLimit fields to the response of the others."""

    def __init__(self, app: App, *, limits: RateLimits, upstreams: Collection[str]) -> None:
        self.app = app
        self.limits = limits
        self.upstreams = upstreams
        self.uploads = OpenUploads()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Count a request and pass it on, or refuse it."""
        if scope["type"] != "http" or scope["path"] in QUIET_PATHS:
            await self.app(scope, receive, send)
            return
        client_id, unproved = await _identify_client(scope)
        decision = await self.limits.request(scope, client_id)
        try:
            decision.raise_if_exceeded()
            if unproved is not None and find_upstream(scope["path"]) in self.upstreams:
                raise unproved
        except (TooManyRequests, Unauthenticated) as refusal:
            await to_problem_response(Request(scope), refusal)(scope, receive, _with_fields(send, decision))
            return
        client = scope["client_key"] = client_id or find_network(scope)
        try:
            with self.uploads.receive(scope, client, receive) as receive_counted:
                await self.app(scope, receive_counted, _with_fields(send, decision))
        except TooManyRequests as refusal:
            await to_problem_response(Request(scope), refusal)(scope, receive, _with_fields(send, decision))


async def _identify_client(scope: AsgiScope) -> tuple[str, Unauthenticated | None]:
    """Return the client id of a valid token, else empty: then the address is counted; and why a service would refuse it.

    A write is refused here without a valid token, before its body is read, and anything with a token that is not valid. Where
    the keys cannot be read, the service decides.
    """
    try:
        caller = await identify(Request(scope), required=scope["method"] not in SAFE)
    except Unauthenticated as refusal:
        return "", refusal
    except Exception:  # noqa: BLE001 (not verified, whatever the reason: no keys, no database)
        return "", None
    return caller.client_id, None


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
