"""The embedded PostgreSQL: who may connect, recovery after kill -9, and the account that runs it."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from shared.local import postgres, postgres_account
from shared.local.postgres import EmbeddedPostgres
from shared.local.postgres_programs import PostgresError, find_programs
from shared.local.processes import find_processes_in_folder, make_parent_death_hook
from tests.not_none import not_none
from tests.postgres import free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.e2e

TEST_SETTINGS = {"fsync": "off", "dynamic_shared_memory_type": "mmap"}
"""The data are removed after the test; `mmap` keeps shared memory in the data folder."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only for root")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter."""
    with tempfile.TemporaryDirectory(prefix="ntp-tests-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def make_server(folder: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    servers: list[EmbeddedPostgres] = []

    def make(data: Path = folder / "postgres", **options: Any) -> EmbeddedPostgres:
        servers.append(
            EmbeddedPostgres(data, port=free_port(), password="s3cret", settings=TEST_SETTINGS, **options)
        )
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


async def fetch_value(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_data_are_kept_over_a_restart(make_server: Callable[..., EmbeddedPostgres]) -> None:
    first = make_server()
    first.start()
    await fetch_value(first.admin_url, "CREATE TABLE kept AS SELECT 1 AS number")
    assert await fetch_value(first.admin_url, "SELECT lower('ĐẮK LẮK')") == "đắk lắk"
    first.stop()
    again = make_server()
    again.start()
    assert await fetch_value(again.admin_url, "SELECT number FROM kept") == 1


async def test_connections_need_a_scram_password_and_come_from_this_machine(
    make_server: Callable[..., EmbeddedPostgres],
) -> None:
    running = make_server()
    running.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await fetch_value(running.admin_url.replace("s3cret", "guess"), "SELECT 1")
    methods = await fetch_value(
        running.admin_url,
        "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules WHERE type <> 'local'",
    )
    assert methods == ["scram-sha-256"]
    assert await fetch_value(running.admin_url, "SHOW listen_addresses") == "127.0.0.1"
    assert await fetch_value(running.admin_url, "SHOW unix_socket_directories") == ""
    assert stat.S_IMODE(running.data.stat().st_mode) == 0o700
    assert not list(running.data.parent.glob("*.password"))
    assert "s3cret" not in " ".join(running.make_command())


async def test_a_killed_server_keeps_committed_data(make_server: Callable[..., EmbeddedPostgres]) -> None:
    first = make_server()
    first.start()
    await fetch_value(first.admin_url, "CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    os.kill(not_none(first._process).pid, signal.SIGKILL)
    again = make_server()
    again.start()
    assert await fetch_value(again.admin_url, "SELECT count(*) FROM kept") == 1000


async def test_the_backends_of_a_killed_server_are_ended_first(
    make_server: Callable[..., EmbeddedPostgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STOP_SECONDS", 1)
    first = make_server()
    first.start()
    busy = asyncio.create_task(
        fetch_value(first.admin_url, "SELECT count(*) FROM generate_series(1, 1000000000)")
    )
    while not (backends := find_processes_in_folder(first.data, "postgres: postgres postgres")):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    os.kill(backends[0], signal.SIGSTOP)  # it cannot notice that its server is gone
    os.kill(not_none(first._process).pid, signal.SIGKILL)
    again = make_server()
    await asyncio.to_thread(again.prepare)
    wait_until(lambda: not find_processes_in_folder(first.data, "postgres"))
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await busy


async def test_a_server_that_runs_on_the_folder_is_stopped_first(
    make_server: Callable[..., EmbeddedPostgres],
) -> None:
    first = make_server()
    first.start()
    second = make_server()
    second.start()
    assert not_none(first._process).wait(PATIENCE_SECONDS) == 0
    assert await fetch_value(second.admin_url, "SELECT 1") == 1


async def test_a_lock_file_with_the_id_of_another_process_is_removed(
    make_server: Callable[..., EmbeddedPostgres],
) -> None:
    first = make_server()
    first.start()
    lock = (first.data / "postmaster.pid").read_text()
    first.stop()
    other = subprocess.Popen(  # noqa: ASYNC220
        ["sleep", "3600"],
        preexec_fn=make_parent_death_hook(signal.SIGKILL),  # noqa: PLW1509 (no threads here)
    )
    try:
        (first.data / "postmaster.pid").write_text(lock.replace(lock.splitlines()[0], str(other.pid), 1))
        again = make_server()
        again.start()
        assert await fetch_value(again.admin_url, "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_the_server_ends_when_its_parent_is_killed(folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from shared.local.postgres import EmbeddedPostgres; "
        f"server = EmbeddedPostgres(Path({str(folder / 'postgres')!r}), port={free_port()}, password='x'); server.start(); "
        "print(server._process.pid, flush=True); time.sleep(3600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        preexec_fn=make_parent_death_hook(signal.SIGKILL),  # noqa: PLW1509 (no threads here)
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.long
def test_an_interrupted_initdb_leaves_no_data_folder(
    make_server: Callable[..., EmbeddedPostgres], folder: Path
) -> None:
    (folder / "postgres.new" / "base").mkdir(parents=True)
    (folder / "postgres").mkdir()
    make_server().start()
    assert (folder / "postgres" / "PG_VERSION").exists()
    assert not (folder / "postgres.new").exists()


def test_a_folder_with_other_files_is_refused(
    make_server: Callable[..., EmbeddedPostgres], folder: Path
) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "letter.txt").write_text("dear")
    with pytest.raises(PostgresError):
        make_server().start()
    assert (folder / "postgres" / "letter.txt").exists()


def test_data_of_another_major_version_are_refused(
    make_server: Callable[..., EmbeddedPostgres], folder: Path
) -> None:
    first = make_server()
    first.start()
    first.stop()
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresError, match="was written by PostgreSQL 17"):
        make_server().start()


def test_a_folder_without_programs_is_refused(folder: Path) -> None:
    with pytest.raises(PostgresError, match="holds no PostgreSQL programs"):
        find_programs(folder)
    assert find_programs(find_programs()) == find_programs().resolve()


@as_root
def test_root_runs_the_server_as_nobody(make_server: Callable[..., EmbeddedPostgres], folder: Path) -> None:
    running = make_server()
    running.start()
    assert running.data.owner() == "nobody"


@as_root
async def test_root_runs_the_server_in_a_folder_that_only_root_may_enter(
    make_server: Callable[..., EmbeddedPostgres], folder: Path
) -> None:
    if postgres_account._find_user_namespace() is None:
        pytest.skip("no user namespaces here")
    (folder / "closed").mkdir(mode=0o700)
    running = make_server(folder / "closed" / "postgres")
    running.start()
    assert running.data.owner() == "root"
    running.stop()
    again = make_server(folder / "closed" / "postgres")
    again.start()
    assert await fetch_value(again.admin_url, "SELECT 1") == 1


@pytest.mark.long
@as_root
async def test_root_without_user_namespaces_runs_the_server_in_a_public_folder(
    make_server: Callable[..., EmbeddedPostgres], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_account, "_find_user_namespace", lambda: None)
    monkeypatch.setattr(postgres_account, "PUBLIC_FOLDER", folder)
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    wheel = find_programs().parent.parent
    shutil.copytree(wheel, closed / wheel.name, ignore=shutil.ignore_patterns("include"))
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, closed / libraries.name)
    programs = closed / wheel.name / "pginstall" / "bin"
    for _ in range(2):
        running = make_server(closed / "var" / "postgres", programs=programs)
        running.start()
        assert await fetch_value(running.admin_url, "SELECT 1") == 1
        assert (closed / "var" / "postgres").is_symlink()
        running.stop()
    assert len(list(folder.glob("ntp-postgres-*"))) == 1  # noqa: ASYNC240


@pytest.mark.long
def test_a_port_in_use_is_reported_with_the_log_of_one_attempt(
    make_server: Callable[..., EmbeddedPostgres], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = make_server()
    running.start()
    other = make_server(folder / "other")
    other.port = running.port
    clock = SimpleNamespace(now=0.0)

    def sleep(seconds: float) -> None:
        """After the first attempt there is time for one more."""
        if seconds == postgres.RETRY_SECONDS:
            clock.now = postgres.READY_SECONDS * 0.75
        time.sleep(seconds)

    monkeypatch.setattr(postgres, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
    with pytest.raises(PostgresError, match=f"did not start on port {running.port}") as error:
        other.start()
    assert "Address already in use" in str(error.value)
    assert str(error.value).count("starting PostgreSQL") == 1
