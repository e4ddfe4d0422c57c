"""`make dev`: one process of a running stack, served from the working tree and restarted when a file changes.

It records that it takes the port, signals the launcher, and waits until the launcher's own process has stopped. The
launcher starts its own again when this process has ended, however it ended.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.local.launcher import AppSpec, SetupError
from shared.local.ports import HOST, is_responding
from shared.local.processes import make_parent_death_hook
from shared.local.run_folder import ProcessRecord, RunFolder

WATCHED_SUFFIXES = frozenset({".py", ".toml", ".csv", ".json", ".sql"})

POLL_SECONDS = 0.3

HANDOVER_SECONDS = 60.0
"""The launcher stops its process within a few seconds; after this time something is wrong."""

STOP_SECONDS = 3.0

ModificationTimes = Mapping[Path, int]


def develop(app: AppSpec, run_folder: RunFolder) -> int:
    """Serve a process until Ctrl-C, or until the stack stops; return the exit code.

    Raises SetupError when no stack runs, or when another process does the same already.
    """
    launcher = run_folder.find_launcher()
    if launcher is None:
        raise SetupError("no stack is running; start one with `make run` or `make demo`")
    if other := run_folder.find_takeover(app.name):
        raise SetupError(f"{app.name} is served by another `make dev` (process {other.pid})")
    for stop_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop_signal, _raise_keyboard_interrupt)
    run_folder.record_takeover(app.name)
    try:
        launcher.send_signal(signal.SIGUSR1)
        _wait_for_handover(app.name, run_folder)
        _serve_until_stopped(app, launcher)
    except KeyboardInterrupt:
        _print("stopped")
    finally:
        run_folder.remove_takeover(app.name)
    return 0


def _raise_keyboard_interrupt(_signal_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _wait_for_handover(name: str, run_folder: RunFolder) -> None:
    deadline = time.monotonic() + HANDOVER_SECONDS
    while any(child.name == name for child in run_folder.find_children()):
        if time.monotonic() > deadline:
            raise SetupError(f"the launcher has not stopped its {name} within {HANDOVER_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _serve_until_stopped(app: AppSpec, launcher: ProcessRecord) -> None:
    folders = _find_watched_folders(app)
    names = ", ".join(str(folder.relative_to(app.folder)) for folder in folders)
    _print(f"{app.name} from {names}, restarted when a file changes; Ctrl-C stops it")
    while launcher.alive:
        times = _read_modification_times(folders)
        with _running_process(app) as process:
            changed = _wait_for_change(process, app, launcher, folders, times)
        if changed is not None:
            _print(f"{changed.relative_to(app.folder)} changed; starting again")
    _print("the stack has stopped")


def _wait_for_change(
    process: subprocess.Popen[bytes],
    app: AppSpec,
    launcher: ProcessRecord,
    folders: list[Path],
    times: ModificationTimes,
) -> Path | None:
    """Wait until a watched file changes and return it; None when the launcher has ended."""
    ready = ended = False
    while launcher.alive:
        time.sleep(POLL_SECONDS)
        if not ended and process.poll() is not None:
            ended = True
            _print(f"{app.name} ended with exit code {process.returncode}; waiting for a change")
        if not ready and not ended and asyncio.run(is_responding(app.port)):
            ready = True
            _print(f"{app.name} is ready: http://{HOST}:{app.port} (process {process.pid})")
        current = _read_modification_times(folders)
        if current != times:
            changed = {path for path, _ in current.items() ^ times.items()}
            return min(changed)
    return None


@contextlib.contextmanager
def _running_process(app: AppSpec) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 (fixed arguments)
        app.make_command(),
        env={**app.environment, "PYTHONUNBUFFERED": "1"},
        cwd=app.folder,
        stdin=subprocess.DEVNULL,
        preexec_fn=make_parent_death_hook(signal.SIGKILL),  # noqa: PLW1509 (no threads; the port is free at once)
        process_group=0,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _find_watched_folders(app: AppSpec) -> list[Path]:
    """Return the folder of the application and `shared`."""
    module = app.factory.partition(":")[0]
    return [app.folder.joinpath(*module.split(".")[:-1]), app.folder / "shared"]


def _read_modification_times(folders: list[Path]) -> ModificationTimes:
    """Return the modification times of the watched files, in nanoseconds."""
    times = {}
    for top in folders:
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder, name)
                if path.suffix in WATCHED_SUFFIXES:
                    with contextlib.suppress(FileNotFoundError):
                        times[path] = path.stat().st_mtime_ns
    return times


def _print(line: str) -> None:
    sys.stdout.write(f"dev: {line}\n")
    sys.stdout.flush()
