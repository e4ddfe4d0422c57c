"""The launcher with real processes: restart, stop, kill -9, and no process left behind."""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.local.launcher import SetupError
from shared.local.processes import make_parent_death_hook
from shared.local.rolling import roll
from shared.local.run_folder import ProcessRecord, RunFolder
from tests.not_none import not_none
from tests.postgres import free_port
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.e2e

TIME = re.compile(r"(?<= \| )\d{4}-\d\d-\d\dT[0-9:.]+Z ")
"""The time that the log states before a line."""

STACK = Path(__file__).with_name("stack.py")


class Stack:
    """A launcher in a process of its own, with two tiny applications."""

    def __init__(
        self,
        folder: Path,
        *,
        with_postgres: bool = False,
        environment: dict[str, str] | None = None,
        rotated_log: Path | None = None,
        stop_seconds: float = PATIENCE_SECONDS,
        port_release_seconds: float = PATIENCE_SECONDS,
        watch_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.folder = folder
        self.run_folder = RunFolder(folder / "run")
        self.ports = {"first": free_port(), "second": free_port()}
        self.postgres_port = free_port() if with_postgres else None
        self.environment = environment or {}
        self.rotated_log = rotated_log
        self.stop_seconds = stop_seconds
        self.port_release_seconds = port_release_seconds
        self.watch_seconds = watch_seconds
        self.log = folder / "log.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.seen: dict[int, ProcessRecord] = {}

    def start(self) -> "Stack":
        options = {
            "folder": str(self.folder),
            "ports": self.ports,
            "postgres_port": self.postgres_port,
            "environment": self.environment,
            "log": str(self.rotated_log) if self.rotated_log else None,
            "stop_seconds": self.stop_seconds,
            "port_release_seconds": self.port_release_seconds,
            "postgres_stop_seconds": PATIENCE_SECONDS,
            "watch_seconds": self.watch_seconds,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(STACK), json.dumps(options)],
                stdout=log,
                stderr=log,
                preexec_fn=make_parent_death_hook(signal.SIGTERM),  # noqa: PLW1509 (no threads here)
            )
        return self

    def wait_until_ready(self) -> "Stack":
        wait_until(self._is_ready, self.read_log)
        self.find_children()
        return self

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.read_log()
        launcher = self.run_folder.find_launcher()
        return launcher is not None and launcher.ready

    def find_children(self) -> dict[str, ProcessRecord]:
        children = {child.name: child for child in self.run_folder.find_children()}
        self.seen |= {child.pid: child for child in children.values()}
        return children

    def read_log(self) -> str:
        return self.log.read_text()

    def wait_for_exit(self) -> int:
        assert self.process is not None
        return self.process.wait(PATIENCE_SECONDS)

    def all_ended(self) -> bool:
        return not any(child.alive for child in self.seen.values())

    def kill(self) -> None:
        """Kill only what this test started."""
        self.find_children()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for child in self.seen.values():
            child.send_signal(signal.SIGKILL)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike `tmp_path`: as root the tests run PostgreSQL as nobody."""
    with tempfile.TemporaryDirectory(prefix="ntp-tests-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def make_stack(folder: Path) -> Iterator[Callable[..., Stack]]:
    stacks: list[Stack] = []

    def make(**options: Any) -> Stack:
        stacks.append(Stack(folder, **options))
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.kill()


def read_pid(port: int) -> int | None:
    """Return the id of the process that answers on the port."""
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE_SECONDS) as response,
    ):
        return int(response.read())
    return None


@pytest.mark.long
def test_processes_stop_in_reverse_order(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(with_postgres=True).start().wait_until_ready()
    assert set(stack.find_children()) == {"postgres", "first", "second"}
    not_none(stack.process).send_signal(signal.SIGINT)
    assert stack.wait_for_exit() == 0
    assert stack.all_ended()
    assert not stack.run_folder.find_children()
    lines = [TIME.sub("", line) for line in stack.read_log().splitlines()]
    order = [lines.index(line) for line in ("second   | goodbye", "first    | goodbye")]
    order.append(next(index for index, line in enumerate(lines) if "received fast shutdown" in line))
    assert order == sorted(order)


def test_no_application_starts_before_the_preparation_is_done(
    make_stack: Callable[..., Stack], folder: Path
) -> None:
    stack = make_stack(environment={"TINY_NEEDS": str(folder / "prepared")}).start().wait_until_ready()
    assert "not yet" not in stack.read_log()
    first = read_pid(stack.ports["first"])
    assert first
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: read_pid(stack.ports["first"]) is not None, stack.read_log)


def test_a_killed_process_is_restarted_and_the_others_stay(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack().start().wait_until_ready()
    first, second = read_pid(stack.ports["first"]), read_pid(stack.ports["second"])
    assert first
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: read_pid(stack.ports["first"]) not in {None, first}, stack.read_log)
    assert read_pid(stack.ports["second"]) == second


@pytest.mark.long
def test_a_process_that_hangs_is_restarted(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(watch_seconds=0.2).start().wait_until_ready()
    hung = stack.find_children()["first"]
    hung.send_signal(signal.SIGSTOP)

    def is_restarted() -> bool:
        first = stack.find_children().get("first")
        return first is not None and first.pid != hung.pid and first.ready

    wait_until(is_restarted, stack.read_log)
    assert "first    | " in stack.read_log()
    assert "it hangs and is started again" in stack.read_log()


def test_a_killed_postgres_is_restarted(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(with_postgres=True).start().wait_until_ready()
    killed = stack.find_children()["postgres"]
    os.kill(killed.pid, signal.SIGKILL)

    def is_restarted() -> bool:
        postgres = stack.find_children().get("postgres")
        return postgres is not None and postgres.pid != killed.pid and postgres.ready

    wait_until(is_restarted, stack.read_log)


def test_the_children_of_a_killed_launcher_end_and_a_second_start_works(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(with_postgres=True).start().wait_until_ready()
    not_none(stack.process).kill()
    stack.wait_for_exit()
    wait_until(stack.all_ended)
    stack.start().wait_until_ready()
    not_none(stack.process).send_signal(signal.SIGTERM)
    assert stack.wait_for_exit() == 0
    assert stack.all_ended()


@pytest.mark.long
def test_a_start_works_after_everything_was_killed_at_once(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(with_postgres=True).start().wait_until_ready()
    children = stack.find_children()
    not_none(stack.process).kill()
    for child in children.values():
        child.send_signal(signal.SIGKILL)
    stack.wait_for_exit()
    stack.start().wait_until_ready()


@pytest.mark.long
def test_the_next_start_ends_the_orphans_of_a_killed_launcher(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(environment={"TINY_STUBBORN": "1"}, stop_seconds=1).start().wait_until_ready()
    orphans = stack.find_children()
    not_none(stack.process).kill()
    stack.wait_for_exit()
    assert all(orphan.alive for orphan in orphans.values())
    stack.start().wait_until_ready()
    assert not any(orphan.alive for orphan in orphans.values())
    assert "left by a killed launcher" in stack.read_log()


@pytest.mark.long
def test_a_process_that_ignores_the_stop_is_killed(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(environment={"TINY_STUBBORN": "1"}, stop_seconds=1).start().wait_until_ready()
    not_none(stack.process).send_signal(signal.SIGTERM)
    assert stack.wait_for_exit() == 0
    assert stack.all_ended()
    assert "after SIGINT" in stack.read_log()


def test_a_roll_replaces_each_process_and_ends_with_the_launcher(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack().start().wait_until_ready()
    before = {child.name: child.pid for child in stack.find_children().values()}
    lines = list(roll(stack.run_folder, [*stack.ports]))
    after = {child.name: child.pid for child in stack.find_children().values()}
    assert [line.split(":")[0] for line in lines] == ["first", "second"]
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    stack.run_folder.stop_stack(PATIENCE_SECONDS)
    with pytest.raises(SetupError, match="launcher has ended"):
        list(roll(stack.run_folder, [*stack.ports]))


def test_a_taken_port_is_reported_in_one_sentence(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(port_release_seconds=0.1)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", stack.ports["second"]))
        listener.listen()
        assert stack.start().wait_for_exit() == 2
    assert f"port {stack.ports['second']}, assigned to second, is taken" in stack.read_log()
    assert "set NTP_SECOND_PORT to another" in stack.read_log()
    assert "Traceback" not in stack.read_log()


def test_a_second_launcher_of_the_folder_is_refused(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack().start().wait_until_ready()
    second = make_stack()
    assert second.start().wait_for_exit() == 2
    assert f"already running (process {not_none(stack.process).pid})" in second.read_log()
    assert read_pid(stack.ports["first"]) is not None


def test_an_application_that_cannot_start_ends_the_start(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(environment={"TINY_REFUSES": "1"})
    assert stack.start().wait_for_exit() == 2
    assert "no thank you" in stack.read_log()
    assert "cannot start" in stack.read_log()
    assert stack.all_ended()


@pytest.mark.long
def test_a_process_that_ends_as_misconfigured_is_not_started_again(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(environment={"TINY_MISCONFIGURED": "1"})
    assert stack.start().wait_for_exit() == 2
    assert f"ended with exit code {os.EX_CONFIG}; not started again" in stack.read_log()
    assert "starting again" not in stack.read_log()
    assert stack.all_ended()


def test_a_stop_from_outside_waits_until_everything_has_ended(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(with_postgres=True).start().wait_until_ready()
    assert stack.run_folder.stop_stack(PATIENCE_SECONDS) is True
    assert stack.all_ended()
    assert stack.wait_for_exit() == 0
    assert stack.run_folder.stop_stack() is False


@pytest.mark.long
def test_a_stop_during_the_start_leaves_no_process(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(with_postgres=True).start()
    wait_until(lambda: stack.run_folder.find_launcher() is not None, stack.read_log)
    not_none(stack.process).send_signal(signal.SIGTERM)
    assert stack.wait_for_exit() == 0
    assert not stack.run_folder.find_children()


@pytest.mark.long
def test_a_very_long_line_is_logged_whole(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(environment={"TINY_LONG_LINE": "1"}).start().wait_until_ready()
    wait_until(lambda: "x" * 200_000 in stack.read_log())


@pytest.mark.long
def test_the_record_of_the_launcher_holds_the_ports(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(with_postgres=True).start().wait_until_ready()
    assert not_none(stack.run_folder.find_launcher()).ports == {
        "postgres": stack.postgres_port,
        **stack.ports,
    }


@pytest.mark.long
def test_a_log_rotates_while_the_processes_run_and_loses_no_line(
    make_stack: Callable[..., Stack], folder: Path
) -> None:
    log = folder / "log" / "ntp.log"
    log.parent.mkdir()
    log.write_text("first    | line of an earlier start\n")
    log.chmod(0o644)
    stack = make_stack(environment={"TINY_LINES": "1000"}, rotated_log=log).start().wait_until_ready()
    not_none(stack.process).send_signal(signal.SIGTERM)
    assert stack.wait_for_exit() == 0
    stack.start().wait_until_ready()
    not_none(stack.process).send_signal(signal.SIGTERM)
    assert stack.wait_for_exit() == 0  # every line is written by then, and no file is renamed any more
    files = sorted(log.parent.iterdir(), key=lambda file: int(file.suffix[1:]) if file != log else 0)
    lines = [TIME.sub("", line) for file in reversed(files) for line in file.read_text().splitlines()]
    assert lines[0] == "first    | line of an earlier start"
    for name in ("first ", "second"):
        expected = [f"{name}   | line {number}" for number in range(1000)] * 2
        assert [
            line for line in lines if line.startswith(f"{name}   | line ") and "earlier" not in line
        ] == expected
    assert all(file.stat().st_size <= 4096 for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stack.read_log() == ""


def test_a_record_with_a_reused_process_id_is_not_alive() -> None:
    record = ProcessRecord("rural", os.getpid(), started="long ago")
    assert not record.alive
    record.send_signal(signal.SIGKILL)
