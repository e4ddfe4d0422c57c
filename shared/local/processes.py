"""Facts about processes that the operating system knows: running or not, start time, command line, parent death signal.

On Linux they are read from `/proc`; elsewhere `ps` is run.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
"""`prctl` option: the signal that a process gets when its parent dies (linux/prctl.h)."""

STATE_FIELD, START_TIME_FIELD = 0, 19
"""Positions in /proc/<pid>/stat after the command's closing bracket (proc(5), fields 3 and 22)."""


def make_parent_death_hook(signal_number: signal.Signals) -> Callable[[], None] | None:
    """Return a `preexec_fn` that has the kernel send a signal to the child when its parent dies.

    Use it only from a thread that lives as long as the process: the kernel watches the thread that forked.
    None on systems without the feature.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def set_parent_death_signal() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal_number))
        if os.getppid() != parent:  # the parent died before the call
            os.kill(os.getpid(), signal_number)

    return set_parent_death_signal


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    stat = _read_stat(pid)
    if stat is not None:
        return stat[STATE_FIELD] not in {"Z", "X"}
    if _has_proc():
        return False
    state = _read_ps_column(pid, "stat")
    return bool(state) and not state.startswith("Z")


def read_start_time(pid: int) -> str:
    """Return when the process started, as an opaque text; empty if it is gone.

    Process id and start time together identify a process: the system reuses ids.
    """
    stat = _read_stat(pid)
    if stat is not None:
        return stat[START_TIME_FIELD]
    return "" if _has_proc() else _read_ps_column(pid, "lstart")


def read_command_line(pid: int) -> str:
    """Return the arguments of a process, separated by spaces; empty if it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "" if _has_proc() else _read_ps_column(pid, "command")


def find_processes_in_folder(folder: Path, command: str) -> list[int]:
    """Return the ids of processes whose working folder is `folder` and whose command line starts with `command`.

    Empty where there is no `/proc`.
    """
    pids = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            pid = int(link.parent.name)
            if link.readlink() == folder and read_command_line(pid).startswith(command):
                pids.append(pid)
    return pids


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def _read_stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _read_ps_column(pid: int, column: str) -> str:
    ps = shutil.which("ps")
    if ps is None:
        return ""
    result = subprocess.run(  # noqa: S603 (fixed arguments)
        [ps, "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return result.stdout.strip()
