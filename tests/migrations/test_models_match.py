"""The revisions produce what the models declare: alembic's own comparison, and the constraints that it does not see."""

from typing import Any

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.owners import OWNERS, load_metadata
from migrations.run import make_config, to_sqlalchemy_url
from tests.postgres import TestDatabase

HISTORIES = [(owner, history) for owner, histories in OWNERS.items() for history in histories]

# a constraint trigger (contype t) is a function, which only a revision declares; tests/migrations/test_rights_of_roles.py tries it
CONSTRAINTS = """
    SELECT c.relname, n.conname, replace(pg_get_constraintdef(n.oid), $1 || '.', '')
    FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
    WHERE n.contype <> 't' AND n.conparentid = 0 AND c.relnamespace = $1::regnamespace AND NOT c.relispartition AND c.relname NOT LIKE 'alembic_version_%'
"""

INDEXES = """
    SELECT c.relname, i.relname, replace(pg_get_indexdef(i.oid), $1 || '.', '')
    FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE c.relnamespace = $1::regnamespace AND NOT c.relispartition AND c.relname NOT LIKE 'alembic_version_%'
"""


def check(connection: Connection, owner: str, history: str) -> None:
    config = make_config(history)
    config.attributes.update(connection=connection, owner=owner)
    command.check(config)


@pytest.mark.parametrize(("owner", "history"), HISTORIES)
async def test_alembic_finds_no_difference(common_database: TestDatabase, owner: Any, history: Any) -> None:
    engine = create_async_engine(to_sqlalchemy_url(common_database.admin_url), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(check, owner, history)
    await engine.dispose()


@pytest.mark.own_database
@pytest.mark.parametrize("owner", OWNERS)
async def test_constraints_and_indexes_are_those_of_the_models(database: TestDatabase, owner: Any) -> None:
    engine = create_async_engine(to_sqlalchemy_url(database.admin_url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE SCHEMA from_models")
        await connection.exec_driver_sql("SET LOCAL search_path = from_models")
        for history in OWNERS[owner]:
            await connection.run_sync(load_metadata(history).create_all)
    await engine.dispose()
    connection = await asyncpg.connect(database.admin_url)
    try:
        for query in (CONSTRAINTS, INDEXES):
            migrated = {tuple(row) for row in await connection.fetch(query, owner)}
            modelled = {tuple(row) for row in await connection.fetch(query, "from_models")}
            assert migrated - modelled == set(), "only in the revisions"
            assert modelled - migrated == set(), "only in the models"
    finally:
        await connection.close()
