"""One process under the launcher's care: started, watched, restarted when it dies, its lines prefixed, stopped."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.local.processes import make_parent_death_hook
from shared.local.run_folder import RunFolder

FIRST_RESTART_SECONDS = 0.1
"""Nearly at once: the product promises to heal within five seconds, and most of them go into starting up."""

LONGEST_RESTART_SECONDS = 30.0

STEADY_SECONDS = 20.0
"""A process that was ready for so long begins its next restarts from the shortest pause again."""

READY_POLL_SECONDS = 0.05

HOPELESS_STARTS = 3
"""A process that ends so often without ever having been ready has something wrong that a restart does not mend."""

LAST_LINES_SECONDS = 0.3
"""What a process wrote before it ended is read at once; only a grandchild that holds the pipe takes longer."""

CHUNK_BYTES = 65_536
LONGEST_LINE_BYTES = 1_048_576


@dataclass(frozen=True)
class Start:
    """How to start a process and how to know that it is ready."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], Awaitable[bool]]
    popen: dict[str, Any] = field(default_factory=dict)
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)
    """From the polite one to the last; the polite one is also what the kernel sends should the launcher die."""
    before: Callable[[], None] | None = None
    """Run ahead of each start, such as dropping a stale lock file."""
    waits: bool = False
    """Whether the process, once loaded, waits for a line on its standard input: see `Child.go`."""


class Say:
    """Prefixes lines with a name of even width and writes them to standard output, which may be gone."""

    def __init__(self, names: Sequence[str]) -> None:
        self._width = max(map(len, names), default=0)

    def __call__(self, name: str, line: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(f"{name:<{self._width}} | {line}\n")
            sys.stdout.flush()


class Child:
    """Keeps one process running until it is told to stop."""

    def __init__(self, start: Start, *, run: RunFolder, say: Say) -> None:
        self.name = start.name
        self.came_up: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """True once it was ready; false when it ended again and again before."""
        self._start = start
        self._run = run
        self._say = say
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._go = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start it and keep it running."""
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    def go(self) -> None:
        """Let a process that waits, and each one started in its place later, go on."""
        self._go.set()

    async def stop(self, patience: float) -> None:
        """Ask it to end, and harder each time `patience` seconds have gone by; its record goes with it."""
        self._stopping.set()
        process = self._process
        for number in self._start.stop_signals if process is not None else ():
            if process is None or process.returncode is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)
            try:
                await asyncio.wait_for(process.wait(), patience)
            except TimeoutError:
                self._say(self.name, f"does not end within {patience:.1f} s of {number.name}")
        if self._keeper is not None:
            await asyncio.wait([self._keeper], timeout=LAST_LINES_SECONDS)
            self._keeper.cancel()
        self._run.forget(self.name)

    async def _keep(self) -> None:
        pause = FIRST_RESTART_SECONDS
        unready = 0
        while not self._stopping.is_set():
            try:
                ended, ready_for = await self._once()
            except OSError as error:
                ended, ready_for = str(error), None
            if self._stopping.is_set():
                return
            unready = unready + 1 if ready_for is None else 0
            if ready_for is not None and ready_for > STEADY_SECONDS:
                pause = FIRST_RESTART_SECONDS
            if unready >= HOPELESS_STARTS and not self.came_up.done():
                self._say(self.name, f"{ended}; it ended {unready} times without having been ready")
                self.came_up.set_result(False)
                return
            self._say(self.name, f"{ended}; starting again in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RESTART_SECONDS)

    async def _once(self) -> tuple[str, float | None]:
        """Run the process once; how it ended, and for how many seconds it had been ready (None: never)."""
        if self._start.before is not None:
            await asyncio.to_thread(self._start.before)
        self._process = process = await asyncio.create_subprocess_exec(
            *self._start.command,
            stdin=PIPE if self._start.waits else DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            **{
                "preexec_fn": make_parent_death_hook(self._start.stop_signals[0]),
                "process_group": 0,  # Ctrl-C goes to the launcher alone, which stops them in order
                **self._start.popen,
            },
        )
        self._record(process, ready=False)
        watch = asyncio.create_task(self._wait_ready(process))
        lines = asyncio.create_task(self._prefix_lines(process))
        code = await process.wait()
        watch.cancel()
        [ready_at] = await asyncio.gather(watch, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(lines, LAST_LINES_SECONDS)
        ready_for = time.monotonic() - ready_at if isinstance(ready_at, float) else None
        return _ending(code), ready_for

    async def _wait_ready(self, process: Process) -> float:
        if process.stdin is not None:
            await self._go.wait()
            process.stdin.write(b"\n")
            process.stdin.close()
        while not await self._start.is_ready():  # noqa: ASYNC110 (another process cannot set an event)
            await asyncio.sleep(READY_POLL_SECONDS)
        self._record(process, ready=True)
        self._say(self.name, f"ready (process {process.pid})")
        if not self.came_up.done():
            self.came_up.set_result(True)
        return time.monotonic()

    async def _prefix_lines(self, process: Process) -> None:
        assert process.stdout is not None, "stdout is a pipe"
        rest = b""
        while chunk := await process.stdout.read(CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._say(self.name, line.decode(errors="replace").rstrip())
        if rest:
            self._say(self.name, rest.decode(errors="replace"))

    def _record(self, process: Process, *, ready: bool) -> None:
        self._run.say(self.name, process.pid, ready=ready, stop_signal=self._start.stop_signals[0])


def _ending(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
