"""A neighbour's feed on the wire: a token for this service's own client, then a stretch of changes.

The door knows where the neighbour is, so the address of the door and a secret are all that a follower is told.
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

Said = TypeVar("Said", bound=BaseModel)

ANSWER_WITHIN_S = 5.0
"""A stretch of a feed is one indexed read; a neighbour that takes longer is not well."""

RENEW_BEFORE_S = 60
"""A token is given up so long before its end, so that none runs out on the way."""

REFUSALS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
)
"""Answers that asking again does not mend; any other trouble is of the moment."""


class FeedUnavailable(Exception):  # noqa: N818 (an answer, or none: not a fault of ours)
    """There is nothing to take: the neighbour is silent, or refuses."""

    def __init__(self, state: Literal["silent", "refused"], reason: str) -> None:
        super().__init__(reason)
        self.state: Literal["silent", "refused"] = state
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One change of a neighbour."""

    sequence: int
    at: datetime
    type: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A stretch of a feed, oldest first, with the sequence of the newest change there is."""

    changes: tuple[ReceivedEvent, ...]
    newest: int
    more: bool


class _Change(BaseModel):
    """What a follower reads of a change; it tolerates whatever else is said."""

    id: int
    time: datetime
    type: str
    subject: str
    data: dict[str, Any]


class _Changes(BaseModel):
    items: list[_Change]
    more: bool
    newest: int


class _Token(BaseModel):
    access_token: str
    expires_in: int


class FeedClient:
    """Reads feeds behind the door as one client. `transport` is httpx's own unless a test brings another."""

    def __init__(
        self,
        door: str,
        *,
        client_id: str,
        client_secret: str,
        token_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.transport = transport
        self._door = door.rstrip("/")
        self._token_url = token_url or f"{self._door}/oauth/token"
        self._credentials = (quote(client_id, safe=""), quote(client_secret, safe=""))
        self._http: httpx.AsyncClient | None = None
        self._token = ""
        self._renew_at = float("-inf")

    async def stretch(self, feed: str, *, after: int, limit: int) -> FeedPage:
        """Read what came after a change; raises `FeedUnavailable`."""
        answer = await self._asked(feed, after, limit)
        if (
            answer.status_code == HTTPStatus.UNAUTHORIZED
        ):  # the keys were changed: one more try with a new token
            self._renew_at = float("-inf")
            answer = await self._asked(feed, after, limit)
        said = _read(answer, _Changes)
        heard = tuple(ReceivedEvent(it.id, it.time, it.type, it.subject, it.data) for it in said.items)
        return FeedPage(heard, said.newest, said.more)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
        self._http = None

    async def _asked(self, feed: str, after: int, limit: int) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {await self._bearer()}"}
        return await self._sent("GET", f"{self._door}{feed}?after={after}&limit={limit}", headers=bearer)

    async def _bearer(self) -> str:
        if time.monotonic() >= self._renew_at:
            answer = await self._sent(
                "POST", self._token_url, data={"grant_type": "client_credentials"}, auth=self._credentials
            )
            said = _read(answer, _Token)
            self._token = said.access_token
            self._renew_at = time.monotonic() + said.expires_in - RENEW_BEFORE_S
        return self._token

    async def _sent(self, method: str, url: str, **more: Any) -> httpx.Response:
        if self._http is None:
            self._http = httpx.AsyncClient(transport=self.transport, timeout=ANSWER_WITHIN_S)
        try:
            return await self._http.request(method, url, **more)
        except httpx.HTTPError as error:
            raise FeedUnavailable("silent", type(error).__name__) from error


def make_feed_client(settings: FollowingSettings, service: str) -> FeedClient | None:
    """Give the neighbours as a service's own client reads them; None where it has no secret to do so with."""
    if settings.client_secret is None:
        return None
    return FeedClient(
        settings.gateway_url,
        client_id=settings.client_id or f"service-{service}",
        client_secret=settings.client_secret.get_secret_value(),
        token_url=settings.token_url,
    )


def _read(answer: httpx.Response, model: type[Said]) -> Said:
    if answer.status_code != HTTPStatus.OK:
        state: Literal["silent", "refused"] = "refused" if answer.status_code in REFUSALS else "silent"
        raise FeedUnavailable(state, f"{answer.request.url.path} answers {answer.status_code}")
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        raise FeedUnavailable(
            "refused", f"{answer.request.url.path} answers what is not understood"
        ) from error
