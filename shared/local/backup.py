"""Backup and restore of one installation, with PostgreSQL's own programs.

A backup is a folder: the database as a dump in PostgreSQL's custom format, taken in one snapshot while the stack runs,
the secrets of the installation, and a manifest. It is written beside and renamed at the end. Without the pepper in the
secrets every client needs a new secret.

A restore is whole or nothing: it is made in `var/restoring` and moved to its place at the end. While that folder is there
nothing starts; the same command again begins anew.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import asyncpg

from shared.local.connections import connect_as_operator
from shared.local.manifest import (
    MANIFEST,
    BackupError,
    Manifest,
    find_content_faults,
    make_manifest,
    read_content,
    read_manifest,
)
from shared.local.postgres_programs import PostgresError, find_programs, read_major_version
from shared.local.settings import InstallationSettings
from shared.local.stack import DATABASE, RESTORING, SCHEMA_OWNERS, Stack, find_unfinished_restore

DUMP = "ntp.dump"
SECRETS = "secrets.json"
REPLACED_SECRETS = "secrets.json.replaced"

SERVER_WITH_TRANSACTION_TIMEOUT = 17
"""A `pg_restore` from this version on sets it, which an older server refuses."""

WITHOUT_SECRETS = (
    "{path} is missing: without the pepper in it every client needs a new secret; bring it back, or repeat the command "
    "with --without-secrets"
)


def back_up(settings: InstallationSettings, folder: Path, *, without_secrets: bool = False) -> None:
    """Write a backup into a folder that does not exist yet: beside it first, and renamed when it is whole."""
    if folder.exists():
        raise PostgresError(f"{folder} exists already; name a new folder")
    if (sentence := find_unfinished_restore(settings.folder)) is not None:
        raise PostgresError(sentence)
    secrets = settings.folder / SECRETS
    if not secrets.exists() and not without_secrets:
        raise PostgresError(WITHOUT_SECRETS.format(path=secrets))
    stack = Stack(settings)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    try:
        with running_server(stack):
            server_version, content = asyncio.run(_dump(stack, unfinished / DUMP))
        if secrets.exists():
            _copy_private(secrets, unfinished / SECRETS)
        (unfinished / DUMP).chmod(0o600)
        _sync(unfinished / DUMP)
        make_manifest(unfinished, server_version=server_version, content=content).write(unfinished)
        _sync(unfinished)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _sync(folder.parent)


def check_backup(folder: Path) -> Manifest:
    """Return the manifest of a backup that is whole. Raise `BackupError` with every fault."""
    manifest = read_manifest(folder)
    if DUMP not in manifest.files:
        raise BackupError(f"{folder / MANIFEST} names no {DUMP}")
    return manifest


def restore(
    settings: InstallationSettings,
    folder: Path,
    *,
    without_secrets: bool = False,
    without_manifest: bool = False,
) -> Manifest | None:
    """Restore a backup into an installation without data, and migrate it to this version; all of it, or nothing.

    Return its manifest, with which what was restored was compared; None where it has none.
    """
    manifest = None if without_manifest and not (folder / MANIFEST).exists() else check_backup(folder)
    if not (folder / DUMP).exists():
        raise BackupError(f"{folder} holds no {DUMP}")
    if not (folder / SECRETS).exists() and not without_secrets:
        raise BackupError(WITHOUT_SECRETS.format(path=folder / SECRETS))
    restoring, data = settings.folder / RESTORING, settings.folder / "postgres"
    if data.exists() and restoring.exists() and not (restoring / "postgres").exists():
        shutil.rmtree(restoring)  # it was killed after the data had reached their place
        return manifest
    if data.exists():
        raise PostgresError(
            f"{settings.folder} holds data already; set NTP_VAR to a new folder, or move it away"
        )
    again = restoring.exists()
    shutil.rmtree(restoring, ignore_errors=True)
    restoring.mkdir(mode=0o700, parents=True)
    if (folder / SECRETS).exists():
        _copy_private(folder / SECRETS, restoring / SECRETS)
    stack = Stack(settings.model_copy(update={"var": restoring}))
    with running_server(stack):
        asyncio.run(_prepare_database(stack, again=again))
        _run_program(stack, "pg_restore", ["--single-transaction", "--exit-on-error", str(folder / DUMP)])
        if manifest is not None:
            asyncio.run(_compare_content(stack, manifest))
        asyncio.run(stack.migrate())
    _move_into_place(settings.folder, restoring)
    return manifest


def _move_into_place(folder: Path, restoring: Path) -> None:
    """Move what was restored to its place: the secrets, then the data, then the folder goes that refuses every start."""
    secrets = folder / SECRETS
    if secrets.exists():
        secrets.replace(folder / REPLACED_SECRETS)
    if (restoring / SECRETS).exists():
        (restoring / SECRETS).rename(secrets)
    if (restoring / "postgres").exists():
        (restoring / "postgres").rename(folder / "postgres")
    _sync(folder)
    shutil.rmtree(restoring)
    _sync(folder)


async def _dump(stack: Stack, path: Path) -> tuple[str, dict[str, Any]]:
    """Write the dump; return the server's version and where the feeds and the journal end in the same snapshot."""
    connection = await connect_as_operator(_make_database_url(stack).geturl())
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            content = await read_content(connection, SCHEMA_OWNERS)
            arguments = ["--format=custom", f"--snapshot={snapshot}", f"--file={path}"]
            await asyncio.to_thread(_run_program, stack, "pg_dump", arguments)
        return str(await connection.fetchval("SHOW server_version")), content
    finally:
        await connection.close()


async def _prepare_database(stack: Stack, *, again: bool) -> None:
    """Create the roles that own the tables of the dump, and drop the empty schemas, which the dump creates.

    Raise `PostgresError` where another server holds data already, unless it is what a restore before this one left.
    """
    if stack.postgres is None and not again:
        await _refuse_data(stack)
    await stack.migrate()
    connection = await connect_as_operator(_make_database_url(stack).geturl())
    try:
        programs = read_major_version(find_programs(stack.settings.postgres_programs))
        require_restoring_programs(programs, connection.get_server_version().major)
        for owner in SCHEMA_OWNERS:
            await connection.execute(f"DROP SCHEMA IF EXISTS {owner} CASCADE")
    finally:
        await connection.close()


def require_restoring_programs(programs: int, server: int) -> None:
    """Raise `PostgresError` where `pg_restore` of a major version cannot restore into a server of another one."""
    sets_later_settings = server < SERVER_WITH_TRANSACTION_TIMEOUT <= programs
    if programs < server or sets_later_settings:
        raise PostgresError(
            f"the server is PostgreSQL {server}, and pg_restore is of {programs}: set NTP_POSTGRES_PROGRAMS to the folder "
            f"of the programs of {server}, such as /usr/lib/postgresql/{server}/bin"
        )


async def _refuse_data(stack: Stack) -> None:
    try:
        connection = await connect_as_operator(_make_database_url(stack).geturl())
    except asyncpg.InvalidCatalogNameError:
        return
    try:
        content = await read_content(connection, SCHEMA_OWNERS)
    finally:
        await connection.close()
    if any(schema["newest_change"] for schema in content.values()):
        raise PostgresError(
            f"the database {DATABASE} of NTP_ADMIN_DATABASE_URL holds data already; drop it, or name another server"
        )


async def _compare_content(stack: Stack, manifest: Manifest) -> None:
    connection = await connect_as_operator(_make_database_url(stack).geturl())
    try:
        faults = find_content_faults(manifest.content, await read_content(connection, SCHEMA_OWNERS))
    finally:
        await connection.close()
    if faults:
        raise BackupError("\n".join(faults))


@contextmanager
def running_server(stack: Stack) -> Iterator[None]:
    """Run the embedded PostgreSQL, unless it runs already or another server is used."""
    if stack.postgres is None or stack.postgres.is_ready():
        yield
        return
    stack.postgres.start()
    try:
        yield
    finally:
        stack.postgres.stop()


def _make_database_url(stack: Stack) -> SplitResult:
    """Return the administrator's URL of the product's database."""
    return urlsplit(stack.admin_url)._replace(path=f"/{DATABASE}")


def _copy_private(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o600)
    _sync(target)


def _sync(path: Path) -> None:
    """Write a file or the entries of a folder down to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run_program(stack: Stack, program: str, arguments: Sequence[str]) -> None:
    """Run one of PostgreSQL's programs on the product's database; the environment carries the password."""
    url = _make_database_url(stack)
    without_password = url._replace(netloc=url.netloc.replace(f":{url.password}@", "@")).geturl()
    result = subprocess.run(  # noqa: S603 (fixed arguments)
        [
            find_programs(stack.settings.postgres_programs) / program,
            f"--dbname={without_password}",
            *arguments,
        ],
        env={**os.environ, "PGPASSWORD": url.password or ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise PostgresError(f"{program}: {result.stderr.strip()}")
