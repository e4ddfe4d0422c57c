"""Kill a run of pytest in the middle of a test, and wait until every process that it started has ended.

    python killed_run.py TEST READY_FILE SECONDS

It kills the run when the test has created the file, prints the names of the processes that the run had then, and ends
with 0 once none of them is left, and none of those that they started. After so many seconds it prints what is left, kills
it, and ends with 1. It adopts the orphans of the run (prctl, so Linux only); so none can escape.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

PR_SET_CHILD_SUBREAPER = 36
POLL_SECONDS = 0.05


def list_descendants(pid: int) -> list[int]:
    """Return the processes below a process, zombies included."""
    descendants = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                descendants += [int(child), *list_descendants(int(child))]
    return descendants


def read_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "-"


def give_up(_number: int, _frame: FrameType | None) -> None:
    """Kill what is left."""
    for pid in list_descendants(os.getpid()):
        print("left:", read_name(pid), flush=True)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os._exit(1)


def main(test: str, ready: Path, seconds: int) -> int:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, give_up)
    signal.alarm(seconds)
    run = subprocess.Popen([sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider", test])
    while not ready.exists():
        if run.poll() is not None:
            return 2
        time.sleep(POLL_SECONDS)
    print(*map(read_name, list_descendants(os.getpid())), flush=True)
    run.kill()
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
