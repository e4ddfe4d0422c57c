"""Database connections: those that the processes of one installation open together, and those that the server gives."""

from shared.local.launcher import SetupError

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


async def read_server_connections(admin_url: str) -> int:
    """Return `max_connections` of a server."""
    import asyncpg  # noqa: PLC0415 (a launcher with the embedded PostgreSQL does without it)

    connection = await asyncpg.connect(admin_url)
    try:
        return int(await connection.fetchval("SHOW max_connections"))
    finally:
        await connection.close()
