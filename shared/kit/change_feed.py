"""The change feed: what happened, in exact commit order, read by cursor and never skipped.

Identity values alone commit out of order: a reader that remembers "the last one I saw" would miss a slower
transaction with a smaller number. Here whoever changes something first takes the write order, an advisory lock of
the schema held to the commit, and only then numbers its entries. The lock is taken late, when the heavy work of the
transaction is done, so writers queue for milliseconds; in return a cursor is a plain sequence, and an instant (`at`,
never going back) divides what was known from what was not.

The instant of a change is read off the clock when the write order is held. So a reading `as_of` a passed instant waits
for whoever holds it, and is final: every later writer gets a later instant.

Entries are CloudEvents 1.0 (structured JSON).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import Clock, InstantQuery
from shared.kit.identity import Guard
from shared.kit.models import Change
from shared.kit.paging import MAX_PAGE
from shared.kit.plain_sql import run_sql
from shared.kit.problems import Invalid, Sentence
from shared.kit.transactions import CurrentUnit, TransactionRoute, unit_for
from shared.kit.unit_of_work import UnitOfWork

WRITE_ORDER = 7_701
"""The second key of the advisory lock; the first is the schema's own id, so services never wait for each other."""

ONE_TICK = timedelta(microseconds=1)

LOCK_FEED = "SELECT take_write_order() AS latest"
"""Takes the lock, then looks: a function of the schema, each of whose statements sees what was committed before it."""
WAIT_FOR_WRITERS = (
    f"SELECT pg_advisory_xact_lock_shared(to_regnamespace(current_schema())::oid::int, {WRITE_ORDER})"
)


def insert_events_sql(first: int = 1) -> str:
    """Return the statement that writes events, whose four parameters begin at `$first` (see `to_event_parameters`).

    It may end a statement that makes what happened, which saves a round trip while the feed is locked.
    """
    at, types, subjects, data = (f"${number}" for number in range(first, first + 4))
    return f"""
    INSERT INTO changes (at, type, subject, data)
    SELECT {at}, type, subject, data::jsonb
    FROM unnest({types}::text[], {subjects}::text[], {data}::text[])
         WITH ORDINALITY AS event (type, subject, data, ordinal)
    ORDER BY ordinal
    """


INSERT_EVENTS = insert_events_sql()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a stable type, the subject's path, and the facts that a follower needs."""

    type: str
    subject: str
    data: dict[str, Any] = field(default_factory=dict)


class InstantNotPassed(Invalid):
    """What will be known at an instant to come cannot be read yet."""

    code = "as_of_not_passed"
    detail = Sentence(
        "Thời điểm as_of {as_of} chưa qua; bây giờ là {now}.",
        "The instant {as_of} has not passed; it is {now}.",
    )


async def lock_feed(session: AsyncSession, clock: Clock) -> datetime:
    """Wait for the write order and tell the instant of this change: later than every change before it."""
    ((latest,),) = await run_sql(session, LOCK_FEED)
    now = clock()
    return now if latest is None or latest < now else latest + ONE_TICK


async def publish_events(session: AsyncSession, at: datetime, happenings: Sequence[Event]) -> None:
    """Write the entries; the caller holds the write order that gave `at`, to the commit."""
    if happenings:
        await run_sql(session, INSERT_EVENTS, *to_event_parameters(at, happenings))


def to_event_parameters(
    at: datetime, events: Sequence[Event]
) -> tuple[datetime, list[str], list[str], list[str]]:
    """Return the parameters of `insert_events_sql`."""
    return (
        at,
        [event.type for event in events],
        [event.subject for event in events],
        [json.dumps(event.data) for event in events],
    )


async def _final_instant(unit: CurrentUnit, as_of: InstantQuery = None) -> datetime | None:
    """Wait until all that happened by an instant is committed; what the request reads next includes it."""
    if as_of is None:
        return None
    await run_sql(unit.session, WAIT_FOR_WRITERS)
    await unit.session.rollback()  # the snapshot that waited is older than what it waited for
    if (
        as_of >= unit.now
    ):  # the clock of a consumer may be behind the one that gave the newest change its instant
        _, newest = await read_newest_change(unit.session)
        if newest is None or as_of > newest:
            raise InstantNotPassed(as_of=as_of.isoformat(), now=unit.now.isoformat())
    return as_of


AsOf = Annotated[datetime | None, Depends(_final_instant)]
"""An instant of the past to read at: what is read as of it now is what will be read as of it ever after (ADR 0002)."""


async def read_newest_change(session: AsyncSession) -> tuple[int, datetime | None]:
    """Tell the sequence and the instant of the newest change that this transaction sees; 0 and None at first."""
    row = (
        await session.execute(select(Change.sequence, Change.at).order_by(Change.sequence.desc()).limit(1))
    ).one_or_none()
    return (row.sequence, row.at) if row else (0, None)


class ChangeOut(BaseModel):
    """One change as a CloudEvent."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "specversion": "1.0",
                "id": "42",
                "source": "/v1/poverty",
                "type": "report.accepted",
                "subject": "reports/01890a5d-ac96-774b-bcce-b302099a8057",
                "time": "2024-01-05T02:00:00Z",
                "datacontenttype": "application/json",
                "data": {"unit": "610", "period": "2023"},
            }
        }
    )

    specversion: str = Field("1.0", description="CloudEvents version")
    id: str = Field(description="the change's sequence: exact commit order; the cursor to continue from")
    source: str = Field(description="path of the service")
    type: str = Field(description="what happened, as noun.verb")
    subject: str = Field(description="path of what it happened to, below the source")
    time: datetime = Field(description="instant of the change; never goes back along the feed")
    datacontenttype: str = Field("application/json", description="how `data` is said")
    data: dict[str, Any] = Field(description="what a follower needs to act")


class ChangesOut(BaseModel):
    """A stretch of the feed, oldest first."""

    items: list[ChangeOut]
    next: str = Field(description="hand back as `after` to continue; the same as `after` when nothing is new")
    more: bool = Field(description="whether more was there already")
    newest: str = Field(
        description="sequence of the newest change there is, 0 where there is none: how far behind a follower is; "
        "smaller than `after`: the feed is not the one that was read, it was restored from a backup"
    )


def feed_router(source: str, guard: Guard) -> APIRouter:
    """Return the route `GET {source}/changes` of a service, open to whom a guard lets in."""
    router = APIRouter(route_class=TransactionRoute, tags=["changes"])

    @router.get("/changes", operation_id="list_changes", summary="Follow changes")
    async def list_changes(
        *,
        unit: Annotated[UnitOfWork, unit_for(guard)],
        after: Annotated[
            int, Query(ge=0, lt=2**63, description="sequence of the last change seen; 0 from the start")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many at most")] = 200,
    ) -> ChangesOut:
        """Read what changed after a cursor, oldest first, in exact commit order, withdrawals included."""
        query = select(Change).where(Change.sequence > after).order_by(Change.sequence).limit(limit + 1)
        changes = list(await unit.session.scalars(query))
        items = [
            ChangeOut(
                id=str(change.sequence),
                source=source,
                type=change.type,
                subject=change.subject,
                time=change.at,
                data=change.data,
            )
            for change in changes[:limit]
        ]
        newest, _ = await read_newest_change(unit.session)
        return ChangesOut(
            items=items,
            next=items[-1].id if items else str(after),
            more=len(changes) > limit,
            newest=str(newest),
        )

    return router
