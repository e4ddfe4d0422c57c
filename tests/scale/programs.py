"""The programs that the parts of `make test-scale` need, from variables or the path, and their runs."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE_SECONDS

OLDEST_PGBOUNCER = (1, 21)
"""The first version that keeps prepared statements."""
OLDEST_HAPROXY = (2, 6)
VARIABLES = {
    "pgbouncer": "NTP_PGBOUNCER",
    "haproxy": "NTP_HAPROXY",
    "nginx": "NTP_NGINX",
    "patroni": "NTP_PATRONI",
    "etcd": "NTP_ETCD",
}
FOLDERS = ("/usr/sbin", "/usr/local/sbin", str(Path(sys.executable).parent))
"""Where programs are that the path of an ordinary user does not name."""
OLDEST = {"pgbouncer": OLDEST_PGBOUNCER, "haproxy": OLDEST_HAPROXY}
VERSION_OPTIONS = {"pgbouncer": "--version", "haproxy": "-v"}


def find_program(name: str) -> Path | None:
    """Return a program; None where it is not installed, or too old."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *FOLDERS])
    program = os.environ.get(VARIABLES[name]) or shutil.which(name, path=path)
    if program is None or not Path(program).exists():
        return None
    if name in OLDEST:
        shown = subprocess.run(
            [program, VERSION_OPTIONS[name]], capture_output=True, text=True, check=False
        ).stdout
        version = re.search(r"(\d+)\.(\d+)", shown)
        if version is None or (int(version[1]), int(version[2])) < OLDEST[name]:
            return None
    return Path(program)


def explain_missing(*names: str) -> str | None:
    """Return the sentence that says which programs a part lacks; None where all are there."""
    missing = [name for name in names if find_program(name) is None]
    if not missing:
        return None
    wanted = (
        f"{name} {'.'.join(map(str, OLDEST[name]))} or later" if name in OLDEST else name for name in missing
    )
    variables = ", ".join(VARIABLES[name] for name in missing)
    return f"not installed: {', '.join(wanted)} ({variables} may name it)"


@contextlib.contextmanager
def running(
    command: list[str], log: Path, *, environment: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, as an ordinary account where this is root, until the block ends; wait until it listens on a port."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment, cwd=log.parent,
            **find_account(),
        )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while port is not None and not is_listening(port):
            assert process.poll() is None, f"{command[0]} has ended: {log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"{command[0]} does not start: {log.read_text()[-2000:]}"
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def find_account() -> dict[str, Any]:
    """Return the arguments of Popen of an ordinary account, which PostgreSQL and PgBouncer ask for."""
    return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}


def make_open_folder(folder: Path) -> Path:
    """Make a folder in which that account may write."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    folder.chmod(0o700)
    return folder


def is_listening(port: int) -> bool:
    """Whether a port of this machine accepts connections."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
