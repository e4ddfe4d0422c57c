"""`var/run`: who runs here now, so that one stack runs at a time, can be stopped from outside, and leaves no orphan.

The launcher holds a lock on `launcher.pid` for as long as it lives; the kernel lets go of it however the launcher
ends. Each child has `<name>.pid`. A number alone is never trusted: a record also holds when the process began.
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from shared.local.processes import is_running, read_start_time

STOP_SECONDS = 5.0
"""What a stop from outside may take before what is left is killed."""

ORPHAN_SECONDS = 3.0
"""What an orphan of a killed launcher gets for an orderly end."""

POLL_SECONDS = 0.02


@dataclass(frozen=True)
class ProcessRecord:
    """A process that was started here."""

    name: str
    pid: int
    started: str
    ready: bool = False
    stop_signal: int = signal.SIGTERM

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        return is_running(self.pid) and read_start_time(self.pid) == self.started

    def send(self, number: int) -> None:
        """Signal it, if it is still the one."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class RunFolder:
    """The records in one `var/run`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    def claim(self) -> ProcessRecord | None:
        """Become the one launcher of this folder; or say who is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "launcher.pid").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return self.find_launcher() or ProcessRecord("launcher", 0, "")
        self._lock = lock
        self.say_launcher(ready=False)
        return None

    def release(self) -> None:
        """Let another launcher in."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def say_launcher(self, *, ready: bool) -> None:
        """Record this process as the launcher."""
        assert self._lock is not None, "claim() comes first"
        me = ProcessRecord("launcher", os.getpid(), read_start_time(os.getpid()), ready)
        self._lock.truncate(0)
        self._lock.write(json.dumps(asdict(me)))
        self._lock.flush()

    def say(self, name: str, pid: int, *, ready: bool, stop_signal: int) -> None:
        """Record a child."""
        new = self.folder / f"{name}.new"
        new.write_text(
            json.dumps(asdict(ProcessRecord(name, pid, read_start_time(pid), ready, int(stop_signal))))
        )
        new.replace(self.folder / f"{name}.pid")

    def forget(self, name: str) -> None:
        """Drop a child's record: it has ended."""
        (self.folder / f"{name}.pid").unlink(missing_ok=True)

    def find_launcher(self) -> ProcessRecord | None:
        """The launcher that runs here, if one does."""
        return next((one for one in self._read("launcher") if one.alive), None)

    def find_children(self) -> list[ProcessRecord]:
        """The recorded children that still run."""
        names = sorted(path.stem for path in self.folder.glob("*.pid") if path.stem != "launcher")
        return [one for name in names for one in self._read(name) if one.alive]

    def end_orphans(self) -> list[ProcessRecord]:
        """End what a killed launcher left running; says what that was. Only the launcher may, once it has claimed."""
        orphans = self.find_children()
        end(orphans, ORPHAN_SECONDS)
        for path in self.folder.glob("*.pid"):
            if path.stem != "launcher":
                path.unlink(missing_ok=True)
        return orphans

    def stop(self) -> bool:
        """Stop the stack that runs here from outside and wait until all of it is gone; false if none ran."""
        launcher = self.find_launcher()
        if launcher is not None:
            launcher.send(signal.SIGTERM)
            if wait_for([launcher], STOP_SECONDS):
                launcher.send(signal.SIGKILL)
        left = self.find_children()
        end(left, ORPHAN_SECONDS)
        return launcher is not None or bool(left)

    def _read(self, name: str) -> Iterable[ProcessRecord]:
        with contextlib.suppress(OSError, ValueError, TypeError):
            yield ProcessRecord(**json.loads((self.folder / f"{name}.pid").read_text()))


def end(processes: Iterable[ProcessRecord], seconds: float) -> None:
    """Ask processes to end, wait, then kill what is left."""
    mine = list(processes)
    for one in mine:
        one.send(one.stop_signal)
    for one in wait_for(mine, seconds):
        one.send(signal.SIGKILL)
    wait_for(mine, seconds)


def wait_for(processes: Iterable[ProcessRecord], seconds: float) -> list[ProcessRecord]:
    """Wait until the processes are gone; says which are not."""
    left = list(processes)
    deadline = time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        left = [one for one in left if one.alive]
        if left:
            time.sleep(POLL_SECONDS)
    return left
