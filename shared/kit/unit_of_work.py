"""The unit of work: one transaction, and all that belongs to it (see ADR 0009).

A route gets it from `unit_of_work_for(guard)`. Stores get its session, flush as they like, and never commit.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import Clock
from shared.kit.database import Database
from shared.kit.identity import ANONYMOUS, Caller

Write = Callable[[], Awaitable[None]]


@dataclass
class UnitOfWork:
    """One transaction: its session, its instant, for whom it is, and how it ends."""

    session: AsyncSession
    clock: Clock
    """Read again after a wait for a lock."""
    now: datetime
    """The instant at which the transaction began."""
    caller: Caller = ANONYMOUS
    """The caller that the guard of the route let in; anonymous where one transaction serves several callers."""
    dry_run: bool = False
    """Whether everything is checked and answered, and nothing is kept, not even the Idempotency-Key."""
    _discarded: bool = field(default=False, init=False)
    _last_write: Write | None = field(default=None, init=False)

    @classmethod
    @asynccontextmanager
    async def reading(cls, database: Database, clock: Clock) -> AsyncIterator["UnitOfWork"]:
        """Open one that reads a single snapshot and writes nothing."""
        async with database.reading() as session:
            yield cls(session, clock, clock())

    @classmethod
    @asynccontextmanager
    async def writing(
        cls, database: Database, clock: Clock, caller: Caller = ANONYMOUS
    ) -> AsyncIterator["UnitOfWork"]:
        """Open one that is committed when the block ends, and rolled back when the block raises or nothing is to be kept."""
        async with database.writing() as session:
            unit_of_work = cls(session, clock, clock(), caller)
            yield unit_of_work
            await unit_of_work._complete()

    def before_commit(self, write: Write) -> None:
        """Register a write to be done just before the commit, after the answer is kept: one that makes all other writers wait.

        At most one for each unit. It may not refuse, because the request is answered already. A dry run leaves it out.
        """
        if self._last_write is not None:
            raise RuntimeError("another write is registered before the commit already")
        self._last_write = write

    def discard(self) -> None:
        """Keep nothing of this transaction: it is rolled back when it ends."""
        self._discarded = True

    async def _complete(self) -> None:
        if self.dry_run or self._discarded:
            await self.session.rollback()
        elif self._last_write is not None:
            await self._last_write()
