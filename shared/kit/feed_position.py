"""The position of a service: the newest change of its own feed, and how far it has read the feeds that it follows.

Whatever a write changes, it publishes (ADR 0001), and what is learnt from another feed is written with the cursor of that feed.
So two readings at one position see the same rows (see ADR 0030). The instant beside the sequence tells a feed from one that was
restored from a backup and went on otherwise.
"""

import asyncio
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Database, run_sql
from shared.kit.shared_reading import SharedReading

READ_POSITION = """
    SELECT newest.sequence, newest.at, followed.cursors
    FROM (SELECT string_agg(concat_ws(' ', feed, life, sequence, state), ',' ORDER BY feed, life) AS cursors
          FROM followed_feeds) AS followed
    LEFT JOIN (SELECT sequence, at FROM changes ORDER BY sequence DESC LIMIT 1) AS newest ON true
"""


class FeedPosition(NamedTuple):
    """The newest change, None before the first, and the cursors of followed feeds as one text."""

    sequence: int | None
    at: datetime | None
    cursors: str | None


async def read_position(session: AsyncSession) -> FeedPosition:
    """Return the position of the snapshot that a session reads."""
    (row,) = await run_sql(session, READ_POSITION)
    return FeedPosition._make(row)


class PositionReader:
    """Reads the newest position. Readers that wait at the same time share one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = SharedReading(self._fetch)

    async def read(self) -> FeedPosition:
        """Return the position by a statement that begins after this call, so that a client that wrote sees what it wrote.

        Raise one of `DATABASE_ERRORS`.
        """
        return await asyncio.shield(self._reading.start())

    async def is_at(self, position: FeedPosition) -> bool:
        """Whether nothing has changed since a position."""
        return await self.read() == position

    async def _fetch(self) -> FeedPosition:
        return FeedPosition._make(await self._database.fetch_row(READ_POSITION))
