"""Yearly partitions, created ahead by every run of the job: service roles may not create any, and need not. See ADR 0007.

The first revision of a partitioned table creates a partition for each year of a range and one for all other years, so that
no row is refused for its year. When a year gets its partition, its rows are moved there from the partition for all other
years.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import asyncpg

YEARS_AHEAD = 10
"""Plans and commitments name years to come, and a server may run for years before the job runs again."""

_SELECT_TABLES = """
    SELECT n.nspname AS owner, c.relname AS name, k.attname AS year_column, d.relname AS default_partition,
           max(substring(p.relname FROM '_([0-9]{4})$')::int) AS newest_year,
           (SELECT count(*) FROM pg_constraint f
            WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
              AND EXISTS (SELECT FROM pg_partitioned_table o WHERE o.partrelid = f.confrelid)) AS reference_count
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
    ORDER BY reference_count, c.relname
"""


class _PartitionedTable(NamedTuple):
    """A partitioned table that lacks partitions of years to come."""

    owner: str
    name: str
    year_column: str
    default_partition: str
    """The partition for all other years."""
    newest_year: int
    reference_count: int
    """The number of other partitioned tables that its rows reference; the referenced tables get their rows back first."""


async def create_partitions(
    connection: asyncpg.Connection, owners: Collection[str], *, year: int, limits: Mapping[str, str]
) -> None:
    """Create the missing partitions of each table partitioned by year, up to `YEARS_AHEAD` years after `year`.

    It acts as the owner of each schema, in one transaction for each; `limits` are settings of that transaction.
    """
    last_year = year + YEARS_AHEAD
    tables_by_owner: dict[str, list[_PartitionedTable]] = defaultdict(list)
    for row in await connection.fetch(_SELECT_TABLES, list(owners), last_year):
        tables_by_owner[row["owner"]].append(_PartitionedTable(*row))
    for owner, tables in tables_by_owner.items():
        async with connection.transaction():
            settings = {"role": f"{owner}_owner", "search_path": owner, **limits}
            for name, value in settings.items():
                await connection.execute("SELECT set_config($1, $2, true)", name, value)
            for new_year in range(min(table.newest_year for table in tables) + 1, last_year + 1):
                await _create_year(
                    connection, [table for table in tables if table.newest_year < new_year], new_year
                )


async def _create_year(
    connection: asyncpg.Connection, tables: Sequence[_PartitionedTable], year: int
) -> None:
    """Create the partitions of one year. Tables that reference others are moved first and attached last."""
    for table in reversed(tables):
        partition = f"{table.name}_{year}"
        await connection.execute(
            f"CREATE TABLE {partition} (LIKE {table.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
            "INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)"
        )
        await connection.execute(
            f"WITH moved AS (DELETE FROM {table.default_partition} WHERE {table.year_column} = {year} RETURNING *) "
            f"INSERT INTO {partition} SELECT * FROM moved"
        )
    for table in tables:
        await connection.execute(
            f"ALTER TABLE {table.name} ATTACH PARTITION {table.name}_{year} "
            f"FOR VALUES FROM ({year}) TO ({year + 1})"
        )
