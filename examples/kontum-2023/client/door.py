"""One caller at the gateway's door: proves who it is, repeats what a weak link lost, and never does a thing twice.

Every POST carries an Idempotency-Key made from its own content. Sending it again, minutes or runs later, is
therefore harmless: the first answer comes back, marked as a replay.
"""

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

TRY_AGAIN = frozenset({429, 502, 503, 504})
GIVE_UP_AFTER_S = 60.0
"""How long one request is repeated while nobody answers; a restart of everything takes a tenth of that."""
LONGEST_PAUSE_S = 5.0
RENEW_BEFORE_S = 30.0
"""A token is renewed this long before it ends."""


class Refused(Exception):  # noqa: N818 (it is not the program that erred)
    """The service said no, and why."""

    def __init__(self, request: str, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code", ""))
        faults = "".join(
            f"\n  {fault.get('pointer')}: {fault.get('detail')}" for fault in problem.get("errors", [])
        )
        super().__init__(f"{request}: {status} {self.code}: {problem.get('detail', '')}{faults}")


class NobodyAnswers(Exception):  # noqa: N818 (same)
    """No answer for as long as one is worth waiting for."""


@dataclass(frozen=True)
class Answer:
    """What came back. Numbers with a point are decimals, exactly as they were written."""

    body: Any
    replayed: bool


@dataclass
class Caller:
    """A client of the API with its secret; a caller without an id reads what is public."""

    http: httpx.AsyncClient
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    _token: str = field(default="", repr=False)
    _renew_at: float = 0.0
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def get(self, path: str) -> Any:
        return (await self._ask("GET", path)).body

    async def post(self, path: str, body: dict[str, Any]) -> Answer:
        return await self._ask("POST", path, body)

    async def put(self, path: str, body: dict[str, Any]) -> Answer:
        return await self._ask("PUT", path, body)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Send until answered; raises `UpstreamRefusal` or `NobodyAnswers`."""
        content = b"" if body is None else json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if content else {}
        if method == "POST":
            headers["Idempotency-Key"] = hashlib.sha256(f"{path}\n".encode() + content).hexdigest()
        renewed = False
        while True:
            token = {"Authorization": f"Bearer {await self._proof()}"} if self.client_id else {}
            response = await self._send(method, path, content=content, headers=headers | token)
            if response.status_code == httpx.codes.UNAUTHORIZED and token and not renewed:
                self._renew_at, renewed = 0.0, True  # the keys may be others since a restart
                continue
            return _read(f"{method} {path}", response)

    async def _proof(self) -> str:
        async with self._renewing:
            if time.monotonic() >= self._renew_at:
                response = await self._send(
                    "POST",
                    "/oauth/token",
                    data={"grant_type": "client_credentials"},
                    auth=(self.client_id, self.client_secret),
                )
                granted = _read("POST /oauth/token", response).body
                self._token = granted["access_token"]
                self._renew_at = time.monotonic() + float(granted["expires_in"]) - RENEW_BEFORE_S
            return self._token

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send, and again while the link is down or the service asks for patience."""
        give_up_at = time.monotonic() + GIVE_UP_AFTER_S
        pause = 0.1
        while True:
            try:
                response = await self.http.request(method, path, **request)
                if response.status_code not in TRY_AGAIN:
                    return response
                trouble = f"{response.status_code} {response.text[:200]}"
                wait = _retry_after(response) or pause
            except httpx.TransportError as error:
                trouble, wait = f"{type(error).__name__} {error}", pause
            if time.monotonic() + wait > give_up_at:
                raise NobodyAnswers(f"{method} {path}: {trouble}")
            await asyncio.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE_S)


def _retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else None


def _read(request: str, response: httpx.Response) -> Answer:
    try:
        body = json.loads(response.content, parse_float=Decimal) if response.content else None
    except ValueError:
        body = {"detail": response.text[:500]}
    if response.is_error:
        raise Refused(request, response.status_code, body if isinstance(body, dict) else {})
    return Answer(body, response.headers.get("Idempotent-Replay") == "true")
