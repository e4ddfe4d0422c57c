"""What every request meets first: how much its caller asked lately."""

from starlette.datastructures import Headers
from starlette.requests import Request

from gateway.limits import RateLimitDecision, RateLimits
from shared.kit.exception_handlers import to_problem_response
from shared.kit.identity import Identity
from shared.kit.middleware import QUIET_PATHS, App, Message, Receive, Scope, Send
from shared.kit.problems import TooManyRequests


class RateLimitMiddleware:
    """Refuses what is too much; counts the rest and says so in the RateLimit fields."""

    def __init__(self, app: App, *, limits: RateLimits, identity: Identity) -> None:
        self.app = app
        self.limits = limits
        self.identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] != "http" or scope["path"] in QUIET_PATHS:
            await self.app(scope, receive, send)
            return
        verdict = await self.limits.request(scope, await self._client_id(Headers(scope=scope)))
        try:
            verdict.refuse()
        except TooManyRequests as refusal:
            await to_problem_response(Request(scope), refusal)(scope, receive, send)
            return
        await self.app(scope, receive, _with_fields(send, verdict))

    async def _client_id(self, headers: Headers) -> str:
        """Name the client whose token proves it; anything else counts by address and is judged further in."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if not token or kind.lower() != "bearer":
            return ""
        try:
            return (await self.identity.verify(token.strip())).client_id
        except Exception:  # noqa: BLE001 (no proof, whatever the reason: a bad token, no keys, no database)
            return ""


def _with_fields(send: Send, verdict: RateLimitDecision) -> Send:
    if not verdict.headers:
        return send
    fields = [(name.lower().encode(), value.encode()) for name, value in verdict.headers.items()]

    async def say(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in fields if pair[0] not in present)]
        await send(message)

    return say
