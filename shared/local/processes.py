"""What the operating system knows about a process: is it running, is it really ours, does it die with its parent.

Used by the launcher and the embedded PostgreSQL. On Linux it reads `/proc`; elsewhere it asks `ps`.
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
"""`prctl` option: the signal a process gets when its parent dies (linux/prctl.h)."""

STATE_FIELD, STARTED_FIELD = 0, 19
"""Places in /proc/<pid>/stat after the command's closing bracket (proc(5), fields 3 and 22)."""


def make_parent_death_hook(number: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` that has the kernel send `number` to the child when its parent dies, however it dies.

    Pass it only from a thread that lives as long as the process: the kernel watches the thread that forked.
    Nothing on systems without the feature.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died before the arrangement was made
            os.kill(os.getpid(), number)

    return arrange


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than an unreaped zombie."""
    stat = _stat(pid)
    if stat is not None:
        return stat[STATE_FIELD] not in {"Z", "X"}
    if Path("/proc/self/stat").exists():
        return False
    return bool(_ask_ps(pid, "stat")) and not _ask_ps(pid, "stat").startswith("Z")


def read_start_time(pid: int) -> str:
    """When the process began, as an opaque word: with the pid it names one process for ever. Empty if gone."""
    stat = _stat(pid)
    if stat is not None:
        return stat[STARTED_FIELD]
    return "" if Path("/proc/self/stat").exists() else _ask_ps(pid, "lstart")


def read_command_line(pid: int) -> str:
    """The arguments of a process, separated by spaces; empty if it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _ask_ps(pid, "command")


def find_processes_in_folder(folder: Path, named: str) -> list[int]:
    """The processes whose working folder is this one and whose command begins so; none where there is no `/proc`."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            pid = int(link.parent.name)
            if link.readlink() == folder and read_command_line(pid).startswith(named):
                found.append(pid)
    return found


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _ask_ps(pid: int, column: str) -> str:
    ps = shutil.which("ps")
    if ps is None:
        return ""
    answer = subprocess.run(  # noqa: S603 (our own arguments)
        [ps, "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()
