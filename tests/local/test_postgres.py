"""The embedded PostgreSQL: it closes its doors, survives kills, and runs for a user and for root."""

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

import asyncpg
import pytest

from shared.local import postgres_account
from shared.local.postgres import EmbeddedPostgres, PostgresError, find_programs
from shared.local.processes import find_processes_in_folder
from tests.postgres import free_port

pytestmark = pytest.mark.e2e

FOR_A_MOMENT = {"fsync": "off", "dynamic_shared_memory_type": "mmap"}
"""A killed server's data folder goes with the test, and so does what it shared."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has the trouble")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter."""
    with tempfile.TemporaryDirectory(prefix="ntp-tests-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def server(folder: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    made: list[EmbeddedPostgres] = []

    def make(data: Path = folder / "postgres", **options) -> EmbeddedPostgres:
        made.append(
            EmbeddedPostgres(data, port=free_port(), password="s3cret", settings=FOR_A_MOMENT, **options)
        )
        return made[-1]

    yield make
    for one in made:
        one.stop()


async def ask(url: str, statement: str):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_starts_answers_and_keeps_what_it_was_told(server):
    first = server()
    first.start()
    await ask(first.admin_url, "CREATE TABLE kept AS SELECT 1 AS one")
    assert await ask(first.admin_url, "SELECT lower('ĐẮK LẮK')") == "đắk lắk"
    first.stop()
    again = server()
    again.start()
    assert await ask(again.admin_url, "SELECT one FROM kept") == 1


async def test_it_asks_for_a_password_with_scram_and_listens_on_loopback_only(server):
    running = server()
    running.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(running.admin_url.replace("s3cret", "guess"), "SELECT 1")
    methods = await ask(
        running.admin_url,
        "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules WHERE type <> 'local'",
    )
    assert methods == ["scram-sha-256"]
    assert await ask(running.admin_url, "SHOW listen_addresses") == "127.0.0.1"
    assert await ask(running.admin_url, "SHOW unix_socket_directories") == ""
    assert stat.S_IMODE(running.data.stat().st_mode) == 0o700
    assert not list(running.data.parent.glob("*.password"))
    assert "s3cret" not in " ".join(running.command())


async def test_a_killed_server_starts_again_with_everything_acknowledged(server):
    first = server()
    first.start()
    await ask(first.admin_url, "CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    os.kill(first._process.pid, signal.SIGKILL)
    again = server()
    again.start()
    assert await ask(again.admin_url, "SELECT count(*) FROM kept") == 1000


async def test_backends_that_outlive_a_killed_server_are_ended_first(server):
    first = server()
    first.start()
    busy = asyncio.create_task(ask(first.admin_url, "SELECT count(*) FROM generate_series(1, 1000000000)"))
    while not (backends := find_processes_in_folder(first.data, "postgres: postgres postgres")):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    os.kill(backends[0], signal.SIGSTOP)  # it cannot notice that its server is gone
    os.kill(first._process.pid, signal.SIGKILL)
    again = server()
    await asyncio.to_thread(again.prepare)
    assert not find_processes_in_folder(first.data, "postgres")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await busy


async def test_a_server_still_running_on_the_folder_is_stopped_first(server):
    first = server()
    first.start()
    second = server()
    second.start()
    assert first._process.wait(5) == 0
    assert await ask(second.admin_url, "SELECT 1") == 1


async def test_a_lock_file_whose_number_now_belongs_to_another_process_is_dropped(server):
    first = server()
    first.start()
    lock = (first.data / "postmaster.pid").read_text()
    first.stop()
    stranger = subprocess.Popen(["sleep", "60"])  # noqa: ASYNC220
    try:
        (first.data / "postmaster.pid").write_text(lock.replace(lock.splitlines()[0], str(stranger.pid), 1))
        again = server()
        again.start()
        assert await ask(again.admin_url, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_it_ends_when_its_starter_is_killed(folder: Path):
    script = (
        "import sys, time; from pathlib import Path; from shared.local.postgres import EmbeddedPostgres; "
        f"one = EmbeddedPostgres(Path({str(folder / 'postgres')!r}), port={free_port()}, password='x'); one.start(); "
        "print(one._process.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    pid = int(starter.stdout.readline())
    starter.kill()
    starter.communicate()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_half_an_initdb_is_not_taken_for_data(server, folder: Path):
    (folder / "postgres.new" / "base").mkdir(parents=True)
    (folder / "postgres").mkdir()
    server().start()
    assert (folder / "postgres" / "PG_VERSION").exists()
    assert not (folder / "postgres.new").exists()


def test_a_folder_of_something_else_is_refused_in_a_sentence(server, folder: Path):
    (folder / "postgres").mkdir()
    (folder / "postgres" / "letter.txt").write_text("dear")
    with pytest.raises((PostgresError, postgres_account.AccountError)):
        server().start()
    assert (folder / "postgres" / "letter.txt").exists()


def test_data_of_another_major_version_is_refused_in_a_sentence(server, folder: Path):
    first = server()
    first.start()
    first.stop()
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresError, match="was written by PostgreSQL 17"):
        server().start()


def test_a_folder_setting_without_programs_is_refused(folder: Path):
    with pytest.raises(PostgresError, match="holds no PostgreSQL programs"):
        find_programs(folder)
    assert find_programs(find_programs()) == find_programs().resolve()


@as_root
def test_root_runs_it_as_nobody(server, folder: Path):
    running = server()
    running.start()
    assert running.data.owner() == "nobody"


@as_root
async def test_root_runs_it_in_a_folder_that_only_root_may_enter(server, folder: Path):
    if postgres_account._namespace() is None:
        pytest.skip("no user namespaces here")
    (folder / "closed").mkdir(mode=0o700)
    running = server(folder / "closed" / "postgres")
    running.start()
    assert running.data.owner() == "root"
    running.stop()
    again = server(folder / "closed" / "postgres")
    again.start()
    assert await ask(again.admin_url, "SELECT 1") == 1


@as_root
async def test_root_without_namespaces_runs_it_outside_the_closed_folder(server, folder: Path, monkeypatch):
    monkeypatch.setattr(postgres_account, "_namespace", lambda: None)
    monkeypatch.setattr(postgres_account, "OUTSIDE", folder)
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    wheel = find_programs().parent.parent
    shutil.copytree(wheel, closed / wheel.name, ignore=shutil.ignore_patterns("include"))
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, closed / libraries.name)
    programs = closed / wheel.name / "pginstall" / "bin"
    for _ in range(2):
        running = server(closed / "var" / "postgres", programs=programs)
        running.start()
        assert await ask(running.admin_url, "SELECT 1") == 1
        assert (closed / "var" / "postgres").is_symlink()
        running.stop()
    assert len(list(folder.glob("ntp-postgres-*"))) == 1  # noqa: ASYNC240
