"""The client for asyncio; several clients may share one pool of connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from ntp_client.answers import Answer, NoAnswerError, read_answer
from ntp_client.client import PAGE_ROWS
from ntp_client.requests import PreparedRequest, make_key, prepare_request
from ntp_client.retries import RetrySchedule
from ntp_client.tokens import TOKEN_REQUEST, ClientCredentials, TokenRefused, TokenStore


class AsyncNtpClient:
    """A client with its secret on a pool of connections; one without an id reads what is public."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        client_id: str = "",
        client_secret: str = "",
        *,
        retries: RetrySchedule | None = None,
        keys: Callable[[str, Any], str] = make_key,
        tokens: TokenStore | None = None,
    ) -> None:
        self.client_id = client_id
        self._http = http
        self._auth = ClientCredentials(http.base_url, client_id, client_secret, tokens) if client_id else None
        self._keys = keys
        self._retries = retries or RetrySchedule()

    async def get(self, path: str, **query: Any) -> Any:
        """Return the document at a path, as `NtpClient.get` does."""
        return (await self.send(prepare_request("GET", path, query=query))).body

    async def post(self, path: str, body: Any, *, key: str | None = None, **query: Any) -> Answer:
        """Post a body under a key; without one under a key of `keys`, which repeats of this call share."""
        return await self.send(
            prepare_request("POST", path, body=body, key=key or self._keys(path, body), query=query)
        )

    async def put(self, path: str, body: Any, *, if_match: str | None = None, **query: Any) -> Answer:
        """Put a body; `if_match` is the tag of the version that was read."""
        headers = {} if if_match is None else {"If-Match": if_match}
        return await self.send(prepare_request("PUT", path, body=body, query=query, headers=headers))

    async def iterate(self, path: str, **query: Any) -> AsyncIterator[Any]:
        """Yield the rows of all pages of a list."""
        query = {"limit": PAGE_ROWS, **query}
        while True:
            page = await self.get(path, **query)
            for row in page["items"]:
                yield row
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    async def send(self, request: PreparedRequest) -> Answer:
        """Send a request until it is answered. Raises `RefusedError` or `NoAnswerError`."""
        started_at = time.monotonic()
        attempt = 0
        while True:
            name, outcome = await self._try(request)
            pause = self._retries.find_pause(outcome, attempt, time.monotonic() - started_at)
            if pause is None:
                if isinstance(outcome, httpx.TransportError):
                    raise NoAnswerError(f"{name}: {type(outcome).__name__} {outcome}") from outcome
                return read_answer(name, outcome)
            await asyncio.sleep(pause)
            attempt += 1

    async def _try(self, request: PreparedRequest) -> tuple[str, httpx.Response | httpx.TransportError]:
        """Return the response to one attempt or why there is none, and the request that it is of."""
        try:
            response = await self._http.request(
                request.method,
                request.path,
                params=request.query or None,
                headers=request.headers,
                content=request.content,
                auth=self._auth,
            )
        except TokenRefused as refused:
            return TOKEN_REQUEST, refused.response
        except httpx.TransportError as error:
            return request.name, error
        return request.name, response
