"""What the revisions make is what the models say: alembic's own comparison, and the constraints it does not see."""

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.owners import OWNERS, metadata_of
from migrations.run import config_of, sqlalchemy_url

EVERY = [(owner, history) for owner, histories in OWNERS.items() for history in histories]

CONSTRAINTS = """
    SELECT c.relname, n.conname, replace(pg_get_constraintdef(n.oid), $1 || '.', '')
    FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
    WHERE n.conparentid = 0 AND c.relnamespace = $1::regnamespace AND NOT c.relispartition AND c.relname NOT LIKE 'alembic_version_%'
"""

INDEXES = """
    SELECT c.relname, i.relname, replace(pg_get_indexdef(i.oid), $1 || '.', '')
    FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE c.relnamespace = $1::regnamespace AND NOT c.relispartition AND c.relname NOT LIKE 'alembic_version_%'
"""


def check(connection: Connection, owner: str, history: str) -> None:
    config = config_of(history)
    config.attributes.update(connection=connection, owner=owner)
    command.check(config)


@pytest.mark.parametrize(("owner", "history"), EVERY)
async def test_alembic_finds_no_difference(common_database, owner, history):
    engine = create_async_engine(sqlalchemy_url(common_database.admin_url), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(check, owner, history)
    await engine.dispose()


@pytest.mark.own_database
@pytest.mark.parametrize("owner", OWNERS)
async def test_constraints_and_indexes_are_those_of_the_models(database, owner):
    engine = create_async_engine(sqlalchemy_url(database.admin_url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE SCHEMA from_models")
        await connection.exec_driver_sql("SET LOCAL search_path = from_models")
        for history in OWNERS[owner]:
            await connection.run_sync(metadata_of(history).create_all)
    await engine.dispose()
    plain = await asyncpg.connect(database.admin_url)
    try:
        for question in (CONSTRAINTS, INDEXES):
            migrated = {tuple(row) for row in await plain.fetch(question, owner)}
            modelled = {tuple(row) for row in await plain.fetch(question, "from_models")}
            assert migrated - modelled == set(), "only in the revisions"
            assert modelled - migrated == set(), "only in the models"
    finally:
        await plain.close()
