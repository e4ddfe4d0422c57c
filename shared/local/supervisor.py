"""Supervision of one process: start it, read its output, start it again when it ends, stop it."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.local.process_log import ProcessLog
from shared.local.processes import make_parent_death_hook
from shared.local.run_folder import RunFolder, wait_for_exit

FIRST_RESTART_SECONDS = 0.1
"""A service must be back within five seconds, and it needs most of them to load."""

LONGEST_RESTART_SECONDS = 30.0

STEADY_SECONDS = 20.0
"""A process that was ready for so long is restarted after the shortest pause again."""

READY_POLL_SECONDS = 0.05

MAX_FAILED_STARTS = 3
"""The start of the stack fails when a process has ended so often without having been ready."""

LAST_OUTPUT_SECONDS = 0.3
"""The output of a process that ended comes before the line that says so, unless another process holds its pipe."""

PIPE_CLOSE_SECONDS = 2.0
"""A stopped stack waits so long for output that another process may still write; backends of a killed PostgreSQL end
within a second."""

WATCH_PAUSE_SECONDS = 2.0
HUNG_PROBES = 4
"""A process that answers none of so many probes in a row is ended and started again: half a minute without an answer, far
more than one under load needs."""

HUNG_STOP_SECONDS = 3.0

HANDOVER_SECONDS = 3.0
TAKEOVER_POLL_SECONDS = 0.2

CHUNK_BYTES = 65_536
LONGEST_LINE_BYTES = 1_048_576


@dataclass(frozen=True)
class ProcessSpec:
    """The command of a process, the test that it is ready, and the way to stop it."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], Awaitable[bool]]
    is_alive: Callable[[], Awaitable[bool]] | None = None
    """The patient test that it still answers, while it runs; None where there is none."""
    popen: dict[str, Any] = field(default_factory=dict)
    """Arguments of `subprocess.Popen`."""
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)
    """In the order in which they are sent; the kernel sends the first one when the launcher dies."""
    before_start: Callable[[], None] | None = None
    """Called before each start, for example to remove a stale lock file."""
    waits_for_release: bool = False
    """Whether the process loads its modules and then waits for a line on its standard input."""


class ProcessSupervisor:
    """Keeps one process running until it is stopped."""

    def __init__(self, spec: ProcessSpec, *, run_folder: RunFolder, log: ProcessLog) -> None:
        self.name = spec.name
        self.first_ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """True once the process was ready; False when it ended MAX_FAILED_STARTS times before."""
        self._spec = spec
        self._run_folder = run_folder
        self._log = log
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._released = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._readers: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start the process and keep it running."""
        self._task = asyncio.create_task(self._supervise(), name=f"supervise {self.name}")

    def release(self) -> None:
        """Release the process that waits, and each later one."""
        self._released.set()

    async def stop(self, seconds: float) -> None:
        """Send the stop signals in their order, each after `seconds`; then remove the record."""
        self._stopping.set()
        if developer := self._run_folder.find_takeover(self.name):
            developer.send_signal(signal.SIGTERM)
            await asyncio.to_thread(wait_for_exit, [developer], seconds)
        await self._terminate(self._process, seconds)
        if self._task is not None:
            await asyncio.wait([self._task], timeout=LAST_OUTPUT_SECONDS)
            self._task.cancel()
        if self._readers:
            await asyncio.wait(self._readers, timeout=PIPE_CLOSE_SECONDS)
        self._run_folder.remove_child(self.name)

    async def hand_over(self) -> None:
        """Stop the process if one of `make dev` has recorded that it takes the port; see `_wait_for_takeover`."""
        if self._run_folder.find_takeover(self.name) is not None:
            await self._terminate(self._process, HANDOVER_SECONDS)

    async def _terminate(self, process: Process | None, seconds: float) -> None:
        for stop_signal in self._spec.stop_signals:
            if process is None or process.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, stop_signal)
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                self._log.write(
                    self.name, f"has not ended {seconds:.1f} s after {signal.Signals(stop_signal).name}"
                )

    async def _supervise(self) -> None:
        pause = FIRST_RESTART_SECONDS
        failed_starts = 0
        while not self._stopping.is_set():
            await self._wait_for_takeover()
            try:
                end, ready_seconds = await self._run_once()
            except OSError as error:
                end, ready_seconds = str(error), None
            if self._stopping.is_set():
                return
            if self._run_folder.find_takeover(self.name) is not None:
                continue
            if self._process is not None and self._process.returncode == os.EX_CONFIG:
                self._log.write(self.name, f"{end}; not started again, because nothing would change")
                if not self.first_ready.done():
                    self.first_ready.set_result(False)
                return
            failed_starts = failed_starts + 1 if ready_seconds is None else 0
            if ready_seconds is not None and ready_seconds > STEADY_SECONDS:
                pause = FIRST_RESTART_SECONDS
            if failed_starts >= MAX_FAILED_STARTS and not self.first_ready.done():
                self._log.write(self.name, f"{end}; it ended {failed_starts} times without having been ready")
                self.first_ready.set_result(False)
                return
            self._log.write(self.name, f"{end}; starting again in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RESTART_SECONDS)

    async def _wait_for_takeover(self) -> None:
        """Wait while a process of `make dev` serves on the port."""
        developer = self._run_folder.find_takeover(self.name)
        if developer is None:
            return
        self._run_folder.remove_child(self.name)
        self._log.write(self.name, f"its port is used by `make dev` (process {developer.pid})")
        while self._run_folder.find_takeover(self.name) is not None:
            if self._stopping.is_set():
                return
            await asyncio.sleep(TAKEOVER_POLL_SECONDS)
        self._log.write(self.name, "`make dev` has ended; starting again")

    async def _run_once(self) -> tuple[str, float | None]:
        """Run the process to its end; return how it ended and for how many seconds it was ready (None: never)."""
        if self._spec.before_start is not None:
            await asyncio.to_thread(self._spec.before_start)
        if self._stopping.is_set():
            return "not started", None
        self._process = process = await asyncio.create_subprocess_exec(
            *self._spec.command,
            stdin=PIPE if self._spec.waits_for_release else DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            **{
                "preexec_fn": make_parent_death_hook(self._spec.stop_signals[0]),
                "process_group": 0,  # Ctrl-C reaches only the launcher, which stops the processes in order
                **self._spec.popen,
            },
        )
        self._record(process, ready=False)
        reader = asyncio.create_task(self._read_output(process))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        probe = asyncio.create_task(self._wait_until_ready(process))
        watch = asyncio.create_task(self._end_if_hung(process, probe))
        await self.hand_over()  # recorded while the process was being created
        try:
            code = await process.wait()
        finally:
            watch.cancel()
        probe.cancel()
        [ready_at] = await asyncio.gather(probe, return_exceptions=True)
        await asyncio.wait([reader], timeout=LAST_OUTPUT_SECONDS)
        ready_seconds = time.monotonic() - ready_at if isinstance(ready_at, float) else None
        return _describe_exit(code), ready_seconds

    async def _wait_until_ready(self, process: Process) -> float:
        if process.stdin is not None:
            await self._released.wait()
            process.stdin.write(b"\n")
            process.stdin.close()
        while not await self._spec.is_ready():  # noqa: ASYNC110 (another process cannot set an event)
            await asyncio.sleep(READY_POLL_SECONDS)
        self._record(process, ready=True)
        self._log.write(self.name, f"ready (process {process.pid})")
        if not self.first_ready.done():
            self.first_ready.set_result(True)
        return time.monotonic()

    async def _end_if_hung(self, process: Process, probe: asyncio.Task[float]) -> None:
        """End the process, so that it is started again, where it was ready and answers no more."""
        if self._spec.is_alive is None:
            return
        await asyncio.wait([probe])
        failures = 0
        while failures < HUNG_PROBES:
            await asyncio.sleep(WATCH_PAUSE_SECONDS)
            failures = 0 if await self._spec.is_alive() else failures + 1
        self._log.write(self.name, f"answered none of {HUNG_PROBES} probes; it hangs and is started again")
        await self._terminate(process, HUNG_STOP_SECONDS)

    async def _read_output(self, process: Process) -> None:
        assert process.stdout is not None, "stdout is a pipe"
        rest = b""
        while chunk := await process.stdout.read(CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._log.write(self.name, line.decode(errors="replace").rstrip())
        if rest:
            self._log.write(self.name, rest.decode(errors="replace"))

    def _record(self, process: Process, *, ready: bool) -> None:
        self._run_folder.record_child(
            self.name, process.pid, ready=ready, stop_signal=self._spec.stop_signals[0]
        )


def _describe_exit(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
