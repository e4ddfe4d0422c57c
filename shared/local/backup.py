"""Backup and restore of one installation, with PostgreSQL's own programs.

A backup is a folder: the database as a dump in PostgreSQL's custom format, taken in one snapshot while the stack runs,
and the secrets of the installation. Without the pepper in them every client needs a new secret.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import asyncpg

from shared.local.postgres_programs import PostgresError, find_programs
from shared.local.settings import InstallationSettings
from shared.local.stack import DATABASE, FACTORIES, Stack

DUMP = "ntp.dump"
SECRETS = "secrets.json"


def back_up(settings: InstallationSettings, folder: Path) -> None:
    """Write a backup into a folder that does not exist yet."""
    if folder.exists():
        raise PostgresError(f"{folder} exists already; name a new folder")
    stack = Stack(settings)
    with _running_server(stack):
        folder.mkdir(mode=0o700, parents=True)
        _run_program(stack, "pg_dump", ["--format=custom", f"--file={folder / DUMP}"])
    secrets = settings.folder / SECRETS
    if secrets.exists():
        shutil.copyfile(secrets, folder / SECRETS)
        (folder / SECRETS).chmod(0o600)


def restore(settings: InstallationSettings, folder: Path) -> None:
    """Restore a backup into an installation without data, and migrate it to this version."""
    if not (folder / DUMP).exists():
        raise PostgresError(f"{folder} holds no {DUMP}")
    if (settings.folder / "postgres").exists():
        raise PostgresError(
            f"{settings.folder} holds data already; set NTP_VAR to a new folder, or move it away"
        )
    if (folder / SECRETS).exists():
        settings.folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / SECRETS, settings.folder / SECRETS)
        (settings.folder / SECRETS).chmod(0o600)
    stack = Stack(settings)
    with _running_server(stack):
        asyncio.run(stack.migrate())  # creates the roles that own the tables of the dump
        asyncio.run(_drop_schemas(_make_database_url(stack)))
        _run_program(stack, "pg_restore", ["--single-transaction", "--exit-on-error", str(folder / DUMP)])
        asyncio.run(stack.migrate())


@contextmanager
def _running_server(stack: Stack) -> Iterator[None]:
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


async def _drop_schemas(url: SplitResult) -> None:
    """Drop the empty schemas, which the dump creates."""
    connection = await asyncpg.connect(url.geturl())
    try:
        for owner in FACTORIES:
            await connection.execute(f"DROP SCHEMA IF EXISTS {owner} CASCADE")
    finally:
        await connection.close()


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
