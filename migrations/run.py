"""Bring a database to the state this code was written for: roles, schemas and rights, then every history.

One job at a time (an advisory lock), one event loop, one connection for all histories, each (owner, history) in one
transaction. Where everything is at its head nothing is run. Then the partitions of the years to come are made
(`partitions.py`). `migrate()` is what the launcher, the tests and
`python -m migrations` call.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.owners import DATABASE, OWNERS, version_table
from migrations.partitions import make_ahead
from migrations.roles import lay_rooms, make_roles

HERE = Path(__file__).parent

LOCK = 0x4E54_5000
"""The advisory lock of the one migration job ("NTP")."""

WAIT_FOR_LOCK = "60s"
"""How long a second job waits for the first."""

LOCK_TIMEOUT = "5s"
"""A revision that waits longer for a table would hold up every reader queued behind it; it fails and is tried again."""

STATEMENT_TIMEOUT = "120s"
"""Longer than any statement of a revision on a full database; revisions that need more do their work in parts."""

LIMITS = {"lock_timeout": LOCK_TIMEOUT, "statement_timeout": STATEMENT_TIMEOUT}

Applied = tuple[str, str, str]
"""Owner, history, revision reached."""


class HistoryError(RuntimeError):
    """The database cannot be migrated; the message says why."""


async def migrate(
    admin_url: str,
    *,
    passwords: Mapping[str, str],
    owners: Collection[str] = tuple(OWNERS),
    database: str = DATABASE,
    histories: Path = HERE,
    year: int | None = None,
) -> list[Applied]:
    """Make what is missing and run what has not run; says what was run. `year` is the present one, but in a test.

    `admin_url` is an administrator's (a superuser, or one that may create roles and databases), `passwords` gives
    each owner's running role its password. `histories` is another folder of revisions, for tests.
    """
    configs = {history: config_of(history, histories) for owner in owners for history in OWNERS[owner]}
    heads = {
        history: ScriptDirectory.from_config(config).get_current_head() for history, config in configs.items()
    }
    async with _locked(admin_url) as admin:
        await make_roles(admin, {owner: passwords[owner] for owner in owners}, database=database)
        url = make_url(admin_url).set(drivername="postgresql", database=database)
        here = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await lay_rooms(here, owners)
            found = await _versions(here, owners)
            missing = [
                (owner, history)
                for owner in owners
                for history in OWNERS[owner]
                if heads[history] is not None and found.get((owner, history)) != heads[history]
            ]
            if missing:
                await _upgrade(sqlalchemy_url(admin_url).set(database=database), configs, missing)
            await make_ahead(here, owners, year=year or datetime.now(UTC).year, limits=LIMITS)
        finally:
            await here.close()
    return [(owner, history, str(heads[history])) for owner, history in missing]


def config_of(history: str, histories: Path = HERE) -> Config:
    """Alembic's configuration of one history."""
    config = Config(HERE.parent / "alembic.ini", ini_section=history)
    config.set_section_option(history, "version_locations", str(histories / history))
    return config


def as_owner(connection: Connection, owner: str) -> None:
    """For the rest of the transaction: act as the schema's owner, in its schema, without waiting for ever."""
    connection.exec_driver_sql(f"SET LOCAL ROLE {owner}_owner")
    connection.exec_driver_sql(f"SET LOCAL search_path = {owner}")
    for name, value in LIMITS.items():
        connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")


def sqlalchemy_url(url: str) -> URL:
    """The same address for SQLAlchemy's asyncpg dialect, which has a word of its own for `sslmode`."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    if "sslmode" not in parsed.query:
        return parsed
    return parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": parsed.query["sslmode"]})


@asynccontextmanager
async def _locked(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the administrator that holds the job's lock."""
    url = make_url(admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(f"SET lock_timeout = '{WAIT_FOR_LOCK}'")
        try:
            await admin.execute(f"SELECT pg_advisory_lock({LOCK})")
        except asyncpg.LockNotAvailableError:
            raise HistoryError(
                f"another migration has held the lock for {WAIT_FOR_LOCK}; is it stuck?"
            ) from None
        yield admin
    finally:
        await admin.close()


async def _versions(connection: asyncpg.Connection, owners: Collection[str]) -> dict[tuple[str, str], str]:
    """How far each history has come in each schema."""
    expected = {
        (owner, version_table(history)): (owner, history) for owner in owners for history in OWNERS[owner]
    }
    tables = await connection.fetch(
        "SELECT schemaname, tablename FROM pg_tables WHERE tablename LIKE 'alembic_version_%'"
    )
    present = [tuple(row) for row in tables if tuple(row) in expected]
    if not present:
        return {}
    rows = await connection.fetch(
        " UNION ALL ".join(
            f"SELECT '{schema}', '{table}', version_num FROM {schema}.{table}" for schema, table in present
        )
    )
    return {expected[schema, table]: version for schema, table, version in rows}


async def _upgrade(url: URL, configs: Mapping[str, Config], missing: Collection[tuple[str, str]]) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        for owner, history in missing:
            await connection.run_sync(_upgrade_one, configs[history], owner, history)
    await engine.dispose()


def _upgrade_one(connection: Connection, config: Config, owner: str, history: str) -> None:
    config.attributes.update(connection=connection, owner=owner)
    command.upgrade(config, "head")
    with connection.begin():
        as_owner(connection, owner)
        connection.exec_driver_sql(f"GRANT SELECT ON {version_table(history)} TO {owner}")
