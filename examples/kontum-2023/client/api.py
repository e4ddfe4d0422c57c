"""A client of the API: it authenticates, repeats what a weak link lost, and never does a thing twice.

Every POST carries an Idempotency-Key made from its own content. Sending it again, minutes or runs later, is therefore
harmless: the first answer comes back, marked as a replay.
"""

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
RETRY_FOR_S = 60.0
"""How long one request is repeated. Shorter, and a restart of the whole product (about 6 s) ends the demo."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
RENEW_BEFORE_S = 30.0
"""How long before its end a token is renewed, so that none expires on the way."""


class RefusedError(Exception):
    """The service refused a request; the message holds the problem and each fault."""

    def __init__(self, request: str, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code", ""))
        faults = "".join(
            f"\n  {fault.get('pointer')}: {fault.get('detail')}" for fault in problem.get("errors", [])
        )
        super().__init__(f"{request}: {status} {self.code}: {problem.get('detail', '')}{faults}")


class NoAnswerError(Exception):
    """No service answered for `RETRY_FOR_S` seconds."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request. Numbers with a decimal point are `Decimal`, exactly as they were written."""

    body: Any
    replayed: bool
    """Whether it is the kept answer to an earlier request with the same key."""


@dataclass
class ApiClient:
    """A client with its secret; one without an id reads what is public."""

    http: httpx.AsyncClient
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    _token: str = field(default="", repr=False)
    _renew_at: float = 0.0
    _token_lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def get(self, path: str) -> Any:
        return (await self._request("GET", path)).body

    async def post(self, path: str, body: dict[str, Any]) -> Answer:
        return await self._request("POST", path, body)

    async def put(self, path: str, body: dict[str, Any]) -> Answer:
        return await self._request("PUT", path, body)

    async def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Send a request until it is answered. Raise `RefusedError` or `NoAnswerError`."""
        content = b"" if body is None else json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if content else {}
        if method == "POST":
            headers["Idempotency-Key"] = hashlib.sha256(f"{path}\n".encode() + content).hexdigest()
        renewed = False
        while True:
            token = {"Authorization": f"Bearer {await self._fetch_token()}"} if self.client_id else {}
            response = await self._send(method, path, content=content, headers=headers | token)
            if response.status_code == httpx.codes.UNAUTHORIZED and token and not renewed:
                self._renew_at, renewed = 0.0, True  # a restart may have changed the signing keys
                continue
            return _parse(f"{method} {path}", response)

    async def _fetch_token(self) -> str:
        """Return a token that is valid for `RENEW_BEFORE_S` seconds or more."""
        async with self._token_lock:
            if time.monotonic() >= self._renew_at:
                response = await self._send(
                    "POST",
                    "/oauth/token",
                    data={"grant_type": "client_credentials"},
                    auth=(self.client_id, self.client_secret),
                )
                grant = _parse("POST /oauth/token", response).body
                self._token = grant["access_token"]
                self._renew_at = time.monotonic() + float(grant["expires_in"]) - RENEW_BEFORE_S
            return self._token

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request, and again while the link is down or the service asks to wait."""
        give_up_at = time.monotonic() + RETRY_FOR_S
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                response = await self.http.request(method, path, **options)
                if response.status_code not in RETRIED_STATUSES:
                    return response
                failure = f"{response.status_code} {response.text[:200]}"
                wait_s = _read_retry_after(response) or pause_s
            except httpx.TransportError as error:
                failure, wait_s = f"{type(error).__name__} {error}", pause_s
            if time.monotonic() + wait_s > give_up_at:
                raise NoAnswerError(f"{method} {path}: {failure}")
            await asyncio.sleep(wait_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _read_retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else None


def _parse(request: str, response: httpx.Response) -> Answer:
    try:
        body = json.loads(response.content, parse_float=Decimal) if response.content else None
    except ValueError:
        body = {"detail": response.text[:500]}
    if response.is_error:
        raise RefusedError(request, response.status_code, body if isinstance(body, dict) else {})
    return Answer(body, response.headers.get("Idempotent-Replay") == "true")
