"""The stored cursors of consumed feeds: how far each was read, and in which state it was found. Flushes, never commits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.clock import Clock
from shared.kit.models import FollowedFeed

TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || :feed, 0))")

INITIAL: dict[str, Any] = {"sequence": 0, "newest": 0, "state": "following"}


async def try_lock(session: AsyncSession, feed: str) -> bool:
    """Lock a feed for this transaction; whether it was free. Another process may be handling its events."""
    locked: bool = (await session.execute(TRY_LOCK.bindparams(feed=feed))).scalar_one()
    return locked


async def find_cursor(session: AsyncSession, feed: str) -> FollowedFeed | None:
    """Return the cursor of a feed's current life; None for a feed that was never consumed."""
    row: FollowedFeed | None = await session.scalar(
        select(FollowedFeed).where(FollowedFeed.feed == feed).order_by(FollowedFeed.life.desc()).limit(1)
    )
    return row


async def find_cursors(session: AsyncSession, feeds: Collection[str]) -> Sequence[FollowedFeed]:
    """Return the cursors of the current lives of several feeds. One statement."""
    latest = (
        select(FollowedFeed.feed, func.max(FollowedFeed.life).label("life"))
        .where(FollowedFeed.feed.in_(feeds))
        .group_by(FollowedFeed.feed)
        .subquery()
    )
    rows = await session.scalars(
        select(FollowedFeed).join(
            latest, (latest.c.feed == FollowedFeed.feed) & (latest.c.life == FollowedFeed.life)
        )
    )
    return rows.all()


def select_life(feed: str, as_of: datetime | None) -> ScalarSelect[int]:
    """Select the life of a feed that was current at an instant (None: now): what was learnt in it was known then."""
    conditions: list[ColumnElement[bool]] = [FollowedFeed.feed == feed]
    if as_of is not None:
        conditions.append(FollowedFeed.begun_at <= as_of)
    return select(func.max(FollowedFeed.life)).where(*conditions).scalar_subquery()


async def ensure_cursor(session: AsyncSession, feed: str, now: datetime) -> FollowedFeed:
    """Return the cursor of a feed's current life; the first life begins now for a feed that was never consumed."""
    row = await find_cursor(session, feed)
    if row is None:
        await session.execute(
            insert(FollowedFeed).values(feed=feed, life=1, begun_at=now, **INITIAL).on_conflict_do_nothing()
        )
        row = await find_cursor(session, feed)
    assert row is not None, "it was inserted just now"
    return row


async def begin_again(session: AsyncSession, feed: str, clock: Clock) -> int:
    """Begin the next life of a feed, from zero, and return its number. What was learnt before stays as it was known then."""
    at = await lock_feed(session, clock)
    last = await find_cursor(session, feed)
    life = last.life + 1 if last else 1
    session.add(FollowedFeed(feed=feed, life=life, begun_at=at, **INITIAL))
    await session.flush()
    await publish_events(session, at, [Event("feed.begun_again", "following", {"feed": feed, "life": life})])
    return life
