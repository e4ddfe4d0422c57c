"""The launcher: runs PostgreSQL, a preparation step (migrations) and the application processes of one machine.

    await Launcher(apps=APPS, folder=var, prepare=migrate, postgres=postgres).run()

It starts the processes in their order, waits until each is ready, restarts those that end, and stops all in reverse
order within five seconds. The kernel ends its children if it is killed; the next start ends those that still run.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from logging import Handler
from pathlib import Path
from typing import Any

from shared.local.ports import HOST, PortAssignment, find_port_faults, is_responding
from shared.local.postgres import STOP_SIGNALS, EmbeddedPostgres
from shared.local.postgres_programs import PostgresError
from shared.local.process_log import ProcessLog
from shared.local.processes import make_parent_death_hook
from shared.local.run_folder import RunFolder
from shared.local.supervisor import ProcessSpec, ProcessSupervisor

START_SECONDS = 300.0
"""A start that takes longer has failed; an idle machine needs six seconds, and a busy one many times that."""

WATCH_SECONDS = 5.0
"""The answer to a probe of a process that was ready may take so long: it may be under load."""

STOP_SECONDS = 4.8
"""For all processes together, so that a stop takes less than five seconds."""

SHORTEST_STOP_SECONDS = 0.3

AT_ONCE = (signal.SIGINT, signal.SIGKILL)
"""The signals that stop an application with everything else; after SIGTERM it would first send its clients elsewhere (ADR 0034)."""

POSTGRES_STOP_SHARE = 1 / 6
"""PostgreSQL stops in a tenth of a second. Killed, it loses nothing and recovers at its next start."""

PORT_RELEASE_SECONDS = 1.5
"""The system closes the sockets of a killed process a moment after its end, so a taken port is tried for so long."""

PORT_POLL_SECONDS = 0.05

EXIT_SETUP_ERROR = 2
"""Exit code of a start that cannot succeed before a setting is changed."""


class SetupError(RuntimeError):
    """A start cannot succeed; the message is one sentence that says what to change."""


@dataclass(frozen=True)
class AppSpec:
    """An application process: an application factory that is served on a port."""

    name: str
    factory: str
    """module:function"""
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    """All its environment variables; it inherits none."""
    port_setting: str = ""
    """The environment variable that changes the port."""
    folder: Path = field(default_factory=Path.cwd)
    """The folder that its modules are imported from."""

    def make_command(self, *options: str) -> list[str]:
        """Return the command line that serves the application."""
        address = ("--host", HOST, "--port", str(self.port))
        return [sys.executable, "-m", "shared.kit.serve", self.factory, *address, *options]


class Launcher:
    """Runs one stack in one folder."""

    def __init__(
        self,
        *,
        apps: Sequence[AppSpec],
        folder: Path,
        prepare: Callable[[], Awaitable[Sequence[str]]] | None = None,
        postgres: EmbeddedPostgres | None = None,
        postgres_port_setting: str = "",
        log_handler: Handler | None = None,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._run_folder = RunFolder(folder / "run")
        self._apps = apps
        self._prepare = prepare
        self._postgres = postgres
        self._ports = [PortAssignment(app.port, app.name, app.port_setting) for app in apps]
        if postgres is not None:
            self._ports.insert(0, PortAssignment(postgres.port, "postgres", postgres_port_setting))
        self._log = ProcessLog(["launcher", *(port.name for port in self._ports)], log_handler)
        self._stop_seconds = stop_seconds
        self._supervisors: list[ProcessSupervisor] = []
        self._handovers: set[asyncio.Task[None]] = set()
        self._stop_requested = asyncio.Event()
        self._kill_requested = asyncio.Event()

    async def run(self) -> int:
        """Start the stack and keep it running until a signal stops it; return the exit code."""
        try:
            return await self._run()
        finally:
            self._log.close()

    async def _run(self) -> int:
        started_at = time.monotonic()
        loop = asyncio.get_running_loop()
        for stop_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(stop_signal, self._request_stop)
        loop.add_signal_handler(signal.SIGUSR1, self._hand_over)
        try:
            self._acquire_run_folder()
        except SetupError as error:
            self._write_log(str(error))
            return EXIT_SETUP_ERROR
        try:
            self._end_orphans()
            await self._check_ports()
            start = asyncio.create_task(self._start_processes())
            await self._wait_unless_stopped(start)
            if not self._stop_requested.is_set():
                self._run_folder.record_launcher(ready=True)
                seconds = time.monotonic() - started_at
                self._write_log(f"everything is ready after {seconds:.1f} s; Ctrl-C stops it")
                await self._stop_requested.wait()
        except (SetupError, PostgresError) as error:
            self._write_log(str(error))
            return EXIT_SETUP_ERROR
        finally:
            await self._stop_processes()
            self._run_folder.release_lock()
        return 0

    def _write_log(self, line: str) -> None:
        self._log.write("launcher", line)

    def _request_stop(self) -> None:
        """Stop at the first signal; kill at the second."""
        (self._kill_requested if self._stop_requested.is_set() else self._stop_requested).set()

    def _hand_over(self) -> None:
        """Stop the processes whose ports `make dev` has taken; it sends SIGUSR1 after its record is written."""
        for supervisor in self._supervisors:
            handover = asyncio.create_task(supervisor.hand_over())
            self._handovers.add(handover)
            handover.add_done_callback(self._handovers.discard)

    def _acquire_run_folder(self) -> None:
        try:
            other = self._run_folder.acquire_lock({port.name: port.port for port in self._ports})
        except OSError as error:
            raise SetupError(
                f"{self._run_folder.folder} cannot be written ({error.strerror}); set NTP_VAR to another folder"
            ) from None
        if other is not None:
            raise SetupError(f"already running (process {other.pid}); `make stop` ends it")

    def _end_orphans(self) -> None:
        for orphan in self._run_folder.terminate_orphans():
            self._write_log(f"ended {orphan.name} (process {orphan.pid}), left by a killed launcher")
        if self._postgres is not None:
            self._postgres.end_orphan()

    async def _check_ports(self) -> None:
        """Raise SetupError when a port stays taken."""
        deadline = time.monotonic() + PORT_RELEASE_SECONDS
        while faults := find_port_faults(self._ports):
            if time.monotonic() > deadline:
                raise SetupError("\n".join(faults))
            await asyncio.sleep(PORT_POLL_SECONDS)

    async def _start_processes(self) -> None:
        """Start PostgreSQL, prepare, start the applications; these load their modules in the meantime."""
        apps = [self._make_supervisor(_make_app_process(app)) for app in self._apps]
        self._supervisors += apps
        for app in apps:
            app.start()
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.prepare)
            postgres = self._make_supervisor(_make_postgres_process(self._postgres))
            self._supervisors.insert(0, postgres)
            postgres.start()
            await _wait_until_ready([postgres])
        if self._prepare is not None:
            for line in await self._prepare():
                self._write_log(line)
        for app in apps:
            app.release()
        await _wait_until_ready(apps)

    def _make_supervisor(self, spec: ProcessSpec) -> ProcessSupervisor:
        return ProcessSupervisor(spec, run_folder=self._run_folder, log=self._log)

    async def _wait_unless_stopped(self, start: asyncio.Task[None]) -> None:
        """Wait for the end of the start, or for a stop, which cancels it."""
        stop = asyncio.create_task(self._stop_requested.wait())
        tasks: list[asyncio.Task[Any]] = [start, stop]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if start.done():
            start.result()
        else:
            start.cancel()
            await asyncio.wait([start])

    async def _stop_processes(self) -> None:
        """Stop in reverse order: the gateway first, PostgreSQL last."""
        if not self._supervisors:
            return
        self._write_log("stopping")
        postgres_seconds = self._stop_seconds * POSTGRES_STOP_SHARE
        deadline = time.monotonic() + self._stop_seconds - postgres_seconds
        remaining = list(reversed(self._supervisors))
        while remaining:
            supervisor = remaining[0]
            seconds = max((deadline - time.monotonic()) / len(remaining), SHORTEST_STOP_SECONDS)
            if supervisor.name == "postgres":
                seconds = postgres_seconds
            await supervisor.stop(0.0 if self._kill_requested.is_set() else seconds)
            remaining.pop(0)
        self._write_log("everything has stopped")


def run_launcher(make_launcher: Callable[[], Launcher]) -> int:
    """Run a launcher, made inside an event loop, to its end; return the exit code."""

    async def run() -> int:
        return await make_launcher().run()

    return asyncio.run(run())


async def run_job(command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> list[str]:
    """Run a command to its end and return its lines; raise SetupError with them when it fails."""
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
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    lines = output.decode(errors="replace").splitlines()
    if process.returncode != 0:
        raise SetupError("\n".join(lines))
    return lines


def _make_app_process(app: AppSpec) -> ProcessSpec:
    async def is_ready() -> bool:
        return await is_responding(app.port)

    async def is_alive() -> bool:
        return await is_responding(app.port, within_seconds=WATCH_SECONDS)

    return ProcessSpec(
        name=app.name,
        command=app.make_command("--wait"),
        popen={"env": {**app.environment, "PYTHONUNBUFFERED": "1"}, "cwd": app.folder},
        is_ready=is_ready,
        is_alive=is_alive,
        stop_signals=AT_ONCE,
        waits_for_release=True,
    )


def _make_postgres_process(postgres: EmbeddedPostgres) -> ProcessSpec:
    async def is_ready() -> bool:
        return postgres.is_ready()

    return ProcessSpec(
        name="postgres",
        command=postgres.make_command(),
        popen=postgres.make_popen_arguments(),
        is_ready=is_ready,
        stop_signals=STOP_SIGNALS,
        before_start=postgres.end_orphan,
    )


async def _wait_until_ready(supervisors: Sequence[ProcessSupervisor]) -> None:
    """Wait until all processes are ready; raise SetupError when one cannot start."""
    try:
        async with asyncio.timeout(START_SECONDS):
            for first_ready in asyncio.as_completed([supervisor.first_ready for supervisor in supervisors]):
                if not await first_ready:
                    failed = [
                        supervisor.name
                        for supervisor in supervisors
                        if supervisor.first_ready.done() and not supervisor.first_ready.result()
                    ]
                    raise SetupError(f"{', '.join(failed)} cannot start; the lines above say why")
    except TimeoutError:
        slow = [supervisor.name for supervisor in supervisors if not supervisor.first_ready.done()]
        raise SetupError(f"{', '.join(slow)}: not ready after {START_SECONDS:.0f} s") from None
