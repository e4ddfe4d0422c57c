"""The alembic environment: applies one history in one owner's schema.

`run.py` gives a connection. Alembic's own command line connects to the server of NTP_ADMIN_DATABASE_URL, for example
`alembic -n kit -x owner=rural check`.
"""

import asyncio
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.owners import DATABASE, OWNERS, load_metadata, version_table_name
from migrations.run import HistoryError, act_as_owner, find_oldest_code, to_sqlalchemy_url

NameFilter = Callable[[str | None, str, Any], bool]
"""Whether a name of a kind (table, index, …) with these parents belongs to the history; as alembic calls it."""


def run_history(connection: Connection, owner: str, history: str) -> None:
    """Run alembic's command for a history, in one transaction, as the owner of the schema."""
    with connection.begin():
        act_as_owner(connection, owner)
        connection.dialect.default_schema_name = owner
        context.configure(
            connection=connection,
            target_metadata=load_metadata(history),
            version_table=version_table_name(history),
            version_table_schema=owner,
            include_name=make_name_filter(connection, owner, history),
            compare_type=True,
            owner=owner,
        )
        with context.begin_transaction():
            context.run_migrations()
            declare_compatible_code(connection, history)


def declare_compatible_code(connection: Connection, history: str) -> None:
    """Write into the comment of the version table which code runs on the schema (`shared.kit.schema_revisions`).

    That is code for the last revision, or, where this one states `compatible_from`, code for an earlier revision as well.
    """
    last = context.script.get_current_head()
    if last is None:
        return
    oldest = find_oldest_code(context.script, last)
    connection.exec_driver_sql(f"COMMENT ON TABLE {version_table_name(history)} IS '{oldest}'")


def make_name_filter(connection: Connection, owner: str, history: str) -> NameFilter:
    """Return the filter of the names that a history is responsible for: its own tables, and tables that nobody declares.

    It excludes the tables of the schema's other histories, version tables, and what PostgreSQL creates for partitions;
    otherwise `check` would propose to drop them.
    """
    other_tables = {
        table for other in OWNERS[owner] if other != history for table in load_metadata(other).tables
    }
    version_tables = {version_table_name(other) for other in OWNERS[owner]}

    @cache
    def partitions() -> frozenset[str]:
        rows = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relispartition AND relnamespace = current_schema()::regnamespace"
        )
        return frozenset(row[0] for row in rows)

    @cache
    def inherited_foreign_keys() -> frozenset[tuple[str, str]]:
        rows = connection.exec_driver_sql(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint "
            "WHERE conparentid <> 0 AND connamespace = current_schema()::regnamespace"
        )
        return frozenset((row[0], row[1]) for row in rows)

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "table":
            return name not in other_tables | version_tables | partitions()
        if kind == "foreign_key_constraint":
            return (parents["table_name"], name) not in inherited_foreign_keys()
        return True

    return include_name


def main() -> None:
    """Run the command on the connection of `run.py`, or on a new one for the owner that the command line names."""
    if context.is_offline_mode():
        raise HistoryError("migrations need a database; there is no offline mode")
    history = context.config.config_ini_section
    attributes = context.config.attributes
    if "connection" in attributes:
        run_history(attributes["connection"], attributes["owner"], history)
        return
    owner = str(context.get_x_argument(as_dictionary=True).get("owner", history))
    if history not in OWNERS.get(owner, ()):
        raise HistoryError(
            f"name the owner: alembic -n HISTORY -x owner=OWNER, where OWNER is one of {', '.join(OWNERS)}"
        )
    asyncio.run(connect_and_run(owner, history))


async def connect_and_run(owner: str, history: str) -> None:
    """Run the command on a new connection of the administrator."""
    url = to_sqlalchemy_url(os.environ["NTP_ADMIN_DATABASE_URL"]).set(database=DATABASE)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run_history, owner, history)


main()
