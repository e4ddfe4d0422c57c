"""The command line of an installation: `python -m services COMMAND`; `--help` lists the commands.

Without a command it runs the stack (`shared/local/stack.py`) in the foreground until Ctrl-C.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from shared.kit.clock import system_clock
from shared.kit.settings import describe_faults, find_unread_variables
from shared.local.backup import back_up, check_backup, restore
from shared.local.development import develop
from shared.local.launcher import EXIT_SETUP_ERROR, SetupError, run_launcher
from shared.local.manifest import describe_totals
from shared.local.ports import HOST, is_responding
from shared.local.postgres_programs import PostgresError
from shared.local.process_log import PrivateRotatingFileHandler, make_private_folder, open_private
from shared.local.recovery import recover
from shared.local.rolling import list_single, roll
from shared.local.run_folder import ProcessRecord, RunFolder
from shared.local.secrets_file import SecretsFileError
from shared.local.settings import ROOT, InstallationSettings
from shared.local.stack import FACTORIES, Stack, list_all_variables, load_running_settings

Command = Callable[[argparse.Namespace], int]

POLL_SECONDS = 0.05
SHOWN_LOG_LINES = 25


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    options = make_parser().parse_args(arguments)
    try:
        exit_code: int = options.execute(options)
    except (ValidationError, SettingsError) as error:
        print(*describe_faults(error), sep="\n", file=sys.stderr)
    except PermissionError as error:
        target = error.filename or "the running processes"
        print(
            f"{target}: belongs to another user's installation; set NTP_VAR to a folder of your own",
            file=sys.stderr,
        )
    except (PostgresError, SetupError, SecretsFileError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or error.__class__.__name__}: {error.strerror or error}", file=sys.stderr)
    else:
        return exit_code
    return EXIT_SETUP_ERROR


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m services", description="Run the product on this machine."
    )
    parser.set_defaults(execute=run_in_foreground, log_file=None)
    commands = parser.add_subparsers(dest="command")

    def add_command(name: str, execute: Command, description: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=description)
        command.set_defaults(execute=execute)
        return command

    run = add_command("run", run_in_foreground, "run in the foreground until Ctrl-C (the default)")
    run.add_argument(
        "--log-file", type=Path, help="write to a file, rotated by size, instead of the terminal"
    )
    up = add_command("up", start, "start; with --detach return when everything is ready")
    up.add_argument("--detach", action="store_true", help="run in the background, log in var/log/ntp.log")
    add_command("stop", stop, "stop the stack and wait until it has ended")
    add_command("status", show_status, "list the processes")
    add_command(
        "roll", roll_processes, "replace every process, one after the other, by the code of this folder"
    )
    dev = add_command("dev", serve_in_development, "serve one process here and restart it at each change")
    dev.add_argument("name", choices=FACTORIES)
    exec_ = add_command("exec", execute_in_environment, "run a command in the environment of one process")
    exec_.add_argument("name", choices=FACTORIES)
    exec_.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    clocks = add_command("clocks", show_clocks, "compare the clock with the newest change of each process")
    clocks.add_argument(
        "--accept", action="store_true", help="let writers go on after changes that are ahead of the clock"
    )
    recovery = add_command(
        "recover-secrets", recover_secrets, "after lost secrets: new ones, and an administrator who is let in"
    )
    recovery.add_argument(
        "--id", default="admin", help="the administrator, who is created where there is none"
    )
    recovery.add_argument(
        "--unit", action="extend", nargs="+", default=[], help="unit of a new administrator"
    )
    backup = add_command("backup", write_backup, "write the database and the secrets into a new folder")
    backup.add_argument("folder", type=Path)
    backup.add_argument("--without-secrets", action="store_true", help="also where secrets.json is missing")
    check = add_command("check-backup", check_folder, "compare a backup with its manifest")
    check.add_argument("folder", type=Path)
    load = add_command("restore", restore_backup, "restore a backup into an installation without data")
    load.add_argument("folder", type=Path)
    load.add_argument(
        "--without-secrets",
        action="store_true",
        help="also a backup without secrets.json: clients need new secrets",
    )
    load.add_argument(
        "--without-manifest", action="store_true", help="also a backup of version 0.1.0, which has none"
    )
    return parser


def run_in_foreground(options: argparse.Namespace) -> int:
    """Run the stack until a signal stops it."""
    settings = InstallationSettings()
    handler = None
    if options.log_file is not None:
        handler = PrivateRotatingFileHandler(
            options.log_file, max_bytes=settings.log_max_bytes, backup_count=settings.log_backup_count
        )
    _warn_of_unread_variables()
    return run_launcher(lambda: Stack(settings).make_launcher(handler))


def start(options: argparse.Namespace) -> int:
    """Start the stack in the background, or run it in the foreground."""
    if options.detach:
        return start_in_background()
    return run_in_foreground(options)


def start_in_background() -> int:
    """Start the stack and return when everything is ready; else print the end of the log and return 1 or 2."""
    settings = InstallationSettings()
    run_folder = RunFolder(settings.folder / "run")
    log = settings.folder / "log" / "ntp.log"
    old_log_bytes = log.stat().st_size if log.exists() else 0
    process = None
    if (launcher := run_folder.find_launcher()) is not None:
        print(f"already running (process {launcher.pid})")
    else:
        _warn_of_unread_variables()
        process = _start_background_process(settings, log)
        print(f"starting; the log is {log}", flush=True)
    while (launcher := run_folder.find_launcher()) is None or not launcher.ready:
        ended = launcher is None if process is None else process.poll() is not None
        if ended:
            print("it did not start:", file=sys.stderr)
            _print_log_end(log, old_log_bytes)
            return (process.returncode if process is not None else None) or 1
        time.sleep(POLL_SECONDS)
    port = launcher.ports.get("gateway", settings.find_port("gateway"))
    print(f"ready: http://{HOST}:{port}  (reference at /docs; `make stop` ends it)")
    return 0


def stop(_: argparse.Namespace) -> int:
    """Stop the stack; succeed when none runs."""
    was_running = RunFolder(InstallationSettings().folder / "run").stop_stack()
    print("stopped" if was_running else "nothing was running")
    return 0


def show_status(_: argparse.Namespace) -> int:
    """List the processes of the running stack; return 0 when all are ready."""
    settings = load_running_settings()
    run_folder = RunFolder(settings.folder / "run")
    launcher = run_folder.find_launcher()
    if launcher is None:
        print("not running")
        return 1
    children = {child.name: child for child in run_folder.find_children()}
    names = list(launcher.ports)
    width = max(map(len, names))
    readiness = asyncio.run(_probe(launcher, children))
    for name in names:
        developer = run_folder.find_takeover(name)
        process = developer or children.get(name)
        pid = "-" if process is None else str(process.pid)
        state = "ready" if readiness[name] else "not ready"
        suffix = " (make dev)" if developer is not None else ""
        print(f"{name:<{width}} {launcher.ports[name]:>5}  process {pid:<8} {state}{suffix}")
    return 0 if all(readiness.values()) else 1


def roll_processes(_: argparse.Namespace) -> int:
    """Migrate beside the running processes, and replace each of them."""
    settings = load_running_settings()
    run_folder = RunFolder(settings.folder / "run")
    launcher = run_folder.find_launcher()
    if launcher is None or not launcher.ready:
        raise SetupError("no stack is running, or it is not ready yet; `make run` starts it")
    instances = [name for name in launcher.ports if name != "postgres"]
    for name in list_single(instances):
        print(f"{name} has one process: nobody serves in its stead while it starts")
    for line in asyncio.run(Stack(settings).migrate(beside_running=True)):
        print(line, flush=True)
    for line in roll(run_folder, instances):
        print(line, flush=True)
    return 0


def serve_in_development(options: argparse.Namespace) -> int:
    """Serve one process of the running stack from the working tree, with reload."""
    settings = load_running_settings()
    return develop(Stack(settings).make_app(options.name), RunFolder(settings.folder / "run"))


def execute_in_environment(options: argparse.Namespace) -> int:
    """Replace this process by a command with the environment of one process; `env` if none is given."""
    command = [argument for argument in options.arguments if argument != "--"] or ["env"]
    environment = Stack(load_running_settings()).make_environment(options.name)
    os.execvpe(command[0], command, environment)  # noqa: S606 (the operator's command)


def show_clocks(options: argparse.Namespace) -> int:
    """Compare the clock of this machine with the newest change of each process; return 1 where writers are refused."""
    stack = Stack(load_running_settings())

    from shared.kit.clocks import ClockReading, print_readings, read_clock  # noqa: PLC0415 (loads the ORM)

    async def read_clocks() -> list[ClockReading]:
        urls = {name: stack.make_environment(name)["NTP_DATABASE_URL"] for name in FACTORIES}
        return [
            await read_clock(name, url, system_clock, accept=options.accept) for name, url in urls.items()
        ]

    return print_readings(asyncio.run(read_clocks()))


def recover_secrets(options: argparse.Namespace) -> int:
    """Make new secrets for data whose secrets are lost, and print those of an administrator."""
    for line in recover(InstallationSettings(), client_id=options.id, units=options.unit):
        print(line)
    return 0


def write_backup(options: argparse.Namespace) -> int:
    """Write a backup into a new folder."""
    back_up(load_running_settings(), options.folder.absolute(), without_secrets=options.without_secrets)
    print(f"backup: {options.folder}")
    return 0


def check_folder(options: argparse.Namespace) -> int:
    """Compare a backup with its manifest, and print what it holds."""
    manifest = check_backup(options.folder.absolute())
    print(f"whole: {options.folder}, taken {manifest.taken_at} by version {manifest.version}")
    print(*describe_totals(manifest.content), sep="\n")
    return 0


def restore_backup(options: argparse.Namespace) -> int:
    """Restore a backup into an installation without data."""
    manifest = restore(
        InstallationSettings(),
        options.folder.absolute(),
        without_secrets=options.without_secrets,
        without_manifest=options.without_manifest,
    )
    print(f"restore: {options.folder}")
    if manifest is not None:
        print("equal to what the backup states:", *describe_totals(manifest.content), sep="\n")
    return 0


def _start_background_process(settings: InstallationSettings, log: Path) -> subprocess.Popen[bytes]:
    make_private_folder(log.parent)
    with open(log, "ab", opener=open_private) as file:
        return subprocess.Popen(  # noqa: S603 (fixed arguments)
            [sys.executable, "-m", "services", "run", "--log-file", str(log)],
            cwd=ROOT,
            env={**os.environ, "NTP_VAR": str(settings.folder)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def _print_log_end(log: Path, start_byte: int) -> None:
    if log.exists():
        lines = log.read_bytes()[start_byte:].decode(errors="replace").splitlines()
        print("\n".join(lines[-SHOWN_LOG_LINES:]), file=sys.stderr)


async def _probe(launcher: ProcessRecord, children: Mapping[str, ProcessRecord]) -> dict[str, bool]:
    """Return whether each process of the stack is ready: PostgreSQL by its record, the others by their answer."""
    names = [name for name in launcher.ports if name != "postgres"]
    answers = await asyncio.gather(*(is_responding(launcher.ports[name]) for name in names))
    readiness = dict(zip(names, answers, strict=True))
    if "postgres" in launcher.ports:
        readiness["postgres"] = "postgres" in children and children["postgres"].ready
    return readiness


def _warn_of_unread_variables() -> None:
    """Print each `NTP_` variable that nothing reads, with the most similar name."""
    for name, similar in find_unread_variables(os.environ, list_all_variables()).items():
        advice = f"; did you mean {similar}?" if similar else ""
        print(f"warning: nothing reads the variable {name}{advice}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
