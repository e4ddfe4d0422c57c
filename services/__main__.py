"""The front panel: `python -m services [run | up --detach | stop | status | exec | backup | restore]`.

It hands the table of processes (`stack.py`) to the kit's launcher. Without a command it runs in the foreground until
Ctrl-C.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from shared.local.backup import backup, execute, restore
from shared.local.launcher import EXIT_SETUP_ERROR, SetupError, is_responding, run_launcher
from shared.local.postgres import PostgresError
from shared.local.run_folder import RunFolder
from shared.local.settings import ROOT, InstallationSettings
from shared.local.stack import FACTORIES, HOST, Stack

Do = Callable[[InstallationSettings, argparse.Namespace], int]

DETACHED_START_SECONDS = 100
LOG_TAIL_LINES = 25
LARGEST_LOG_BYTES = 20 * 1024 * 1024
"""A log that has grown past this is put aside as ntp.log.1 at the next start."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        done: int = given.do(InstallationSettings(), given)
    except ValidationError as error:
        for fault in error.errors():
            print(f"NTP_{str(fault['loc'][0]).upper()}: {fault['msg']}", file=sys.stderr)
    except PermissionError as error:
        what = error.filename or "the processes that run"
        print(f"{what}: another user's installation; set NTP_VAR to a folder of your own", file=sys.stderr)
    except (PostgresError, SetupError) as error:
        print(error, file=sys.stderr)
    else:
        return done
    return EXIT_SETUP_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services", description="Run the product on this machine."
    )
    parser.set_defaults(do=run)
    commands = parser.add_subparsers(dest="command")

    def command(name: str, do: Do, what: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=what)
        one.set_defaults(do=do)
        return one

    command("run", run, "run in the foreground until Ctrl-C (the default)")
    up = command("up", up_or_run, "start, and give the prompt back with --detach")
    up.add_argument("--detach", action="store_true", help="run in the background, logs in var/log/ntp.log")
    command("stop", lambda panel, _: stop(panel), "stop what runs here and wait until it is gone")
    command("status", lambda panel, _: status(panel), "list the processes")
    told = command("exec", exec_told, "run a command with what one process is told")
    told.add_argument("name", choices=FACTORIES)
    told.add_argument("told", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    for name, do, what in (
        ("backup", backup, "write the database and the secrets into a new folder"),
        ("restore", restore, "bring a backup into an installation that holds nothing yet"),
    ):
        command(name, keeping(do), what).add_argument("folder", type=Path)
    return parser


def run(panel: InstallationSettings, _: argparse.Namespace) -> int:
    """Run in the foreground."""
    return run_launcher(lambda: Stack(panel).launcher())


def up_or_run(panel: InstallationSettings, given: argparse.Namespace) -> int:
    """Start in the background when asked to, otherwise in the foreground."""
    return detach(panel) if given.detach else run(panel, given)


def exec_told(panel: InstallationSettings, given: argparse.Namespace) -> int:
    """Become the command named."""
    execute(panel, given.name, [part for part in given.told if part != "--"] or ["env"])
    return 0


def keeping(do: Callable[[InstallationSettings, Path], None]) -> Do:
    """Back up or restore, and say so."""

    def done(panel: InstallationSettings, given: argparse.Namespace) -> int:
        do(panel, given.folder.absolute())
        print(f"{given.command}: {given.folder}")
        return 0

    return done


def detach(panel: InstallationSettings) -> int:
    """Start in the background; come back when everything is ready, or say what failed."""
    run = RunFolder(panel.folder / "run")
    if (running := run.find_launcher()) is None:
        log = panel.folder / "log" / "ntp.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_name("ntp.log.1"))
        with log.open("ab") as lines:
            begun_at = lines.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "services", "run"],
                cwd=ROOT,
                env={**os.environ, "NTP_VAR": str(panel.folder)},
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )
        print(f"starting; the log is {log}", flush=True)
    else:
        process, log, begun_at = None, None, 0
        print(f"already running (process {running.pid})")
    deadline = time.monotonic() + DETACHED_START_SECONDS
    while time.monotonic() < deadline:
        running = run.find_launcher()
        if running is not None and running.ready:
            print(f"ready: http://{HOST}:{panel.gateway_port}  (reference at /docs; `make stop` ends it)")
            return 0
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.05)
    print("it did not start:", file=sys.stderr)
    if log is not None:
        said = log.read_bytes()[begun_at:].decode(errors="replace").splitlines()
        print("\n".join(said[-LOG_TAIL_LINES:]), file=sys.stderr)
    return (process.poll() if process is not None else None) or 1


def stop(panel: InstallationSettings) -> int:
    """Stop what runs here; nothing running is fine too."""
    print("stopped" if RunFolder(panel.folder / "run").stop() else "nothing was running")
    return 0


def status(panel: InstallationSettings) -> int:
    """List the processes; 0 when all that should run are ready."""
    run = RunFolder(panel.folder / "run")
    children = {one.name: one for one in run.find_children()}
    if run.find_launcher() is None:
        print("not running")
        return 1

    async def probe() -> list[bool]:
        return await asyncio.gather(*(is_responding(panel.port(name)) for name in FACTORIES))

    ready = dict(zip(FACTORIES, asyncio.run(probe()), strict=True))
    if "postgres" in children:
        ready = {"postgres": children["postgres"].ready, **ready}
    for name, is_ready in ready.items():
        pid = children[name].pid if name in children else "-"
        print(f"{name:<9} {panel.port(name):>5}  process {pid!s:<8} {'ready' if is_ready else 'not ready'}")
    return 0 if all(ready.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
