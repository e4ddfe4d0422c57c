"""The follower: asks a neighbour what is new, and takes it, change by change, each exactly once."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.clock import Clock
from shared.kit.database import Database
from shared.kit.feed_consumer import cursor
from shared.kit.feed_consumer.client import FeedClient, FeedPage, FeedUnavailable, ReceivedEvent
from shared.kit.models import FollowedFeed
from shared.kit.resources import Resources

AT_ONCE = 500
"""Changes taken in one transaction; a longer backlog takes several."""

LONGEST_PAUSE_S = 10.0
"""A neighbour that is back is heard within it."""

MOST_DOUBLINGS = 10

SILENT_AFTER_S = 15.0
"""How long nothing may be heard before that is said: a neighbour that is being restarted is not away."""

BEHIND = Gauge("ntp_feed_behind_changes", "Changes of a followed feed not taken yet", ("service", "feed"))
AGE = Gauge("ntp_feed_age_seconds", "Seconds since all of a followed feed was taken", ("service", "feed"))
STATE = Gauge("ntp_feed_state", "1 for the state that a followed feed is in", ("service", "feed", "state"))
STATES = ("following", "silent", "refused", "rewound", "stuck")
WAITING_FOR_AN_OPERATOR = frozenset({"rewound", "stuck"})
"""States that a neighbour's silence does not change."""

OF_THE_DATABASE = (DBAPIError, PoolTimeout, OSError)
OUR_FAULT = (IntegrityError, ProgrammingError, DataError)
"""What the database says of a statement, and not of itself: asking again does not mend it."""

log = structlog.get_logger()

EventHandler = Callable[[AsyncSession, ReceivedEvent, datetime], Awaitable[Sequence[Event]]]
"""What a change does here, at an instant of the write order: what happened by it, for our own feed.

Raises `EventNotReadable` for a change that it cannot read. Taking the same change again in another life is no fault.
"""


class EventNotReadable(Exception):  # noqa: N818 (said of the change)
    """A change of a kind that is followed cannot be read; the reason holds no values."""


@dataclass
class FeedConsumer:
    """Follows one feed for one service. Any number of them may run; the cursor keeps them in step."""

    service: str
    feed: str
    """Its path behind the door."""
    effects: Mapping[str, EventHandler]
    """By the type of the change; other types are not for this service, and are passed over."""
    neighbours: FeedClient
    every_seconds: float
    luck: Callable[[], float] = random.random
    """From 0 to 1, so that many followers do not ask at once."""
    _heard_at: datetime | None = None
    """When this one heard last; what is remembered may be later, of another one."""
    _state: str = ""

    async def run(self, resources: Resources) -> None:
        """Follow without an end."""
        database, clock, failures = resources.get(Database), resources.clock, 0
        try:
            while True:
                try:
                    more = await self.round(database, clock)
                    failures = 0
                except Exception as error:  # noqa: BLE001 (whatever it is, it is noted and tried again)
                    more, failures = False, failures + 1
                    await self._note(error, database, clock)
                if not more:
                    await asyncio.sleep(pause_seconds(self.every_seconds, failures, self.luck()))
        finally:
            await self.neighbours.close()

    async def round(self, database: Database, clock: Clock) -> bool:
        """Ask once and take what there is; tells whether there is more. Raises `FeedUnavailable`."""
        async with database.writing() as session:
            before = await cursor.begun(session, self.feed, clock())
        if self._another_has_just_heard(before, clock()):
            self._show(before, clock)
            return False
        stretch = await self.neighbours.stretch(self.feed, after=max(before.sequence - 1, 0), limit=AT_ONCE)
        async with database.writing() as session:
            if not await cursor.may_take(session, self.feed):
                return False
            row = await cursor.begun(session, self.feed, clock())
            if (row.life, row.sequence) != (before.life, before.sequence):
                return True  # another one took this stretch meanwhile
            row.heard_at, row.newest = clock(), stretch.newest
            new = new_changes(stretch, row)
            if new is None:
                row.state, row.problem = "rewound", _rewound(row)
            else:
                await self._take(session, row, new, clock)
            if row.state == "following" and not stretch.more:
                row.reached_at = row.heard_at
            await session.flush()
        self._heard_at = row.heard_at
        self._show(row, clock)
        return row.state == "following" and stretch.more

    def _another_has_just_heard(self, row: FollowedFeed, now: datetime) -> bool:
        if row.heard_at is None or row.heard_at == self._heard_at:
            return False
        return now - row.heard_at < timedelta(seconds=self.every_seconds)

    async def _take(
        self, session: AsyncSession, row: FollowedFeed, new: Sequence[ReceivedEvent], clock: Clock
    ) -> None:
        """Give the changes their effects, as far as they can be understood, and move the cursor to the last of them."""
        row.state, row.problem = "following", None
        at: datetime | None = None
        happened: list[Event] = []
        for change in new:
            effect = self.effects.get(change.type)
            if effect is not None:
                at = at or await lock_feed(session, clock)
                try:
                    async with session.begin_nested():
                        happened += await effect(session, change, at)
                except EventNotReadable as reason:
                    row.state, row.problem = "stuck", f"{change.type} {change.sequence}: {reason}"
                    break
            row.sequence, row.change_at = change.sequence, change.at
        if at is not None:
            await publish_events(session, at, happened)

    async def _note(self, error: Exception, database: Database, clock: Clock) -> None:
        """Remember what keeps the follower from following: silence once it has lasted, anything else at once."""
        if isinstance(error, OF_THE_DATABASE) and not isinstance(error, OUR_FAULT):
            log.warning("following waits for the database", feed=self.feed, reason=type(error).__name__)
            return
        if not isinstance(error, FeedUnavailable):
            log.error("following failed", feed=self.feed, exc_info=error)
        state = error.state if isinstance(error, FeedUnavailable) else "stuck"
        try:
            async with database.writing() as session:
                row = await cursor.begun(session, self.feed, clock())
                since = row.heard_at or row.begun_at
                lasting = clock() - since >= timedelta(seconds=SILENT_AFTER_S)
                known = row.state in WAITING_FOR_AN_OPERATOR and state != "stuck"
                if not known and (lasting or state != "silent"):
                    row.state = state
                    row.problem = error.reason if isinstance(error, FeedUnavailable) else type(error).__name__
            self._show(row, clock)
        except OF_THE_DATABASE as other:
            log.warning("following waits for the database", feed=self.feed, reason=type(other).__name__)

    def _show(self, row: FollowedFeed, clock: Clock) -> None:
        """Put the gauges, and say a state in the log when it is entered."""
        named = (self.service, self.feed)
        reached = row.reached_at or row.begun_at

        def age_seconds() -> float:
            return float((clock() - reached).total_seconds())

        BEHIND.labels(*named).set(max(row.newest - row.sequence, 0))
        AGE.labels(*named).set_function(age_seconds)
        for state in STATES:
            STATE.labels(*named, state).set(state == row.state)
        if self._state != row.state:
            say = log.info if row.state == "following" else log.error
            say(
                "feed " + row.state,
                feed=self.feed,
                taken=row.sequence,
                newest=row.newest,
                problem=row.problem,
            )
            self._state = row.state


def new_changes(stretch: FeedPage, row: FollowedFeed) -> Sequence[ReceivedEvent] | None:
    """Give what came after the cursor; None where the feed is not the one that was read.

    The stretch begins with the change that the cursor stands on, which proves that the feed still holds it.
    """
    if row.sequence == 0:
        return stretch.changes
    if not stretch.changes:
        return None
    first, *new = stretch.changes
    return new if (first.sequence, first.at) == (row.sequence, row.change_at) else None


def pause_seconds(every_seconds: float, failures: int, luck: float) -> float:
    """Tell how long to wait: doubled with each failure to a bound, and half of it by luck (0 to 1)."""
    longest = max(LONGEST_PAUSE_S, every_seconds)
    whole: float = min(every_seconds * 2 ** min(failures, MOST_DOUBLINGS), longest)
    return whole * (1 + luck) / 2


def _rewound(row: FollowedFeed) -> str:
    return (
        f"change {row.sequence} was taken and is not there any more (the newest is {row.newest}): "
        "the neighbour was restored from an older backup"
    )
