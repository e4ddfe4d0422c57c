"""The few statements of which the hottest path is made, handed to the driver ready to run.

What SQLAlchemy does for each execution - a key for its cache, a context, a result - costs twice what the driver does.
A statement that is run for every report is compiled once instead, and runs on the connection of the session's own
transaction: what it writes is committed or rolled back with all the rest.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

_DIALECT: Final = dialects.dialect()  # type: ignore[no-untyped-call]
_NOTHING = text("SELECT")
_DRIVER = "driver"
"""Where a session remembers the connection of its transaction, beside the transaction that it belongs to."""


class Hot:
    """A textual statement with typed parameters, compiled once. It must not be the one that SQLAlchemy maps to objects."""

    def __init__(self, statement: TextClause) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        """As the driver gets it."""
        self._fixed = compiled.params
        self._read = [
            (name, compiled.binds[name].type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
            for name in compiled.positiontup or ()
        ]

    async def rows(self, session: AsyncSession, values: Mapping[str, Any]) -> Sequence[asyncpg.Record]:
        """Run it in the session's transaction; gives its rows."""
        driver = await _driver_of(session)
        found: Sequence[asyncpg.Record] = await self._tried(driver, driver.fetch, values)
        return found

    async def count(self, session: AsyncSession, values: Mapping[str, Any]) -> int:
        """Run it in the session's transaction; gives how many rows it wrote."""
        driver = await _driver_of(session)
        status: str = await self._tried(driver, driver.execute, values)
        return int(status.rpartition(" ")[2])

    async def _tried(
        self, driver: asyncpg.Connection, run: Callable[..., Awaitable[Any]], values: Mapping[str, Any]
    ) -> Any:
        """Run it with values in their places; raises what SQLAlchemy would."""
        given = {**self._fixed, **values}
        placed = (given[name] if read is None else read(given[name]) for name, read in self._read)
        try:
            return await run(self.sql, *placed)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            violated = isinstance(error, asyncpg.IntegrityConstraintViolationError)
            raise (IntegrityError if violated else DBAPIError)(
                self.sql,
                None,
                error,
                hide_parameters=True,  # values never reach a log with an error
                connection_invalidated=driver.is_closed(),
            ) from error


async def _driver_of(session: AsyncSession) -> asyncpg.Connection:
    """Give the driver's connection of the session's transaction, which is begun where nothing was done in it yet."""
    known = session.info.get(_DRIVER)
    transaction = session.sync_session.get_transaction()
    if known is not None and known[0] is transaction:
        driver: asyncpg.Connection = known[1]
        return driver
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():
        await session.execute(_NOTHING)
    session.info[_DRIVER] = session.sync_session.get_transaction(), driver
    return driver
