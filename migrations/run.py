"""Bring a database to the state that this code requires: roles, schemas, every history, then partitions of years to come.

One job runs at a time (an advisory lock). It applies all histories on one connection, each history of each owner in one
transaction; where all are at their last revision it applies nothing. The launcher, the tests and `python -m migrations`
call `migrate()`.
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

from migrations.owners import DATABASE, OWNERS, version_table_name
from migrations.partitions import create_partitions
from migrations.roles import create_roles, create_schemas, require_server

FOLDER = Path(__file__).parent

LOCK_KEY = 0x4E54_5000
"""The key of the job's advisory lock ("NTP")."""

JOB_LOCK_TIMEOUT = "60s"
"""The time that a job waits for another one. Shorter, and two replicas that start together fail."""

LOCK_TIMEOUT = "5s"
"""The time that a revision waits for a table. Longer, and every reader queued behind it waits; it fails and is run again."""

STATEMENT_TIMEOUT = "120s"
"""Longer than any statement of a revision on a full database; a revision that needs more works in parts."""

LIMITS = {"lock_timeout": LOCK_TIMEOUT, "statement_timeout": STATEMENT_TIMEOUT}

AppliedHistory = tuple[str, str, str]
"""Owner, history, revision that was reached."""


class HistoryError(RuntimeError):
    """The database cannot be migrated; the message states the reason."""


async def migrate(
    admin_url: str,
    *,
    passwords: Mapping[str, str],
    owners: Collection[str] = tuple(OWNERS),
    database: str = DATABASE,
    histories: Path = FOLDER,
    year: int | None = None,
    beside_running: bool = False,
) -> list[AppliedHistory]:
    """Create what is missing, apply what is not applied, and return the histories that were upgraded.

    `admin_url` is that of an administrator: a superuser, or one that may create roles and databases. `passwords` are
    those of the service roles, by owner. Tests give `histories`, another folder of revisions, and `year`, which is
    otherwise the present one. With `beside_running` nothing is changed where the code that wrote the present schema does not
    work with the new one; raise `HistoryError` then.
    """
    configs = {history: make_config(history, histories) for owner in owners for history in OWNERS[owner]}
    heads = {
        history: ScriptDirectory.from_config(config).get_current_head() for history, config in configs.items()
    }
    async with _connect_with_lock(admin_url) as admin:
        require_server(await admin.fetchval("SELECT version()"), admin.get_server_version().major)
        await create_roles(admin, {owner: passwords[owner] for owner in owners}, database=database)
        url = make_url(admin_url).set(drivername="postgresql", database=database)
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await create_schemas(connection, owners)
            versions = await _read_versions(connection, owners)
            _refuse_newer(versions, configs)
            outdated = [
                (owner, history)
                for owner in owners
                for history in OWNERS[owner]
                if heads[history] is not None and versions.get((owner, history)) != heads[history]
            ]
            if beside_running:
                _refuse_incompatible(versions, configs, outdated)
            if outdated:
                await _upgrade(to_sqlalchemy_url(admin_url).set(database=database), configs, outdated)
            await create_partitions(connection, owners, year=year or datetime.now(UTC).year, limits=LIMITS)
        finally:
            await connection.close()
    return [(owner, history, str(heads[history])) for owner, history in outdated]


def _refuse_newer(versions: Mapping[tuple[str, str], str], configs: Mapping[str, Config]) -> None:
    """Raise `HistoryError` where a schema has reached a revision that this version does not have."""
    newer = []
    for (owner, history), revision in versions.items():
        if history in configs:
            script = ScriptDirectory.from_config(configs[history])
            if revision not in {known.revision for known in script.walk_revisions()}:
                newer.append(f"{owner} is at {revision}, this version ends at {script.get_current_head()}")
    if newer:
        raise HistoryError(
            "the data were written by a newer version; run that version, or restore the backup of before: "
            + "; ".join(newer)
        )


def _refuse_incompatible(
    versions: Mapping[tuple[str, str], str],
    configs: Mapping[str, Config],
    outdated: Collection[tuple[str, str]],
) -> None:
    """Raise `HistoryError` where code for the applied revision does not run on the last one."""
    refused = []
    for owner, history in outdated:
        applied = versions.get((owner, history))
        script = ScriptDirectory.from_config(configs[history])
        last = script.get_current_head()
        if applied is not None and last is not None and find_oldest_code(script, last) > applied:
            refused.append(f"{owner} is at {applied}, and its code does not work with {last}")
    if refused:
        raise HistoryError(
            "this version cannot replace the running one process by process: stop everything, then start it; "
            + "; ".join(refused)
        )


def find_oldest_code(script: ScriptDirectory, revision: str) -> str:
    """Return the oldest revision whose code runs on the schema of a revision: what it states as `compatible_from`, else itself."""
    return str(getattr(script.get_revision(revision).module, "compatible_from", revision))


def make_config(history: str, histories: Path = FOLDER) -> Config:
    """Return alembic's configuration of a history."""
    config = Config(FOLDER.parent / "alembic.ini", ini_section=history)
    config.set_section_option(history, "version_locations", str(histories / history))
    return config


def act_as_owner(connection: Connection, owner: str) -> None:
    """Set the role, the search path and the time-outs of the schema's owner for the rest of the transaction."""
    connection.exec_driver_sql(f"SET LOCAL ROLE {owner}_owner")
    connection.exec_driver_sql(f"SET LOCAL search_path = {owner}")
    for name, value in LIMITS.items():
        connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")


def to_sqlalchemy_url(url: str) -> URL:
    """Convert a URL for SQLAlchemy's asyncpg dialect, which calls `sslmode` `ssl`."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    if "sslmode" not in parsed.query:
        return parsed
    return parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": parsed.query["sslmode"]})


@asynccontextmanager
async def _connect_with_lock(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection of the administrator that holds the job's lock."""
    url = make_url(admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(f"SET lock_timeout = '{JOB_LOCK_TIMEOUT}'")
        try:
            await admin.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
        except asyncpg.LockNotAvailableError:
            raise HistoryError(
                f"another migration has held the lock for {JOB_LOCK_TIMEOUT}; is it stuck?"
            ) from None
        yield admin
    finally:
        await admin.close()


async def _read_versions(
    connection: asyncpg.Connection, owners: Collection[str]
) -> dict[tuple[str, str], str]:
    """Return the applied revision of each history that has one, by owner and history."""
    histories = {
        (owner, version_table_name(history)): (owner, history)
        for owner in owners
        for history in OWNERS[owner]
    }
    tables = await connection.fetch(
        "SELECT schemaname, tablename FROM pg_tables WHERE tablename LIKE 'alembic_version_%'"
    )
    present = [tuple(row) for row in tables if tuple(row) in histories]
    if not present:
        return {}
    rows = await connection.fetch(
        " UNION ALL ".join(
            f"SELECT '{schema}', '{table}', version_num FROM {schema}.{table}" for schema, table in present
        )
    )
    return {histories[schema, table]: version for schema, table, version in rows}


async def _upgrade(url: URL, configs: Mapping[str, Config], outdated: Collection[tuple[str, str]]) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        for owner, history in outdated:
            await connection.run_sync(_upgrade_history, configs[history], owner, history)
    await engine.dispose()


def _upgrade_history(connection: Connection, config: Config, owner: str, history: str) -> None:
    config.attributes.update(connection=connection, owner=owner)
    command.upgrade(config, "head")
    with connection.begin():
        act_as_owner(connection, owner)
        connection.exec_driver_sql(f"GRANT SELECT ON {version_table_name(history)} TO {owner}")
