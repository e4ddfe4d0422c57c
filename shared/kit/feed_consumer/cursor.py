"""What is remembered of a followed feed: how far it was taken, and how it was found. Flushes, never commits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.clock import Clock
from shared.kit.models import FollowedFeed

ONE_TAKES = text("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || :feed, 0))")

AT_FIRST: dict[str, Any] = {"sequence": 0, "newest": 0, "state": "following"}


async def may_take(session: AsyncSession, feed: str) -> bool:
    """Tell whether this transaction is the one that takes from a feed; another process may be at it."""
    allowed: bool = (await session.execute(ONE_TAKES.bindparams(feed=feed))).scalar_one()
    return allowed


async def current(session: AsyncSession, feed: str) -> FollowedFeed | None:
    """Find the life of a feed that is followed; None before it was ever."""
    found: FollowedFeed | None = await session.scalar(
        select(FollowedFeed).where(FollowedFeed.feed == feed).order_by(FollowedFeed.life.desc()).limit(1)
    )
    return found


async def current_of(session: AsyncSession, feeds: Collection[str]) -> Sequence[FollowedFeed]:
    """Find the lives of several feeds that are followed. One statement."""
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


def life_known(feed: str, as_of: datetime | None) -> ScalarSelect[int]:
    """Select which life of a feed was followed at an instant (None: now): what was learnt in it is what was known."""
    known: list[ColumnElement[bool]] = [FollowedFeed.feed == feed]
    if as_of is not None:
        known.append(FollowedFeed.begun_at <= as_of)
    return select(func.max(FollowedFeed.life)).where(*known).scalar_subquery()


async def begun(session: AsyncSession, feed: str, now: datetime) -> FollowedFeed:
    """Find the life of a feed that is followed; its first one begins now if it never was."""
    row = await current(session, feed)
    if row is None:
        await session.execute(
            insert(FollowedFeed).values(feed=feed, life=1, begun_at=now, **AT_FIRST).on_conflict_do_nothing()
        )
        row = await current(session, feed)
    assert row is not None, "it was begun just now"
    return row


async def begin_again(session: AsyncSession, feed: str, clock: Clock) -> int:
    """Begin a feed's next life, from zero; tells which it is. What was learnt before stays as it was known then."""
    at = await lock_feed(session, clock)
    last = await current(session, feed)
    life = last.life + 1 if last else 1
    session.add(FollowedFeed(feed=feed, life=life, begun_at=at, **AT_FIRST))
    await session.flush()
    await publish_events(session, at, [Event("feed.begun_again", "following", {"feed": feed, "life": life})])
    return life
