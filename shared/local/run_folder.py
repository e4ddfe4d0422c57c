"""`var/run`: records of the processes that run here.

The launcher holds a lock on `launcher.pid` while it lives, so that one stack runs at a time; the kernel releases the
lock however the launcher ends. Each child has `<name>.pid`. A process of `make dev` has `<name>.takeover`.
A record holds the start time beside the process id, because the system reuses ids.
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from shared.local.process_log import make_private_folder, open_private
from shared.local.processes import is_running, read_start_time

STOP_SECONDS = 5.0
"""After this time a launcher that was asked to stop is killed."""

ORPHAN_SECONDS = 3.0
"""After this time an orphan of a killed launcher, asked to stop, is killed."""

POLL_SECONDS = 0.02


@dataclass(frozen=True)
class ProcessRecord:
    """A process of this installation."""

    name: str
    pid: int
    started: str
    """The instant of its start, as `read_start_time` returns it."""
    ready: bool = False
    stop_signal: int = signal.SIGTERM
    ports: Mapping[str, int] = field(default_factory=dict)
    """The port of each process of the stack, in the order of the start; only the launcher's record has them."""

    @property
    def alive(self) -> bool:
        """Whether this process still runs, and its id is not another's."""
        return is_running(self.pid) and read_start_time(self.pid) == self.started

    def send_signal(self, signal_number: int) -> None:
        """Signal the process if it still runs."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal_number)


class RunFolder:
    """The records in one `var/run`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None
        self._ports: Mapping[str, int] = {}

    def acquire_lock(self, ports: Mapping[str, int]) -> ProcessRecord | None:
        """Record this process as the launcher of the folder; return the launcher that runs already, or None."""
        make_private_folder(self.folder)
        lock = open(self.folder / "launcher.pid", "a+", opener=open_private)  # noqa: SIM115 (held while the launcher lives)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return self.find_launcher() or ProcessRecord("launcher", 0, "")
        self._lock = lock
        self._ports = dict(ports)
        self.record_launcher(ready=False)
        return None

    def release_lock(self) -> None:
        """Allow another launcher to start."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def record_launcher(self, *, ready: bool) -> None:
        """Record this process as the launcher."""
        assert self._lock is not None, "acquire_lock() must come first"
        pid = os.getpid()
        record = ProcessRecord("launcher", pid, read_start_time(pid), ready, ports=self._ports)
        self._lock.truncate(0)
        self._lock.write(json.dumps(asdict(record)))
        self._lock.flush()

    def record_child(self, name: str, pid: int, *, ready: bool, stop_signal: int) -> None:
        """Record a process that the launcher started."""
        record = ProcessRecord(name, pid, read_start_time(pid), ready, int(stop_signal))
        self._write(f"{name}.pid", record)

    def remove_child(self, name: str) -> None:
        """Remove the record of a process that ended."""
        (self.folder / f"{name}.pid").unlink(missing_ok=True)

    def find_launcher(self) -> ProcessRecord | None:
        """Return the launcher that runs here, or None."""
        return self._read_alive("launcher.pid")

    def find_children(self) -> list[ProcessRecord]:
        """Return the children that run, by name."""
        files = sorted(path.name for path in self.folder.glob("*.pid") if path.stem != "launcher")
        return [record for file in files if (record := self._read_alive(file)) is not None]

    def record_takeover(self, name: str) -> None:
        """Record that this process serves on the port of a child, in its stead."""
        pid = os.getpid()
        self._write(f"{name}.takeover", ProcessRecord(name, pid, read_start_time(pid)))

    def find_takeover(self, name: str) -> ProcessRecord | None:
        """Return the process that serves in the stead of a child, or None."""
        return self._read_alive(f"{name}.takeover")

    def remove_takeover(self, name: str) -> None:
        """Remove the record of a takeover, so that the child serves on its port again."""
        (self.folder / f"{name}.takeover").unlink(missing_ok=True)

    def terminate_orphans(self) -> list[ProcessRecord]:
        """End the children that a killed launcher left running and return them; needs the lock."""
        orphans = self.find_children()
        terminate_processes(orphans, ORPHAN_SECONDS)
        for path in self.folder.glob("*.pid"):
            if path.stem != "launcher":
                path.unlink(missing_ok=True)
        return orphans

    def stop_stack(self, seconds: float = STOP_SECONDS) -> bool:
        """Stop the stack and wait until all its processes have ended; return False if none ran.

        A launcher that has not ended after `seconds` is killed, and then its children.
        """
        launcher = self.find_launcher()
        if launcher is not None:
            launcher.send_signal(signal.SIGTERM)
            if wait_for_exit([launcher], seconds):
                launcher.send_signal(signal.SIGKILL)
        children = self.find_children()
        terminate_processes(children, ORPHAN_SECONDS)
        return launcher is not None or bool(children)

    def _write(self, file: str, record: ProcessRecord) -> None:
        new = self.folder / f"{file}.new"
        with open(new, "w", opener=open_private) as new_file:
            json.dump(asdict(record), new_file)
        new.replace(self.folder / file)

    def _read_alive(self, file: str) -> ProcessRecord | None:
        try:
            record = ProcessRecord(**json.loads((self.folder / file).read_text()))
        except (OSError, ValueError, TypeError):  # no such record, or half of one
            return None
        return record if record.alive else None


def terminate_processes(processes: Iterable[ProcessRecord], seconds: float) -> None:
    """Send each process its stop signal, wait, then kill those that still run."""
    running = list(processes)
    for process in running:
        process.send_signal(process.stop_signal)
    for process in wait_for_exit(running, seconds):
        process.send_signal(signal.SIGKILL)
    wait_for_exit(running, seconds)


def wait_for_exit(processes: Iterable[ProcessRecord], seconds: float) -> list[ProcessRecord]:
    """Wait until the processes have ended; return those that still run after `seconds`."""
    running = list(processes)
    deadline = time.monotonic() + seconds
    while running and time.monotonic() < deadline:
        running = [process for process in running if process.alive]
        if running:
            time.sleep(POLL_SECONDS)
    return running
