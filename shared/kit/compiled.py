"""The few statements of which the hottest path is made, handed to the driver ready to run.

What SQLAlchemy does for each execution - a key for its cache, a context, a result - costs twice what the driver does.
A statement that is run for every report is compiled once instead, and runs on the connection of the session's own
transaction: what it writes is committed or rolled back with all the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import SessionTransaction

_DIALECT: Final = dialects.dialect()  # type: ignore[no-untyped-call]
_NOTHING = text("SELECT")
_DRIVER = "driver"
"""Where a session remembers the connection of its transaction, beside the transaction that it belongs to."""


class Compiled:
    """A textual statement with typed parameters, compiled once.

    It knows nothing of mapped objects: what a session is to add must be flushed before. A parameter that is not given a
    value is refused, with a `KeyError`.
    """

    def __init__(self, statement: TextClause) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        """As the driver gets it."""
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._read = [
            (name, compiled.binds[name].type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
            for name in compiled.positiontup or ()
        ]

    async def rows(self, session: AsyncSession, values: Mapping[str, Any]) -> Sequence[asyncpg.Record]:
        """Run it in the session's transaction; gives its rows."""
        driver = await _driver_of(session)
        given = {**self._fixed, **values}
        placed = (given[name] if read is None else read(given[name]) for name, read in self._read)
        try:
            found: Sequence[asyncpg.Record] = await driver.fetch(self.sql, *placed)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise _kind_of(error)(
                self.sql,
                None,
                error,
                hide_parameters=True,  # values never reach a log with an error
                connection_invalidated=driver.is_closed(),
            ) from error
        return found


def _kind_of(error: Exception) -> type[DBAPIError]:
    """Give what SQLAlchemy raises for an error of the driver."""
    kinds = {
        asyncpg.IntegrityConstraintViolationError: IntegrityError,
        asyncpg.SyntaxOrAccessError: ProgrammingError,
        asyncpg.InterfaceError: InterfaceError,
    }
    return next((kind for each, kind in kinds.items() if isinstance(error, each)), DBAPIError)


async def _driver_of(session: AsyncSession) -> asyncpg.Connection:
    """Give the driver's connection of the session's transaction; begins it, and a savepoint, where that is to be done yet."""
    known = session.info.get(_DRIVER)
    if known is not None and known[0] is _innermost(session):
        driver: asyncpg.Connection = known[1]
        return driver
    connection = await session.connection()  # it is here that a session makes the savepoint it was asked for
    driver = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():
        await session.execute(_NOTHING)
    session.info[_DRIVER] = _innermost(session), driver
    return driver


def _innermost(session: AsyncSession) -> SessionTransaction | None:
    """Give the savepoint or transaction that the session is in."""
    return session.sync_session.get_nested_transaction() or session.sync_session.get_transaction()
