"""Applications over a worker's shared database, which are built once and keep their connections from test to test."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar
from unittest.mock import AsyncMock, patch

from fastapi import FastAPI

from shared.kit.database import Database
from tests.application import get_database
from tests.postgres import TestDatabase

Built = TypeVar("Built")


class SharedApplications:
    """What was built over the shared database, by the function that built it.

    Each test starts an application anew. Its connections stay open, because the first statements of a connection take the
    server longer than most tests take: it reads the description of each table, index and partition.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._built: dict[Callable[[TestDatabase], Any], Any] = {}
        self._databases: list[Database] = []
        self._patches = ExitStack()

    def build(self, factory: Callable[[TestDatabase], Built], database: TestDatabase) -> Built:
        """Return what the factory builds; it is built for the first test that uses it."""
        if factory not in self._built:
            self._built[factory] = built = factory(database)
            for part in built if isinstance(built, tuple) else (built,):
                if isinstance(part, FastAPI):
                    self._keep_connections(get_database(part))
        result: Built = self._built[factory]
        return result

    def _keep_connections(self, database: Database) -> None:
        self._databases.append(database)
        self._patches.enter_context(patch.object(database, "close", AsyncMock()))

    @contextmanager
    def cancel_left_tasks(self) -> Iterator[None]:
        """At the end, cancel the tasks that a test has left: a request that nobody waits for would keep its locks."""
        before = asyncio.all_tasks(self._loop)
        yield
        left = asyncio.all_tasks(self._loop) - before
        for task in left:
            task.cancel()
        self._loop.run_until_complete(_wait_for(left))

    async def close(self) -> None:
        """Close all connections."""
        self._patches.close()
        for database in self._databases:
            await database.close()


async def _wait_for(tasks: Iterable[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
