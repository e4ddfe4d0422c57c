"""Backup and restore of one installation, with PostgreSQL's own programs.

A backup is a folder: the database as a dump in PostgreSQL's custom format, taken in one snapshot while everything runs,
and the secrets that belong to it. Without the pepper in them every client would need a new secret.
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

from shared.local.postgres import PostgresError, find_programs
from shared.local.settings import InstallationSettings
from shared.local.stack import DATABASE, FACTORIES, Stack

DUMP = "ntp.dump"
SECRETS = "secrets.json"


def backup(panel: InstallationSettings, folder: Path) -> None:
    """Write a backup into a folder that is not there yet."""
    if folder.exists():
        raise PostgresError(f"{folder} is there already; name a new folder")
    stack = Stack(panel)
    with _server(stack):
        folder.mkdir(mode=0o700, parents=True)
        _run(stack, "pg_dump", ["--format=custom", f"--file={folder / DUMP}"])
    kept = panel.folder / SECRETS
    if kept.exists():
        shutil.copyfile(kept, folder / SECRETS)
        (folder / SECRETS).chmod(0o600)


def restore(panel: InstallationSettings, folder: Path) -> None:
    """Bring a backup into an installation that holds nothing yet, and migrate it to this version."""
    if not (folder / DUMP).exists():
        raise PostgresError(f"{folder} holds no {DUMP}")
    if (panel.folder / "postgres").exists():
        raise PostgresError(
            f"{panel.folder} holds data already; set NTP_VAR to a new folder, or move it away"
        )
    if (folder / SECRETS).exists():
        panel.folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / SECRETS, panel.folder / SECRETS)
        (panel.folder / SECRETS).chmod(0o600)
    stack = Stack(panel)
    with _server(stack):
        asyncio.run(stack.migrate())  # makes the roles that the dump's tables belong to
        asyncio.run(_drop_schemas(_database_of(stack)))
        _run(stack, "pg_restore", ["--single-transaction", "--exit-on-error", str(folder / DUMP)])
        asyncio.run(stack.migrate())


def execute(panel: InstallationSettings, name: str, command: Sequence[str]) -> None:
    """Become a command that is told what one of the processes is told; does not return."""
    os.execvpe(command[0], list(command), Stack(panel).environment(name))  # noqa: S606 (the operator's own command)


@contextmanager
def _server(stack: Stack) -> Iterator[None]:
    """Have the embedded PostgreSQL run for a while, unless it does, or another one is used."""
    if stack.postgres is None or stack.postgres.is_ready():
        yield
        return
    stack.postgres.start()
    try:
        yield
    finally:
        stack.postgres.stop()


def _database_of(stack: Stack) -> SplitResult:
    """The administrator's way into the product's database."""
    return urlsplit(stack.admin_url)._replace(path=f"/{DATABASE}")


async def _drop_schemas(address: SplitResult) -> None:
    """Make room for the dump's own schemas, which are about to come."""
    connection = await asyncpg.connect(address.geturl())
    try:
        for owner in FACTORIES:
            await connection.execute(f"DROP SCHEMA IF EXISTS {owner} CASCADE")
    finally:
        await connection.close()


def _run(stack: Stack, program: str, arguments: Sequence[str]) -> None:
    """Run one of PostgreSQL's programs on the product's database; the password goes by the environment."""
    address = _database_of(stack)
    named = address._replace(netloc=address.netloc.replace(f":{address.password}@", "@")).geturl()
    where = find_programs(stack.panel.postgres_programs) / program
    done = subprocess.run(  # noqa: S603 (our own arguments)
        [where, f"--dbname={named}", *arguments],
        env={**os.environ, "PGPASSWORD": address.password or ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PostgresError(f"{program}: {done.stderr.strip()}")
