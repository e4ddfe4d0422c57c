"""Runs the product on one machine: the embedded PostgreSQL, a step before (migrations), and a table of processes.

    await Launcher(processes=TABLE, postgres=postgres, before=migrations, folder=var).run()

It starts them in the table's order and waits until each answers, restarts what dies, and stops in reverse order
within five seconds. If it is killed itself, the kernel stops its children; what that misses the next start ends.
"""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.local.postgres import EmbeddedPostgres, PostgresError
from shared.local.postgres_account import AccountError
from shared.local.processes import make_parent_death_hook
from shared.local.run_folder import RunFolder
from shared.local.supervisor import Child, Say, Start

HOST = "127.0.0.1"

READY_PATH = "/livez"

PROBE_SECONDS = 2.0

START_SECONDS = 90.0
"""After so long a start has failed; a slow machine in CI needs twenty."""

STOP_SECONDS = 4.0
"""For all processes together; PostgreSQL has the last second."""

SHORTEST_STOP_SECONDS = 0.3

POSTGRES_STOP_SECONDS = 0.8
"""A fast stop takes a tenth of it. Killed after that, it loses nothing and recovers at its next start."""

RELEASE_SECONDS = 1.5
"""The system closes the sockets of a process that was just killed a moment after the process is gone; so a port is
called taken only after a second look."""

RELEASE_POLL_SECONDS = 0.05

EXIT_SETUP_ERROR = 2
"""Exit code when something must be changed before a start can succeed."""


class SetupError(RuntimeError):
    """A start cannot succeed as things are; the message is one sentence that says what to change."""


@dataclass(frozen=True)
class AppSpec:
    """One row of the table of processes: an application factory served on a port of its own."""

    name: str
    app: str
    """module:factory"""
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    """Its whole environment; nothing is inherited."""
    port_setting: str = ""
    """The environment variable that moves it to another port."""
    folder: Path = field(default_factory=Path.cwd)
    """Where its modules are."""


class Launcher:
    """One stack in one folder."""

    def __init__(
        self,
        *,
        processes: Sequence[AppSpec],
        folder: Path,
        before: Callable[[], Awaitable[Sequence[str]]] | None = None,
        postgres: EmbeddedPostgres | None = None,
        postgres_setting: str = "",
    ) -> None:
        self._processes = processes
        self._run = RunFolder(folder / "run")
        self._before = before
        self._postgres = postgres
        self._postgres_setting = postgres_setting
        self._say = Say(["launcher", *(["postgres"] if postgres else []), *(one.name for one in processes)])
        self._children: list[Child] = []
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> int:
        """Start everything, keep it running until told to stop; the exit code."""
        begun = time.monotonic()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_stop)
        try:
            self._claim()
        except SetupError as error:
            self._say("launcher", str(error))
            return EXIT_SETUP_ERROR
        try:
            for orphan in self._run.end_orphans():
                self._say(
                    "launcher", f"ended {orphan.name} (process {orphan.pid}), left by a killed launcher"
                )
            if self._postgres is not None:
                self._postgres.end_orphan()
            await self._check_ports()
            starting = asyncio.create_task(self._start_everything())
            await self._unless_stopped(starting)
            if not self._stop.is_set():
                self._run.say_launcher(ready=True)
                self._say(
                    "launcher", f"everything is ready after {time.monotonic() - begun:.1f} s; Ctrl-C stops it"
                )
                await self._stop.wait()
        except (SetupError, PostgresError, AccountError) as error:
            self._say("launcher", str(error))
            return EXIT_SETUP_ERROR
        finally:
            await self._stop_everything()
            self._run.release()
        return 0

    def _told_to_stop(self) -> None:
        (self._hurry if self._stop.is_set() else self._stop).set()

    def _claim(self) -> None:
        try:
            other = self._run.claim()
        except OSError as error:
            raise SetupError(
                f"{self._run.folder} cannot be written ({error.strerror}); set NTP_VAR to another folder"
            ) from None
        if other is not None:
            raise SetupError(f"already running (process {other.pid}); `make stop` ends it")

    async def _check_ports(self) -> None:
        """Make sure that every port is free; where one stays taken, refuse to start."""
        deadline = time.monotonic() + RELEASE_SECONDS
        while faults := self._port_faults():
            if time.monotonic() > deadline:
                raise SetupError("\n".join(faults))
            await asyncio.sleep(RELEASE_POLL_SECONDS)

    def _port_faults(self) -> list[str]:
        """Of every port that is taken: whose it was to be and which setting moves it."""
        wanted = [(one.port, one.name, one.port_setting) for one in self._processes]
        if self._postgres is not None:
            wanted.append((self._postgres.port, "postgres", self._postgres_setting))
        faults = []
        for place, (port, name, setting) in enumerate(wanted):
            twins = [other for other_port, other, _ in wanted[:place] if other_port == port]
            advice = f"set {setting} to another" if setting else "choose another"
            if twins:
                faults.append(f"port {port} is given to both {twins[0]} and {name}; {advice}")
            elif fault := _port_fault(port):
                faults.append(f"port {port}, meant for {name}, {fault}; {advice}")
        return faults

    async def _start_everything(self) -> None:
        """PostgreSQL, the step before, the processes; these load their modules while they wait for the others."""
        apps = [self._child(_app_start(one)) for one in self._processes]
        self._children += apps
        for app in apps:
            app.begin()
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.prepare)
            postgres = self._child(_postgres_start(self._postgres))
            self._children.insert(0, postgres)
            postgres.begin()
            await _all_up([postgres])
        if self._before is not None:
            for line in await self._before():
                self._say("launcher", line)
        for app in apps:
            app.go()
        await _all_up(apps)

    def _child(self, start: Start) -> Child:
        return Child(start, run=self._run, say=self._say)

    async def _unless_stopped(self, starting: asyncio.Task[None]) -> None:
        """Wait for the start, but not once told to stop."""
        stop = asyncio.create_task(self._stop.wait())
        everything: list[asyncio.Task[Any]] = [starting, stop]
        await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if starting.done():
            starting.result()
        else:
            starting.cancel()
            await asyncio.wait([starting])

    async def _stop_everything(self) -> None:
        """In reverse order: whoever uses another goes first, and PostgreSQL goes last."""
        deadline = time.monotonic() + STOP_SECONDS
        if self._children:
            self._say("launcher", "stopping")
        left = list(reversed(self._children))
        while left:
            child = left[0]
            share = (deadline - time.monotonic()) / len(left)
            patience = (
                POSTGRES_STOP_SECONDS if child.name == "postgres" else max(share, SHORTEST_STOP_SECONDS)
            )
            await child.stop(0.0 if self._hurry.is_set() else patience)
            left.pop(0)
        if self._children:
            self._say("launcher", "everything has stopped")


def run_launcher(launcher: Callable[[], Launcher]) -> int:
    """Run a launcher to its end in this process."""

    async def run() -> int:
        return await launcher().run()

    return asyncio.run(run())


async def is_responding(port: int, path: str = READY_PATH) -> bool:
    """Whether the process on the port answers 200."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _app_start(process: AppSpec) -> Start:
    async def is_ready() -> bool:
        return await is_responding(process.port)

    return Start(
        name=process.name,
        command=[
            *(sys.executable, "-m", "shared.kit.serve", process.app),
            *("--host", HOST, "--port", str(process.port), "--wait"),
        ],
        popen={"env": {**process.environment, "PYTHONUNBUFFERED": "1"}, "cwd": process.folder},
        is_ready=is_ready,
        waits=True,
    )


def _postgres_start(postgres: EmbeddedPostgres) -> Start:
    async def is_ready() -> bool:
        return postgres.is_ready()

    return Start(
        name="postgres",
        command=postgres.command(),
        popen=postgres.popen(),
        is_ready=is_ready,
        stop_signals=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
        before=postgres.end_orphan,
    )


async def _all_up(children: Sequence[Child]) -> None:
    """Wait until all are ready; one that cannot start ends the start."""
    try:
        async with asyncio.timeout(START_SECONDS):
            for came_up in asyncio.as_completed([child.came_up for child in children]):
                if not await came_up:
                    failed = [one.name for one in children if one.came_up.done() and not one.came_up.result()]
                    raise SetupError(f"{', '.join(failed)} cannot start; the lines above say why")
    except TimeoutError:
        slow = [child.name for child in children if not child.came_up.done()]
        raise SetupError(f"{', '.join(slow)}: not ready after {START_SECONDS:.0f} s") from None


async def run_job(command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> list[str]:
    """Run a job to its end, for the step before; its lines. A job that fails ends the start with what it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=make_parent_death_hook(signal.SIGTERM),
        process_group=0,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    lines = said.decode(errors="replace").splitlines()
    if process.returncode != 0:
        raise SetupError("\n".join(lines))
    return lines


def _port_fault(port: int) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "may not be used by an ordinary user"
        except OSError as error:
            return f"is taken ({os.strerror(error.errno or 0).lower()})"
    return ""
