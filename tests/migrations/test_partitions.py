"""Partitions of years to come: created by every run of the job, also where the partition for all other years has rows."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from migrations.partitions import YEARS_AHEAD
from migrations.run import migrate
from services.funding.models import PostingRow
from tests.postgres import PASSWORDS, TestDatabase

pytestmark = pytest.mark.own_database

TABLES = {
    "poverty": ("observations", "roll_ups"),
    "rural": ("observations", "roll_ups"),
    "ethnic": ("observations", "roll_ups"),
    "funding": ("entries", "postings"),
    "oversight": ("observations", "roll_ups"),
}
"""Every table that is partitioned by year."""
LATER = 2040

ENTRY = """
    INSERT INTO entries (year, id, kind, program, capital, source, unit, amount_vnd, effective_on, client_id, recorded_at)
    VALUES ($1, gen_random_uuid(), 'allocation', 'rural', 'investment', 'central', '62', 5, '2036-01-01', 'c', now())
    RETURNING id, sequence
"""
LOT = """
    INSERT INTO lots (year, program, capital, source, unit, unit_since, origin_year)
    VALUES ($1, 'rural', 'investment', 'central', '62', '1991-10-01', $1) RETURNING id
"""
MEASURES = [column.name for column in PostingRow.__table__.columns if column.name.endswith("_vnd")]
POSTING = f"""
    INSERT INTO postings (year, entry_id, lot_id, {", ".join(MEASURES)})
    VALUES ($1, coalesce($2, gen_random_uuid()), $3, {", ".join("0" for _ in MEASURES)})
"""
OBSERVATION = """
    INSERT INTO observations (year, period, unit, indicator, report_id, ordinal, value, status, covers)
    VALUES ($1, $2, '610', 'jobs', gen_random_uuid(), 0, 7, 2, 1)
"""


PROPERTIES = (
    "SELECT replace(indexdef, $2, '') FROM pg_indexes WHERE schemaname || '.' || tablename = $1",
    "SELECT replace(pg_get_constraintdef(oid), $2, '') FROM pg_constraint WHERE conrelid = $1::regclass",
    """SELECT format('%s %s %s', attname, attidentity, attnotnull) FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND $2 <> ''""",
    "SELECT relowner::regrole::text FROM pg_class WHERE oid = $1::regclass AND $2 <> ''",
)
"""The queries by which two partitions are compared: indexes, constraints, columns, owner."""


@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def run(database: TestDatabase, year: Any) -> Any:
    return await migrate(database.server, passwords=PASSWORDS, database=database.name, year=year)


async def list_partitions(admin: Any, owner: Any, table: Any) -> Any:
    rows = await admin.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass",
        f"{owner}.{table}",
    )
    return {row["name"].removeprefix(f"{owner}.{table}_") for row in rows}


async def test_these_are_all_tables_partitioned_by_year(database: TestDatabase, admin: Any) -> None:
    rows = await admin.fetch(
        "SELECT relnamespace::regnamespace::text AS owner, relname AS name FROM pg_class WHERE relkind = 'p'"
    )
    assert {(row["owner"], row["name"]) for row in rows} == {
        (owner, table) for owner, tables in TABLES.items() for table in tables
    }


async def test_years_to_come_have_partitions_ahead(database: TestDatabase, admin: Any) -> None:
    assert await run(database, LATER) == []
    for owner, tables in TABLES.items():
        for table in tables:
            years = {str(year) for year in range(2016, LATER + YEARS_AHEAD + 1)}
            assert await list_partitions(admin, owner, table) == {*years, "default"}
    before = await admin.fetchval("SELECT count(*) FROM pg_class")
    assert await run(database, LATER) == []
    assert await run(database, LATER - 3) == []
    assert await admin.fetchval("SELECT count(*) FROM pg_class") == before


async def test_a_new_partition_is_like_the_old_ones(database: TestDatabase, admin: Any) -> None:
    await run(database, LATER)
    for owner, tables in TABLES.items():
        for table in tables:
            old, new = (f"{owner}.{table}_{year}" for year in (2020, LATER))
            for query in PROPERTIES:
                assert sorted(row[0] for row in await admin.fetch(query, old, "_2020")) == sorted(
                    row[0] for row in await admin.fetch(query, new, f"_{LATER}")
                )


async def test_rows_are_moved_from_the_partition_for_all_other_years(
    database: TestDatabase, admin: Any
) -> None:
    poverty = await asyncpg.connect(database.url("poverty").replace("+asyncpg", ""))
    await poverty.execute(OBSERVATION, LATER, str(LATER))
    await poverty.execute(OBSERVATION, 1999, "1999")
    funding = await asyncpg.connect(database.url("funding").replace("+asyncpg", ""))
    entry, sequence = await funding.fetchrow(ENTRY, LATER)
    lot = await funding.fetchval(LOT, LATER)
    await funding.execute(POSTING, LATER, entry, lot)
    await run(database, LATER)
    counts = {
        (owner, table): {
            row["partition"]: row["rows"]
            for row in await admin.fetch(
                f"SELECT tableoid::regclass::text AS partition, count(*) AS rows FROM {owner}.{table} GROUP BY 1"
            )
        }
        for owner, table in (("poverty", "observations"), ("funding", "entries"), ("funding", "postings"))
    }
    assert counts == {
        ("poverty", "observations"): {
            f"poverty.observations_{LATER}": 1,
            "poverty.observations_default": 1,
        },
        ("funding", "entries"): {f"funding.entries_{LATER}": 1},
        ("funding", "postings"): {f"funding.postings_{LATER}": 1},
    }
    again, next_sequence = await funding.fetchrow(ENTRY, LATER)
    assert next_sequence == sequence + 1
    kept = await funding.fetch("SELECT id, sequence FROM entries WHERE year = $1 ORDER BY sequence", LATER)
    assert [tuple(row) for row in kept] == [(entry, sequence), (again, next_sequence)]
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await funding.execute(POSTING, LATER, None, lot)
    await poverty.close()
    await funding.close()


async def test_a_service_role_cannot_create_a_partition(database: TestDatabase) -> None:
    poverty = await asyncpg.connect(database.url("poverty").replace("+asyncpg", ""))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await poverty.execute(
            "CREATE TABLE observations_2090 PARTITION OF observations FOR VALUES FROM (2090) TO (2091)"
        )
    await poverty.close()
