"""Partitions by year, made ahead by every run of the job: the running roles may not make any, and need not.

A table that is partitioned by year has a partition for each year from its first revision on, and one for every other
year, so that nothing is ever refused for its year. What came to lie there before its year had a partition is moved.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import asyncpg

YEARS_AHEAD = 10
"""A plan or a commitment names years to come, and a server may run for years before the job runs again."""

_NEWEST = """
    SELECT n.nspname AS owner, c.relname AS name, k.attname AS year, d.relname AS rest,
           max(substring(p.relname FROM '_([0-9]{4})$')::int) AS newest,
           (SELECT count(*) FROM pg_constraint f
            WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
              AND EXISTS (SELECT FROM pg_partitioned_table o WHERE o.partrelid = f.confrelid)) AS leans_on
    FROM pg_partitioned_table t
    JOIN pg_class c ON c.oid = t.partrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = t.partattrs[0]
    JOIN pg_class d ON d.oid = t.partdefid
    JOIN pg_inherits i ON i.inhparent = c.oid
    JOIN pg_class p ON p.oid = i.inhrelid
    WHERE n.nspname = ANY($1)
    GROUP BY n.nspname, c.oid, c.relname, k.attname, d.relname
    HAVING max(substring(p.relname FROM '_([0-9]{4})$')::int) < $2
    ORDER BY leans_on, c.relname
"""


class _Table(NamedTuple):
    """A table whose newest partition is not new enough."""

    owner: str
    name: str
    year: str
    """The column by which it is partitioned."""
    rest: str
    """The partition of every other year."""
    newest: int
    leans_on: int
    """How many other partitioned tables its rows refer to: those get their rows back first."""


async def make_ahead(
    connection: asyncpg.Connection, owners: Collection[str], *, year: int, limits: Mapping[str, str]
) -> None:
    """Give each table that is partitioned by year its partitions up to so many years after this one.

    As each schema's owner, in one transaction for each; `limits` are settings of that transaction.
    """
    last = year + YEARS_AHEAD
    found: dict[str, list[_Table]] = defaultdict(list)
    for row in await connection.fetch(_NEWEST, list(owners), last):
        found[row["owner"]].append(_Table(*row))
    for owner, tables in found.items():
        async with connection.transaction():
            settings = {"role": f"{owner}_owner", "search_path": owner, **limits}
            for name, value in settings.items():
                await connection.execute("SELECT set_config($1, $2, true)", name, value)
            for new in range(min(it.newest for it in tables) + 1, last + 1):
                await _make(connection, [it for it in tables if it.newest < new], new)


async def _make(connection: asyncpg.Connection, tables: Sequence[_Table], new: int) -> None:
    """Make one year's partitions: what refers to others is moved first and attached last."""
    for it in reversed(tables):
        await connection.execute(
            f"CREATE TABLE {it.name}_{new} (LIKE {it.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
            "INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)"
        )
        await connection.execute(
            f"WITH moved AS (DELETE FROM {it.rest} WHERE {it.year} = {new} RETURNING *) "
            f"INSERT INTO {it.name}_{new} SELECT * FROM moved"
        )
    for it in tables:
        await connection.execute(
            f"ALTER TABLE {it.name} ATTACH PARTITION {it.name}_{new} FOR VALUES FROM ({new}) TO ({new + 1})"
        )
