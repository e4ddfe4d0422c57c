"""The change feed: what happened, in exact commit order, read by a cursor, with nothing skipped (see ADR 0001).

A writer locks the feed (an advisory lock of the schema, held to the commit), reads the instant of its change from the
clock, and inserts its events. So their sequence is the order of the commits, and a read `as_of` a past instant is final.

Events are CloudEvents 1.0 (structured JSON).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import Clock
from shared.kit.database import UnitOfWork, run_sql
from shared.kit.date_fields import InstantQuery
from shared.kit.identity import Guard
from shared.kit.models import AcceptedInstant, Change
from shared.kit.paging import MAX_PAGE
from shared.kit.problems import Invalid, Sentence, Unavailable
from shared.kit.resources import CurrentResources, Resources
from shared.kit.transactions import CurrentUnitOfWork, TransactionRoute, unit_of_work_for

FEED_LOCK = 7_701
"""The second key of the advisory lock; the first is the schema's own id, so services never wait for each other."""

MAX_SCANNED = 10_000
"""Changes that one reading of own changes looks at; a client that is further behind reads on with `next`."""

ONE_TICK = timedelta(microseconds=1)

MOST_BEHIND = timedelta(minutes=1)
"""Clocks of machines that synchronize differ by milliseconds; a writer that is further behind is refused (see ADR 0025)."""

ACCEPTED_SPAN = timedelta(hours=1)
"""How far after an accepted instant writers go on; each change takes a microsecond of it."""

CLOCK_RETRY_SECONDS = 60

LOCK_FEED = "SELECT take_write_order() AS latest"
"""A function that a released migration made: it locks the feed, and then reads the newest instant, committed before."""
WAIT_FOR_WRITERS = (
    f"SELECT pg_advisory_xact_lock_shared(to_regnamespace(current_schema())::oid::int, {FEED_LOCK})"
)


def insert_events_sql(first: int = 1) -> str:
    """Return the statement that writes events, whose four parameters begin at `$first` (see `to_event_parameters`).

    It may be the end of the statement that writes the change itself, which saves a round trip while the feed is locked.
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
    """Something that happened: a stable type, the path of its subject, and the facts that a consumer needs."""

    type: str
    subject: str
    data: dict[str, Any] = field(default_factory=dict)


class InstantNotPassed(Invalid):
    """The instant is in the future, so what will be known then cannot be read."""

    code = "as_of_not_passed"
    detail = Sentence(
        "Thời điểm as_of {as_of} chưa qua; bây giờ là {now}.",
        "The instant {as_of} has not passed; it is {now}.",
    )


class ClockBehind(Unavailable):
    """The clock of the service is behind the newest change, so nothing is written: it would be stamped with that future.

    An operator sets the clock, or accepts the instant of the newest change.
    """

    code = "clock_behind"
    detail = Sentence(
        "Đồng hồ của máy chủ ({now}) chậm hơn thay đổi mới nhất ({newest}); không ghi gì cho đến khi người vận hành chỉnh giờ.",
        "The clock of the server ({now}) is behind the newest change ({newest}); nothing is written until an operator sets it right.",
    )
    advice = Sentence(
        "Báo cho người vận hành; gửi lại nguyên yêu cầu với cùng Idempotency-Key sau khi đồng hồ đã đúng. Đọc dữ liệu không bị ảnh hưởng.",
        "Tell the operator; send the same request with the same Idempotency-Key when the clock is right. Reading is not affected.",
    )


async def lock_feed(session: AsyncSession, clock: Clock) -> datetime:
    """Lock the feed to the commit, and return the instant of this change: later than every change before it.

    Raise `ClockBehind` where the clock is more than a minute behind the newest change, unless an operator accepted that.
    """
    latest: datetime | None
    ((latest,),) = await run_sql(session, LOCK_FEED)
    now = clock()
    if latest is None or latest < now:
        return now
    if latest - now > MOST_BEHIND and not await is_accepted(session, latest):
        raise ClockBehind(
            now=now.isoformat(), newest=latest.isoformat(), headers={"Retry-After": str(CLOCK_RETRY_SECONDS)}
        )
    return latest + ONE_TICK


async def is_accepted(session: AsyncSession, newest: datetime) -> bool:
    """Whether an operator accepted that the newest change is ahead of the clock."""
    accepted = select(AcceptedInstant.instant).where(
        AcceptedInstant.instant <= newest, AcceptedInstant.instant >= newest - ACCEPTED_SPAN
    )
    return (await session.execute(accepted.limit(1))).first() is not None


async def publish_events(session: AsyncSession, at: datetime, events: Sequence[Event]) -> None:
    """Insert events; the caller has locked the feed, which gave it `at`."""
    if events:
        await run_sql(session, INSERT_EVENTS, *to_event_parameters(at, events))


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


async def _final_instant(unit_of_work: CurrentUnitOfWork, as_of: InstantQuery = None) -> datetime | None:
    """Wait until every change up to an instant is committed, and return the instant; the next statement sees them all."""
    if as_of is None:
        return None
    await run_sql(unit_of_work.session, WAIT_FOR_WRITERS)
    await unit_of_work.session.rollback()  # the snapshot that waited is older than what it waited for
    if (
        as_of >= unit_of_work.now
    ):  # this process's clock may be behind the one that gave the newest change its instant
        _, newest = await read_newest_change(unit_of_work.session)
        if newest is None or as_of > newest:
            raise InstantNotPassed(as_of=as_of.isoformat(), now=unit_of_work.now.isoformat())
    return as_of


AsOf = Annotated[datetime | None, Depends(_final_instant)]
"""An instant of the past to read at: what is read as of it now is what will be read as of it ever after (ADR 0002)."""


async def read_newest_change(session: AsyncSession) -> tuple[int, datetime | None]:
    """Return the sequence and the instant of the newest change that this transaction sees; 0 and None before the first."""
    row = (
        await session.execute(select(Change.sequence, Change.at).order_by(Change.sequence.desc()).limit(1))
    ).one_or_none()
    return (row.sequence, row.at) if row else (0, None)


async def find_newest_included(session: AsyncSession, as_of: datetime | None) -> datetime | None:
    """Return the instant of the newest change that a reading as of an instant (None: now) includes; None before the first."""
    _, changed_at = await read_newest_change(session)
    return min((at for at in (as_of, changed_at) if at is not None), default=None)


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
    subject: str = Field(description="path of its subject, below the source")
    time: datetime = Field(description="instant of the change; never goes back along the feed")
    datacontenttype: str = Field("application/json", description="media type of `data`")
    data: dict[str, Any] = Field(description="the facts that a consumer needs")


class ChangesOut(BaseModel):
    """Events of the feed, oldest first."""

    items: list[ChangeOut]
    next: str = Field(description="send it as `after` to continue; the same as `after` when nothing is new")
    more: bool = Field(description="whether there are more already")
    newest: str = Field(
        description="sequence of the newest change, 0 where there is none: it shows how far behind a consumer is; "
        "smaller than `after`: the feed is not the one that was read, it was restored from a backup"
    )


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """The changes of a caller who may not read all: what the database selects, and what of that is accepted."""

    condition: ColumnElement[bool]
    accepts: Callable[[Change], bool]


FindFilter = Callable[[UnitOfWork, Resources], ChangeFilter | None]
"""Returns the filter of a caller; None for one who reads all."""


def feed_router(source: str, guard: Guard, find_filter: FindFilter = lambda *_: None) -> APIRouter:
    """Return the route `GET {source}/changes` of a service, open to whom a guard lets in."""
    router = APIRouter(route_class=TransactionRoute, tags=["changes"])

    @router.get("/changes", operation_id="list_changes", summary="Follow changes")
    async def list_changes(
        *,
        unit_of_work: Annotated[UnitOfWork, unit_of_work_for(guard)],
        resources: CurrentResources,
        after: Annotated[
            int, Query(ge=0, lt=2**63, description="sequence of the last change seen; 0 from the start")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many at most")] = 200,
    ) -> ChangesOut:
        """Read what changed after a cursor, oldest first, in exact commit order, withdrawals included.

        A client that only reports reads the changes of its own reports; its `next` passes over those of others.
        """
        visible = find_filter(unit_of_work, resources)
        newest, _ = await read_newest_change(unit_of_work.session)
        query = select(Change).where(Change.sequence > after).order_by(Change.sequence).limit(limit + 1)
        if visible is not None:
            query = query.where(Change.sequence <= after + MAX_SCANNED, visible.condition)
        changes = list(await unit_of_work.session.scalars(query))
        read, more = changes[:limit], len(changes) > limit
        last = read[-1].sequence if read else after
        if visible is not None and not more:
            last = max(after, min(newest, after + MAX_SCANNED))
            more = last < newest
        items = [
            ChangeOut(
                id=str(change.sequence),
                source=source,
                type=change.type,
                subject=change.subject,
                time=change.at,
                data=change.data,
            )
            for change in read
            if visible is None or visible.accepts(change)
        ]
        return ChangesOut(items=items, next=str(last), more=more, newest=str(newest))

    return router
