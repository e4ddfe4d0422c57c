"""What alembic runs for one history in one owner's schema, from `run.py` (a connection is given) or from its own
command line (`alembic -n kit -x owner=rural check`; the server is NTP_ADMIN_DATABASE_URL's)."""

import asyncio
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.owners import DATABASE, OWNERS, metadata_of, version_table
from migrations.run import HistoryError, as_owner, sqlalchemy_url

Include = Callable[[str | None, str, Any], bool]


def run(connection: Connection, owner: str, history: str) -> None:
    """Do what the command asks, in one transaction, as the schema's owner."""
    with connection.begin():
        as_owner(connection, owner)
        dialect = connection.dialect
        dialect.default_schema_name = owner
        context.configure(
            connection=connection,
            target_metadata=metadata_of(history),
            version_table=version_table(history),
            version_table_schema=owner,
            include_name=names_of(connection, owner, history),
            compare_type=True,
            owner=owner,
        )
        with context.begin_transaction():
            context.run_migrations()


def names_of(connection: Connection, owner: str, history: str) -> Include:
    """Which names in the schema a history answers for: those of its own tables, and those that nobody declares.

    Not its siblings' tables, not the version tables, and nothing that PostgreSQL made itself for partitions; or
    `check` would propose to drop them.
    """
    siblings = {
        table for sibling in OWNERS[owner] if sibling != history for table in metadata_of(sibling).tables
    }
    versions = {version_table(sibling) for sibling in OWNERS[owner]}

    @cache
    def partitions() -> frozenset[str]:
        rows = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relispartition AND relnamespace = current_schema()::regnamespace"
        )
        return frozenset(row[0] for row in rows)

    @cache
    def derived_keys() -> frozenset[tuple[str, str]]:
        rows = connection.exec_driver_sql(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint "
            "WHERE conparentid <> 0 AND connamespace = current_schema()::regnamespace"
        )
        return frozenset((row[0], row[1]) for row in rows)

    def include(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "table":
            return name not in siblings | versions | partitions()
        if kind == "foreign_key_constraint":
            return (parents["table_name"], name) not in derived_keys()
        return True

    return include


def main() -> None:
    """Find out for whom, and get a connection where none was given."""
    if context.is_offline_mode():
        raise HistoryError("migrations need a database; there is no offline mode")
    history = context.config.config_ini_section
    given = context.config.attributes
    if "connection" in given:
        run(given["connection"], given["owner"], history)
        return
    owner = context.get_x_argument(as_dictionary=True).get("owner", history)
    if history not in OWNERS.get(str(owner), ()):
        raise HistoryError(
            f"say whose: alembic -n HISTORY -x owner=OWNER, an owner being one of {', '.join(OWNERS)}"
        )
    asyncio.run(connect_and_run(str(owner), history))


async def connect_and_run(owner: str, history: str) -> None:
    """Run on a connection of our own."""
    url = sqlalchemy_url(os.environ["NTP_ADMIN_DATABASE_URL"]).set(database=DATABASE)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run, owner, history)


main()
