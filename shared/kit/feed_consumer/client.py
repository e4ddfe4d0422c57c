"""Reads a change feed over HTTP: a token for this service's own client, then pages of events.

The gateway knows where the other services are, so a consumer is configured with the gateway's address and a secret.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from shared.kit.settings import FollowingSettings

ModelT = TypeVar("ModelT", bound=BaseModel)

ANSWER_WITHIN_S = 5.0
"""A page is one indexed read; a service that takes longer is not well."""

RENEW_BEFORE_S = 60
"""A token is renewed so long before it expires; with less, one could expire on the way."""

REFUSALS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
)
"""Responses that a repeated request does not change; any other error is temporary."""


class FeedUnavailable(Exception):  # noqa: N818 (an expected state, not a fault of ours)
    """No page can be read: the other service is silent, or refuses."""

    def __init__(self, state: Literal["silent", "refused"], reason: str) -> None:
        super().__init__(reason)
        self.state: Literal["silent", "refused"] = state
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One event of another service."""

    sequence: int
    at: datetime
    type: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events of a feed, oldest first, and the sequence of the newest event that there is."""

    events: tuple[ReceivedEvent, ...]
    newest: int
    more: bool


class _EventIn(BaseModel):
    """The fields of an event that a consumer reads; other fields are ignored."""

    id: int
    time: datetime
    type: str
    subject: str
    data: dict[str, Any]


class _EventsIn(BaseModel):
    items: list[_EventIn]
    more: bool
    newest: int


class _TokenIn(BaseModel):
    access_token: str
    expires_in: int


class FeedClient:
    """Reads feeds through the gateway as one client. A test passes a `transport` of its own."""

    def __init__(
        self,
        gateway_url: str,
        *,
        client_id: str,
        client_secret: str,
        token_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.transport = transport
        self._gateway_url = gateway_url.rstrip("/")
        self._token_url = token_url or f"{self._gateway_url}/oauth/token"
        self._credentials = (quote(client_id, safe=""), quote(client_secret, safe=""))
        self._http: httpx.AsyncClient | None = None
        self._token = ""
        self._renew_at = float("-inf")

    async def read_page(self, feed: str, *, after: int, limit: int) -> FeedPage:
        """Return the events after a sequence; raises `FeedUnavailable`."""
        response = await self._get(f"{feed}?after={after}&limit={limit}")
        page = _parse(response, _EventsIn)
        events = (
            ReceivedEvent(event.id, event.time, event.type, event.subject, event.data) for event in page.items
        )
        return FeedPage(tuple(events), page.newest, page.more)

    async def read_resource(self, path: str) -> bytes | None:
        """Return the body that a path answers; None where there is nothing. Raises `FeedUnavailable`."""
        response = await self._get(path)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        _require_success(response)
        return response.content

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
        self._http = None

    async def _get(self, path: str) -> httpx.Response:
        """Return the response to a path; once more with a new token where the keys were changed."""
        for is_last in (False, True):
            headers = {"Authorization": f"Bearer {await self._get_token()}"}
            response = await self._send("GET", f"{self._gateway_url}{path}", headers=headers)
            if response.status_code != HTTPStatus.UNAUTHORIZED or is_last:
                break
            self._renew_at = float("-inf")
        return response

    async def _get_token(self) -> str:
        if time.monotonic() >= self._renew_at:
            form = {"grant_type": "client_credentials"}
            response = await self._send("POST", self._token_url, data=form, auth=self._credentials)
            token = _parse(response, _TokenIn)
            self._token = token.access_token
            self._renew_at = time.monotonic() + token.expires_in - RENEW_BEFORE_S
        return self._token

    async def _send(self, method: str, url: str, **options: Any) -> httpx.Response:
        if self._http is None:
            self._http = httpx.AsyncClient(transport=self.transport, timeout=ANSWER_WITHIN_S)
        try:
            return await self._http.request(method, url, **options)
        except httpx.HTTPError as error:
            raise FeedUnavailable("silent", type(error).__name__) from error


def make_feed_client(settings: FollowingSettings, service: str) -> FeedClient | None:
    """Return the client with which a service reads feeds; None where the settings hold no secret for it."""
    if settings.client_secret is None:
        return None
    return FeedClient(
        settings.gateway_url,
        client_id=settings.client_id or f"service-{service}",
        client_secret=settings.client_secret.get_secret_value(),
        token_url=settings.token_url,
    )


def _require_success(response: httpx.Response) -> None:
    """Raise `FeedUnavailable` unless the status is 200."""
    if response.status_code != HTTPStatus.OK:
        state: Literal["silent", "refused"] = "refused" if response.status_code in REFUSALS else "silent"
        raise FeedUnavailable(state, f"{response.request.url.path} answers {response.status_code}")


def _parse(response: httpx.Response, model: type[ModelT]) -> ModelT:
    _require_success(response)
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        path = response.request.url.path
        raise FeedUnavailable("refused", f"{path} answers what cannot be read") from error
