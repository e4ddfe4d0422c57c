"""Tokens by client credentials (RFC 6749, 4.4), kept until shortly before their end. Used by both kinds of client."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Protocol

import httpx

from ntp_client.exact_json import read_json

TOKEN_PATH = "/oauth/token"  # noqa: S105 (an address)
TOKEN_REQUEST = f"POST {TOKEN_PATH}"
"""The request for a token, as messages name it."""
RENEW_BEFORE_S = 30.0
"""How long before its end a token is renewed, so that none expires on the way."""


@dataclass(frozen=True)
class Token:
    """A token and its end, in seconds since 1970."""

    text: str
    ends_at: float


class TokenStore(Protocol):
    """Where a token is kept between requests."""

    def load_token(self, client_id: str) -> Token | None:
        """Return the token of a client; None where there is none."""

    def save_token(self, client_id: str, token: Token | None) -> None:
        """Keep a token; None forgets it."""


class MemoryTokens:
    """Keeps tokens while the process runs."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token | None] = {}

    def load_token(self, client_id: str) -> Token | None:
        """Return the token of a client; None where there is none."""
        return self._tokens.get(client_id)

    def save_token(self, client_id: str, token: Token | None) -> None:
        """Keep a token; None forgets it."""
        self._tokens[client_id] = token


class TokenRefused(Exception):  # noqa: N818 (the client turns it into what callers see)
    """The token endpoint gave no token; holds its answer."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class ClientCredentials(httpx.Auth):
    """Adds a token to each request; gets a new one before it ends, and once more after a 401."""

    requires_response_body = True

    def __init__(
        self, origin: httpx.URL, client_id: str, client_secret: str, store: TokenStore | None = None
    ) -> None:
        self._origin = origin
        self._client_id = client_id
        self._secret = client_secret
        self._store = store or MemoryTokens()
        self._lock = threading.Lock()
        self._async_lock = asyncio.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with a token; tokens are fetched by one thread at a time."""
        with self._lock:
            token = self._load()
            if token is None:
                response = yield self._make_request()
                response.read()
                token = self._keep(response)
        response = yield _with_token(request, token)
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        with self._lock:
            newer = self._load()
            if newer is None or newer == token:  # a restart may have changed the signing keys
                renewal = yield self._make_request()
                renewal.read()
                newer = self._keep(renewal)
        yield _with_token(request, newer)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with a token; tokens are fetched by one task at a time."""
        async with self._async_lock:
            token = self._load()
            if token is None:
                response = yield self._make_request()
                await response.aread()
                token = self._keep(response)
        response = yield _with_token(request, token)
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        async with self._async_lock:
            newer = self._load()
            if newer is None or newer == token:
                renewal = yield self._make_request()
                await renewal.aread()
                newer = self._keep(renewal)
        yield _with_token(request, newer)

    def _load(self) -> Token | None:
        token = self._store.load_token(self._client_id)
        return token if token is not None and time.time() < token.ends_at - RENEW_BEFORE_S else None

    def _make_request(self) -> httpx.Request:
        request = httpx.Request(
            "POST", self._origin.join(TOKEN_PATH), data={"grant_type": "client_credentials"}
        )
        flow = httpx.BasicAuth(self._client_id, self._secret).auth_flow(request)
        return next(flow)

    def _keep(self, response: httpx.Response) -> Token:
        """Keep and return the token of an answer. Raises `TokenRefused`."""
        if response.status_code != httpx.codes.OK:
            self._store.save_token(self._client_id, None)
            raise TokenRefused(response)
        grant = read_json(response.content)
        token = Token(grant["access_token"], time.time() + float(grant["expires_in"]))
        self._store.save_token(self._client_id, token)
        return token


def _with_token(request: httpx.Request, token: Token) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token.text}"
    return request
