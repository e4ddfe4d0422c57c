"""Hot statements: plain SQL with the driver's `$1` parameters, run in the transaction of a session (see ADR 0010).

A folder keeps its hot statements as texts in one module. Parameters are what asyncpg takes: `datetime`, `UUID`, `Decimal`,
lists for arrays, and JSON text for `json` and `jsonb`, which come back as Python objects.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

SEPARATOR = ","


async def run_sql(session: AsyncSession, statement: str, *parameters: Any) -> Sequence[Row[Any]]:
    """Run a statement and return its rows; no rows where it returns none.

    It begins the transaction or the savepoint that the session is in. Objects that the session holds must be flushed
    before. Raises what SQLAlchemy raises, such as `IntegrityError` with the name of the constraint.
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
