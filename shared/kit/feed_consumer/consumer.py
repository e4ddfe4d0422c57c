"""The consumer of one feed: polls another service for events, and handles them in order, each exactly once."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.change_feed import ClockBehind, Event, lock_feed, publish_events
from shared.kit.clock import Clock
from shared.kit.database import DATABASE_ERRORS, Database
from shared.kit.feed_consumer import cursor
from shared.kit.feed_consumer.client import FeedClient, FeedPage, FeedUnavailable, ReceivedEvent
from shared.kit.models import FollowedFeed
from shared.kit.resources import Resources

EVENTS_OF_A_TRANSACTION = 500
"""A longer backlog takes several transactions; a longer transaction would hold the lock of our own feed too long."""

LONGEST_PAUSE_S = 10.0
"""A service that is back is read again within it."""

MOST_DOUBLINGS = 10

SILENT_AFTER_S = 15.0
"""Seconds without a received page before the state is `silent`: a service that is being restarted is not away."""

BEHIND = Gauge("ntp_feed_behind_changes", "Changes of a followed feed not taken yet", ("service", "feed"))
AGE = Gauge("ntp_feed_age_seconds", "Seconds since all of a followed feed was taken", ("service", "feed"))
STATE = Gauge("ntp_feed_state", "1 for the state that a followed feed is in", ("service", "feed", "state"))
STATES = ("following", "silent", "refused", "rewound", "stuck")
WAITING_FOR_AN_OPERATOR = frozenset({"rewound", "stuck"})
"""States that the silence of the other service does not replace."""

STATEMENT_ERRORS = (IntegrityError, ProgrammingError, DataError)
"""Errors of a statement and not of the database: to try again does not help."""

log = structlog.get_logger()

EventHandler = Callable[[AsyncSession, ReceivedEvent, datetime], Awaitable[Sequence[Event]]]
"""Applies an event at an instant of our own feed, and returns the events that it causes there.

Raises `EventNotReadable` for an event that it cannot read. The same event may come again in another life.
"""


class EventNotReadable(Exception):  # noqa: N818 (it describes the event)
    """An event of a handled type cannot be read; the reason holds no values."""


@dataclass
class FeedConsumer:
    """Consumes one feed for one service. Any number of them may run; the stored cursor keeps them in step."""

    service: str
    feed: str
    """Its path at the gateway; after a `#`, the name of a cursor of its own."""
    handlers: Mapping[str, EventHandler]
    """By the type of the event; events of other types are skipped."""
    client: FeedClient
    poll_seconds: float
    after_page: Callable[[Resources], Awaitable[None]] | None = None
    """What is done after each page with no transaction open, such as reading what its events name."""
    jitter: Callable[[], float] = random.random
    """Returns a number from 0 to 1, so that many consumers do not poll at once."""
    _received_at: datetime | None = None
    """The instant at which this consumer received a page last; the stored instant may be later, of another consumer."""
    _logged_state: str = ""

    async def run(self, resources: Resources) -> None:
        """Poll without an end; a background task of the service."""
        database, clock, failures = resources.get(Database), resources.clock, 0
        try:
            while True:
                try:
                    more = await self.poll(database, clock)
                    if self.after_page is not None:
                        await self.after_page(resources)
                    failures = 0
                except Exception as error:  # noqa: BLE001 (whatever it is, it is recorded and tried again)
                    more, failures = False, failures + 1
                    await self._record_failure(error, database, clock)
                if not more:
                    await asyncio.sleep(pause_seconds(self.poll_seconds, failures, self.jitter()))
        finally:
            await self.client.close()

    async def poll(self, database: Database, clock: Clock) -> bool:
        """Read one page and handle its events; whether there are more. Raises `FeedUnavailable`."""
        async with database.writing() as session:
            before = await cursor.ensure_cursor(session, self.feed, clock())
        if self._another_has_just_polled(before, clock()):
            self._show(before, clock)
            return False
        page = await self.client.read_page(
            self.feed.partition("#")[0],
            after=max(before.sequence - 1, 0),
            limit=EVENTS_OF_A_TRANSACTION,
        )
        async with database.writing() as session:
            if not await cursor.try_lock(session, self.feed):
                return False
            row = await cursor.ensure_cursor(session, self.feed, clock())
            if (row.life, row.sequence) != (before.life, before.sequence):
                return True  # another consumer handled this page meanwhile
            row.heard_at, row.newest = clock(), page.newest
            events = find_new_events(page, row)
            if events is None:
                row.state, row.problem = "rewound", _describe_rewound(row)
            else:
                await self._handle(session, row, events, clock)
            if row.state == "following" and not page.more:
                row.reached_at = row.heard_at
            await session.flush()
        self._received_at = row.heard_at
        self._show(row, clock)
        return row.state == "following" and page.more

    def _another_has_just_polled(self, row: FollowedFeed, now: datetime) -> bool:
        if row.heard_at is None or row.heard_at == self._received_at:
            return False
        return now - row.heard_at < timedelta(seconds=self.poll_seconds)

    async def _handle(
        self, session: AsyncSession, row: FollowedFeed, events: Sequence[ReceivedEvent], clock: Clock
    ) -> None:
        """Apply the events up to the first that cannot be read, and move the cursor to the last of them."""
        row.state, row.problem = "following", None
        at: datetime | None = None
        caused: list[Event] = []
        for event in events:
            handle = self.handlers.get(event.type)
            if handle is not None:
                at = at or await lock_feed(session, clock)
                try:
                    async with session.begin_nested():
                        caused += await handle(session, event, at)
                except EventNotReadable as reason:
                    row.state, row.problem = "stuck", f"{event.type} {event.sequence}: {reason}"
                    break
            row.sequence, row.change_at = event.sequence, event.at
        if at is not None:
            await publish_events(session, at, caused)

    async def _record_failure(self, error: Exception, database: Database, clock: Clock) -> None:
        """Store the state that a failure means: `silent` once it has lasted, any other state at once."""
        if isinstance(error, DATABASE_ERRORS) and not isinstance(error, STATEMENT_ERRORS):
            log.warning("feed consumer waits for the database", feed=self.feed, reason=type(error).__name__)
            return
        if isinstance(error, ClockBehind):
            log.error("feed consumer waits for the clock", feed=self.feed, reason=str(error))
            return
        if not isinstance(error, FeedUnavailable):
            log.error("feed consumer failed", feed=self.feed, exc_info=error)
        state = error.state if isinstance(error, FeedUnavailable) else "stuck"
        try:
            async with database.writing() as session:
                row = await cursor.ensure_cursor(session, self.feed, clock())
                since = row.heard_at or row.begun_at
                has_lasted = clock() - since >= timedelta(seconds=SILENT_AFTER_S)
                waits_for_operator = row.state in WAITING_FOR_AN_OPERATOR and state != "stuck"
                if not waits_for_operator and (has_lasted or state != "silent"):
                    row.state = state
                    row.problem = error.reason if isinstance(error, FeedUnavailable) else type(error).__name__
            self._show(row, clock)
        except DATABASE_ERRORS as other:
            log.warning("feed consumer waits for the database", feed=self.feed, reason=type(other).__name__)

    def _show(self, row: FollowedFeed, clock: Clock) -> None:
        """Set the gauges, and log a state when it is entered."""
        labels = (self.service, self.feed)
        reached_at = row.reached_at or row.begun_at

        def age_seconds() -> float:
            return float((clock() - reached_at).total_seconds())

        BEHIND.labels(*labels).set(max(row.newest - row.sequence, 0))
        AGE.labels(*labels).set_function(age_seconds)
        for state in STATES:
            STATE.labels(*labels, state).set(state == row.state)
        if self._logged_state != row.state:
            write = log.info if row.state == "following" else log.error
            write(
                "feed " + row.state,
                feed=self.feed,
                taken=row.sequence,
                newest=row.newest,
                problem=row.problem,
            )
            self._logged_state = row.state


def find_new_events(page: FeedPage, row: FollowedFeed) -> Sequence[ReceivedEvent] | None:
    """Return the events after the cursor; None where the feed is not the one that was read.

    The page begins with the event of the cursor, which proves that the feed still holds it.
    """
    if row.sequence == 0:
        return page.events
    if not page.events:
        return None
    first, *new = page.events
    return new if (first.sequence, first.at) == (row.sequence, row.change_at) else None


def pause_seconds(poll_seconds: float, failures: int, jitter: float) -> float:
    """Return the seconds until the next poll: doubled with each failure up to a bound, and half of it by jitter (0 to 1)."""
    longest = max(LONGEST_PAUSE_S, poll_seconds)
    longest_pause_s: float = min(poll_seconds * 2 ** min(failures, MOST_DOUBLINGS), longest)
    return longest_pause_s * (1 + jitter) / 2


def _describe_rewound(row: FollowedFeed) -> str:
    return (
        f"event {row.sequence} was handled and is no longer in the feed (the newest is {row.newest}): "
        "the other service was restored from an older backup"
    )
