"""The database of a process: one engine, its transactions, and plain SQL.

The unit of work is one transaction and all that belongs to it (see ADR 0009); a route gets it from `unit_of_work_for(guard)`.
Stores get its session, flush as they like, and never commit. Background work, which has no caller and no answer to keep,
uses `Database.reading()` and `Database.writing()` itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    DateTime,
    Dialect,
    MetaData,
    Row,
    Text,
    TypeDecorator,
    func,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import QueuePool

from shared.kit.clock import Clock
from shared.kit.exact_json import read_json, write_json_column
from shared.kit.identity import Caller

CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

COLUMN_TYPES: dict[Any, Any] = {datetime: DateTime(timezone=True), str: Text, list[str]: ARRAY(Text)}
"""The column types of Python types where SQLAlchemy's default is not ours: an instant always has a zone."""

DATABASE_ERRORS = (DBAPIError, PoolTimeout, OSError)
"""An error of a statement; all connections of the pool are in use; no connection is possible."""

CONNECT_WITHIN_S = 5
"""Long enough for any database that runs; the driver alone would wait a minute for one that does not."""

POOL_TIMEOUT_S = 10
"""A request that waits longer for a connection answers 503."""


def named_metadata() -> MetaData:
    """Return metadata whose constraints have predictable names, so that a violation is recognized by its name."""
    return MetaData(naming_convention=CONSTRAINT_NAMES)


SEPARATOR = ","


class Codes(TypeDecorator[Collection[str]]):
    """A list of codes or numbers without commas, passed as one text and split by the database (see `join_codes`)."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self,
        value: Collection[str] | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> str | None:
        """Return the codes as one text; raises `ValueError` for a comma."""
        return None if value is None else join_codes(value)

    def bind_expression(self, bindparam: BindParameter[Any]) -> ColumnElement[Any]:
        """Return the call that splits them: `string_to_array`."""
        return func.string_to_array(bindparam, SEPARATOR)


class KeptConnection:
    """A connection of the pool that is kept for single statements: they cost the driver's work, and no more.

    Taking a connection from the pool and wrapping its answer cost four times what the statement of a position does.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection: AsyncConnection | None = None
        self._lock = asyncio.Lock()

    async def fetch_row(self, statement: str) -> asyncpg.Record:
        """Run one statement and return its first row; on a connection that broke since it was used last, run it on a new one."""
        async with self._lock:
            if self._connection is not None:
                with suppress(ConnectionError):
                    return await self._run(self._connection, statement)
            self._connection = await self._engine.connect()
            return await self._run(self._connection, statement)

    async def _run(self, connection: AsyncConnection, statement: str) -> asyncpg.Record:
        """Run the statement by the driver; drop the connection and raise `ConnectionError` where it fails."""
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            return await driver.fetchrow(statement)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            await self._drop(connection)
            raise ConnectionError(str(error)) from error
        except BaseException:
            await self._drop(connection)
            raise

    async def _drop(self, connection: AsyncConnection) -> None:
        self._connection = None
        await connection.invalidate()
        await connection.close()

    async def close(self) -> None:
        """Give the connection back to the pool."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


class Database:
    """The engine of one process, and the two ways to use it."""

    def __init__(self, url: str, *, pool_size: int = 10, application: str = "ntp") -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            json_serializer=write_json_column,
            json_deserializer=read_json,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            pool_pre_ping=False,
            hide_parameters=True,  # values never reach a log with an error
            # the other settings of a session belong to its role (`session_settings.py`)
            connect_args={
                "timeout": CONNECT_WITHIN_S,
                "server_settings": {"application_name": application},
            },
        )
        self._snapshots = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._kept = KeptConnection(self.engine)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session with one snapshot for all its statements; it can write nothing."""
        async with AsyncSession(self._snapshots, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Open a session with one transaction: committed when the block ends, rolled back when it raises."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection without a session, for the health check."""
        async with self.engine.connect() as connection:
            yield connection

    async def fetch_row(self, statement: str) -> asyncpg.Record:
        """Run one statement without parameters and outside of a transaction; return its first row.

        It takes the one connection that is kept for such statements. Raise one of `DATABASE_ERRORS`.
        """
        return await self._kept.fetch_row(statement)

    def count_connections(self) -> tuple[int, int]:
        """Return how many connections of the pool are in use, and how many more it may give."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool), "an engine of asyncio has one"
        return pool.checkedout(), pool.size() - pool.checkedout()

    async def close(self) -> None:
        """Close every connection."""
        await self._kept.close()
        await self.engine.dispose()


async def run_sql(session: AsyncSession, statement: str, *parameters: Any) -> Sequence[Row[Any]]:
    """Run plain SQL with `$1` parameters in the transaction of a session, and return its rows (see ADR 0010).

    Parameters are what asyncpg takes: `datetime`, `UUID`, `Decimal`, lists for arrays, and JSON text for `jsonb`, which
    comes back as Python objects. Objects that the session holds must be flushed before. Raises what SQLAlchemy raises.
    """
    connection = await session.connection()
    result = await connection.exec_driver_sql(statement, parameters)
    return result.all() if result.returns_rows else ()


def join_codes(codes: Collection[str]) -> str:
    """Return codes as one text, which a statement splits by `string_to_array($1, ',')`; raises `ValueError` for a comma.

    The driver looks three times at each member of an array, so hundreds of codes are cheaper as one text.
    """
    joined = SEPARATOR.join(codes)
    if joined.count(SEPARATOR) != max(0, len(codes) - 1):
        raise ValueError("a code holds a comma")
    return joined


Write = Callable[[], Awaitable[None]]


@dataclass
class UnitOfWork:
    """One transaction: its session, its instant, for whom it is, and how it ends."""

    session: AsyncSession
    clock: Clock
    """Read again after a wait for a lock."""
    now: datetime
    """The instant at which the transaction began."""
    caller: Caller
    """The caller that the guard of the route let in; anonymous where one transaction serves several callers."""
    dry_run: bool = False
    """Whether everything is checked and answered, and nothing is kept, not even the Idempotency-Key."""
    _discarded: bool = field(default=False, init=False)
    _last_write: Write | None = field(default=None, init=False)

    @classmethod
    @asynccontextmanager
    async def reading(cls, database: Database, clock: Clock, caller: Caller) -> AsyncIterator["UnitOfWork"]:
        """Open one that reads a single snapshot and writes nothing."""
        async with database.reading() as session:
            yield cls(session, clock, clock(), caller)

    @classmethod
    @asynccontextmanager
    async def writing(cls, database: Database, clock: Clock, caller: Caller) -> AsyncIterator["UnitOfWork"]:
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

    def open_part(self) -> "UnitOfWork":
        """Return a unit of work for a part of this transaction; whoever opens it does its last write by `write_last`."""
        return UnitOfWork(self.session, self.clock, self.now, self.caller)

    async def write_last(self) -> None:
        """Do the write that was registered before the commit, if any."""
        if self._last_write is not None:
            await self._last_write()

    def discard(self) -> None:
        """Mark this transaction to be rolled back when it ends."""
        self._discarded = True

    async def _complete(self) -> None:
        if self.dry_run or self._discarded:
            await self.session.rollback()
        else:
            await self.write_last()
