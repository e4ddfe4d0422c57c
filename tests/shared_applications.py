"""Applications over a worker's shared database, which are built once and keep their connections from test to test."""

from collections.abc import Callable
from contextlib import ExitStack
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

    def __init__(self) -> None:
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

    async def close(self) -> None:
        """Close all connections."""
        self._patches.close()
        for database in self._databases:
            await database.close()
