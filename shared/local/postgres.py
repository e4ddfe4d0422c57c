"""The embedded PostgreSQL: a real server on this machine, from a folder of programs (see ADR 0008).

It listens on 127.0.0.1 only, requires a SCRAM password, and keeps its data in one folder. After a `kill -9` of the
server or of its parent the next start recovers. The launcher runs its command line as one of its processes; tests and
the backup call `start()`.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.local.postgres_account import OsAccount, ServerSetup, choose_server_setup
from shared.local.postgres_programs import PostgresError, find_programs, read_major_version
from shared.local.processes import (
    find_processes_in_folder,
    is_running,
    make_parent_death_hook,
    read_command_line,
)

READY_SECONDS = 60
"""Crash recovery of a small database takes a second or two; a slow disk needs more."""

STOP_SECONDS = 4
"""A fast stop takes a tenth of a second. A server stopped without a checkpoint recovers at its next start."""

RETRY_SECONDS = 0.2
"""The backends of a killed server may hold its shared memory for a moment."""

POLL_SECONDS = 0.02

BUILTIN_LOCALE_SINCE = 17
"""The first major version with the locale provider `builtin`."""

SMALL_SHARED_MEMORY_BYTES = 64 * 1024 * 1024
"""With no more than this in /dev/shm (docker's default) parallel queries keep their segments in files."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
"""Fast shutdown, immediate shutdown, kill."""

PROGRAM_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

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
"""For a small machine that also runs five Python processes. The server logs to the launcher, which rotates the file."""


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
        """The superuser's URL, with the password."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        """Run initdb if there are no data, and end what a killed server left; blocks for half a second."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        if self.data.is_symlink() and not self.data.exists():
            self.data.unlink()
        if self.data.is_dir() and not any(self.data.iterdir()):
            self.data.rmdir()
        self._setup = choose_server_setup(find_programs(self._programs), self.data)
        if not self._setup.data.exists():
            self._initialize(self._setup)
        _check_version(self._setup)
        self.end_orphan()

    def make_command(self) -> list[str]:
        """Return the server's command line; it holds no secret."""
        setup = self._get_setup()
        settings = {
            "port": str(self.port),
            "dynamic_shared_memory_type": _choose_shared_memory_type(),
            **self._settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = str(setup.programs / "postgres")
        return [*setup.account.prefix, program, "-D", str(setup.data.resolve()), *options]

    def make_single_user_command(self) -> list[str]:
        """Return the command line of the server in single-user mode, which asks for no password."""
        setup = self._get_setup()
        program = str(setup.programs / "postgres")
        return [*setup.account.prefix, program, "--single", "-D", str(setup.data.resolve()), "postgres"]

    def make_popen_arguments(self) -> dict[str, Any]:
        """Return the arguments of Popen for the command line: the account, and a fast stop when the parent dies."""
        return {
            **self._get_setup().account.popen,
            "cwd": "/",
            "env": PROGRAM_ENVIRONMENT,
            "preexec_fn": make_parent_death_hook(STOP_SIGNALS[0]),
            "process_group": 0,
        }

    def is_ready(self) -> bool:
        """Whether the server accepts connections, by the status in its lock file."""
        lines = self._read_lock_file()
        return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004 (pidfile.h: the status is line 8)

    def end_orphan(self) -> None:
        """Stop a server that still runs on this folder, or end the backends of a killed one and remove its lock file."""
        pid = self._read_server_pid()
        if pid is None:
            return
        if self._is_server(pid):
            _end_server(pid)
        else:
            self._end_backends()
            with contextlib.suppress(FileNotFoundError):
                (self.data / "postmaster.pid").unlink()

    def start(self) -> None:
        """Prepare and start the server and wait until it accepts connections; it ends with this process."""
        self.prepare()
        deadline = time.monotonic() + READY_SECONDS
        with tempfile.TemporaryFile() as log:
            while True:
                log.seek(0)
                log.truncate()  # the message of a failure shows the last attempt only
                self._process = subprocess.Popen(  # noqa: S603 (fixed arguments)
                    self.make_command(),
                    **self.make_popen_arguments(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
                while self._process.poll() is None and time.monotonic() < deadline:
                    if self.is_ready() and self._read_server_pid() == self._process.pid:
                        return
                    time.sleep(POLL_SECONDS)
                if time.monotonic() < deadline - READY_SECONDS / 2:
                    time.sleep(RETRY_SECONDS)
                    continue
                self.stop()
                log.seek(0)
                raise PostgresError(f"PostgreSQL did not start on port {self.port}:\n{log.read().decode()}")

    def stop(self) -> None:
        """Stop the server that `start()` started."""
        process, self._process = self._process, None
        if process is None:
            return
        for stop_signal in STOP_SIGNALS:
            process.send_signal(stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
                return

    def _end_backends(self) -> None:
        """Wait until the backends of a killed server have ended, which takes a second; then kill them."""
        backends = find_processes_in_folder(self.data.resolve(), "postgres")
        if _wait_for_exit(backends):
            return
        for pid in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _wait_for_exit(backends)

    def _get_setup(self) -> ServerSetup:
        if self._setup is None:
            raise PostgresError("prepare() must come first")
        return self._setup

    def _initialize(self, setup: ServerSetup) -> None:
        """Run initdb in a folder beside the data folder and rename it, so that an interrupted run leaves no data folder."""
        account, target = setup.account, setup.data
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        account.take_ownership(new)
        password_file = target.with_name(f"{target.name}.password")
        password_file.unlink(missing_ok=True)
        try:
            with open(password_file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(self._password)
            account.take_ownership(password_file)
            _run_initdb(account, setup.programs, new, password_file)
        finally:
            password_file.unlink(missing_ok=True)
        new.rename(target)

    def _read_lock_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _read_server_pid(self) -> int | None:
        lines = self._read_lock_file()
        return int(lines[0]) if lines and lines[0].lstrip("-").isdigit() else None

    def _is_server(self, pid: int) -> bool:
        """Whether the process is a server on this data folder, not another process with the same id."""
        line = read_command_line(pid)
        return is_running(pid) and "postgres" in line and f"-D {self.data.resolve()} " in f"{line} "


def _run_initdb(account: OsAccount, programs: Path, data: Path, password_file: Path) -> None:
    locale = ["--locale=C.UTF-8"]
    if read_major_version(programs) >= BUILTIN_LOCALE_SINCE:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    result = subprocess.run(  # noqa: S603 (fixed arguments)
        [
            *account.prefix,
            str(programs / "initdb"),
            f"--pgdata={data}",
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *locale,
            "--no-instructions",
        ],
        **account.popen,
        cwd="/",
        env=PROGRAM_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise PostgresError(f"initdb failed on {data}:\n{result.stdout}{result.stderr}")


def _check_version(setup: ServerSetup) -> None:
    """Raise PostgresError when the data were written by another major version than the programs'."""
    version_file = setup.data / "PG_VERSION"
    if not version_file.exists():
        raise PostgresError(f"{setup.data} is not a PostgreSQL data folder; move it away")
    data_version, program_version = int(version_file.read_text()), read_major_version(setup.programs)
    if data_version != program_version:
        raise PostgresError(
            f"{setup.data} was written by PostgreSQL {data_version}, and {setup.programs} is {program_version}: "
            f"set NTP_POSTGRES_PROGRAMS to programs of {data_version}, or dump and load"
        )


def _end_server(pid: int) -> None:
    for stop_signal in STOP_SIGNALS:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, stop_signal)
        if _wait_for_exit([pid]):
            return
    raise PostgresError(f"a PostgreSQL (process {pid}) still runs on its data folder and cannot be stopped")


def _wait_for_exit(pids: list[int]) -> bool:
    """Wait until the processes have ended; return False if one still runs after STOP_SECONDS."""
    deadline = time.monotonic() + STOP_SECONDS
    while any(map(is_running, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _choose_shared_memory_type() -> str:
    try:
        shared_memory = os.statvfs("/dev/shm")  # noqa: S108 (only its size is read)
    except OSError:
        return "mmap" if Path("/proc").exists() else "posix"
    free_bytes = shared_memory.f_bavail * shared_memory.f_frsize
    return "posix" if free_bytes > SMALL_SHARED_MEMORY_BYTES else "mmap"
