"""Database connections: an operator's own, those that the processes of one installation open together, and those that the server gives."""

from typing import TYPE_CHECKING, Any

from shared.local.launcher import SetupError

if TYPE_CHECKING:
    import asyncpg

RESERVED_CONNECTIONS = 10
"""Connections beside the pools: the migrations, a backup, an operator, and those that PostgreSQL keeps for superusers."""


def require_connections(pooled: int, accepted: int) -> None:
    """Raise `SetupError` where the pools of all processes together may open more connections than a server accepts."""
    if pooled + RESERVED_CONNECTIONS > accepted:
        raise SetupError(
            f"the processes may open {pooled} database connections and {RESERVED_CONNECTIONS} more are kept for operators, "
            f"and PostgreSQL accepts {accepted}: lower NTP_POOL_SIZE or the NTP_…_INSTANCES, raise max_connections, or name a "
            "PgBouncer in NTP_DATABASE_ADDRESS"
        )


async def connect_as_operator(url: str) -> "asyncpg.Connection[Any]":
    """Return a connection. Raises `SetupError` where no server lets an operator in; a database that is not there is asyncpg's error."""
    import asyncpg  # noqa: PLC0415 (a launcher with the embedded PostgreSQL does without it)

    try:
        return await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        raise
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise SetupError(
            f"PostgreSQL does not let this command in ({error}); it is where NTP_ADMIN_DATABASE_URL says, and else the embedded one"
        ) from None


async def read_server_connections(admin_url: str) -> int:
    """Return `max_connections` of a server."""
    connection = await connect_as_operator(admin_url)
    try:
        return int(await connection.fetchval("SHOW max_connections"))
    finally:
        await connection.close()
