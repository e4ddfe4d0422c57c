"""The state of the feeds that a service consumes: `GET {source}/following`."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from shared.kit.database import UnitOfWork
from shared.kit.feed_consumer import cursor
from shared.kit.identity import Guard
from shared.kit.models import FollowedFeed
from shared.kit.resources import CurrentResources, Resources
from shared.kit.transactions import TransactionRoute, unit_of_work_for

FeedState = Literal["off", "following", "silent", "refused", "rewound", "stuck"]


class FollowedOut(BaseModel):
    """One feed and how far it was read."""

    feed: str = Field(
        description="path of the feed at the gateway; after a `#` the name of a cursor of its own, for certain events"
    )
    state: FeedState = Field(
        description="following; off: no client is set; silent: no answer; refused: the client or its secret is refused; rewound: "
        "the feed was restored from an older backup, an operator has to begin again; stuck: an event cannot be read"
    )
    problem: str | None = Field(description="what is wrong; null while it is followed")
    taken: int = Field(description="sequence of the last event that took effect; 0 before the first")
    behind: int = Field(description="how many events are not read yet, at most")
    reached_at: datetime | None = Field(
        description="when everything was read last; null while it is followed, and when it never was"
    )
    life: int | None = Field(description="how often the feed was begun from zero; null before it was ever")
    begun_at: datetime | None = Field(description="when that was last")


class FollowingOut(BaseModel):
    """The feeds that the service consumes."""

    items: list[FollowedOut]


def read_consumer_state(row: FollowedFeed | None, *, on: bool) -> FeedState:
    """Return the state of a feed; `on` is whether a client is set to read it with."""
    if not on:
        return "off"
    return row.state if row else "following"  # type: ignore[return-value]  # the table holds no other


def feed_consumer_router(
    source: str,
    feeds: Collection[str],
    guard: Guard,
    *,
    on: bool,
    list_more: Callable[[Resources], Collection[str]] | None = None,
) -> APIRouter:
    """Return the route `GET {source}/following` of a service, open to whom a guard lets in.

    `list_more` returns the feeds that are followed besides `feeds` at the time of a request.
    """
    router = APIRouter(prefix=source, route_class=TransactionRoute, tags=["changes"])

    @router.get("/following", operation_id="list_followed_feeds", summary="Read what is followed")
    async def list_followed_feeds(
        *,
        unit_of_work: Annotated[UnitOfWork, unit_of_work_for(guard)],
        resources: CurrentResources,
        response: Response,
    ) -> FollowingOut:
        """Read which feeds of other services this one follows, and how far. `Age`: seconds since the last page of each."""
        followed = [*feeds, *(list_more(resources) if list_more else ())]
        rows = {row.feed: row for row in await cursor.find_cursors(unit_of_work.session, followed)}
        received = [row.heard_at for row in rows.values() if row.heard_at]
        if on and received:
            response.headers["Age"] = str(max(0, int((unit_of_work.now - min(received)).total_seconds())))
        return FollowingOut(items=[_to_schema(feed, rows.get(feed), on=on) for feed in followed])

    return router


def _to_schema(feed: str, row: FollowedFeed | None, *, on: bool) -> FollowedOut:
    state = read_consumer_state(row, on=on)
    return FollowedOut(
        feed=feed,
        state=state,
        problem=row.problem if row else None,
        taken=row.sequence if row else 0,
        behind=max(row.newest - row.sequence, 0) if row else 0,
        reached_at=row.reached_at if row and state != "following" else None,
        life=row.life if row else None,
        begun_at=row.begun_at if row else None,
    )
