"""The launcher with real processes: it heals, it stops, it is killed, and nothing of it is left behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.local.run_folder import ProcessRecord, RunFolder
from tests.postgres import free_port

pytestmark = pytest.mark.e2e

STACK = Path(__file__).with_name("stack.py")
HEALED_WITHIN = 5.0
STOPPED_WITHIN = 5.0


class Stack:
    """A launcher in a process of its own, with two tiny applications."""

    def __init__(
        self, folder: Path, *, with_postgres: bool = False, environment: dict[str, str] | None = None
    ):
        self.folder = folder
        self.run = RunFolder(folder / "run")
        self.ports = {"first": free_port(), "second": free_port()}
        self.postgres_port = free_port() if with_postgres else None
        self.environment = environment or {}
        self.log = folder / "log.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.ever: dict[int, ProcessRecord] = {}

    def start(self) -> "Stack":
        told = {
            "folder": str(self.folder),
            "ports": self.ports,
            "postgres_port": self.postgres_port,
            "environment": self.environment,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(STACK), json.dumps(told)], stdout=log, stderr=log
            )
        return self

    def ready(self) -> "Stack":
        until(self._is_ready, 30, self.said)
        self.children()
        return self

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        launcher = self.run.find_launcher()
        return launcher is not None and launcher.ready

    def children(self) -> dict[str, ProcessRecord]:
        children = {one.name: one for one in self.run.find_children()}
        self.ever |= {one.pid: one for one in children.values()}
        return children

    def said(self) -> str:
        return self.log.read_text()

    def wait(self, seconds: float = 20) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def all_gone(self) -> bool:
        return not any(one.alive for one in self.ever.values())

    def end(self) -> None:
        """Only what this test started."""
        self.children()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for one in self.ever.values():
            one.send(signal.SIGKILL)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, as `tmp_path` is not: as root the tests run PostgreSQL as nobody."""
    with tempfile.TemporaryDirectory(prefix="ntp-tests-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def stack(folder: Path) -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(**options) -> Stack:
        made.append(Stack(folder, **options))
        return made[-1]

    yield make
    for one in made:
        one.end()


def until(true: Callable[[], bool], seconds: float, explain: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s:\n{explain()}"
        time.sleep(0.02)


def pid_on(port: int) -> int | None:
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer,
    ):
        return int(answer.read())
    return None


def test_it_starts_what_the_table_says_and_stops_it_in_reverse_order(stack):
    running = stack(with_postgres=True).start().ready()
    assert set(running.children()) == {"postgres", "first", "second"}
    asked = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.wait() == 0
    assert time.monotonic() - asked < STOPPED_WITHIN
    assert running.all_gone()
    assert not running.run.find_children()
    lines = running.said().splitlines()
    order = [lines.index(line) for line in ("second   | goodbye", "first    | goodbye")]
    order.append(next(place for place, line in enumerate(lines) if "received fast shutdown" in line))
    assert order == sorted(order)


def test_nothing_runs_before_the_step_before_is_done(stack, folder):
    running = stack(environment={"TINY_NEEDS": str(folder / "prepared")}).start().ready()
    assert "not yet" not in running.said()
    os.kill(pid_on(running.ports["first"]), signal.SIGKILL)
    until(lambda: pid_on(running.ports["first"]) is not None, HEALED_WITHIN, running.said)
    running.children()


def test_a_killed_process_is_back_within_five_seconds(stack):
    running = stack().start().ready()
    before = pid_on(running.ports["first"])
    neighbour = pid_on(running.ports["second"])
    os.kill(before, signal.SIGKILL)
    until(lambda: pid_on(running.ports["first"]) not in {None, before}, HEALED_WITHIN, running.said)
    running.children()
    assert pid_on(running.ports["second"]) == neighbour


def test_a_killed_postgres_is_back_within_five_seconds(stack):
    running = stack(with_postgres=True).start().ready()
    before = running.children()["postgres"]
    os.kill(before.pid, signal.SIGKILL)
    until(
        lambda: (
            (now := running.children().get("postgres")) is not None and now.pid != before.pid and now.ready
        ),
        HEALED_WITHIN,
        running.said,
    )


def test_a_killed_launcher_takes_its_children_along_and_a_second_start_works(stack):
    running = stack(with_postgres=True).start().ready()
    running.process.kill()
    running.wait()
    until(running.all_gone, HEALED_WITHIN)
    running.start().ready()
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() == 0
    assert running.all_gone()


def test_everything_killed_at_once_starts_again(stack):
    running = stack(with_postgres=True).start().ready()
    victims = running.children()
    running.process.kill()
    for one in victims.values():
        one.send(signal.SIGKILL)
    running.wait()
    running.start().ready()


def test_an_orphan_that_outlived_its_launcher_is_ended_at_the_next_start(stack):
    running = stack(environment={"TINY_STUBBORN": "1"}).start().ready()
    orphans = running.children()
    running.process.kill()
    running.wait()
    assert all(one.alive for one in orphans.values())
    running.start().ready()
    assert running.all_gone() is False
    assert not any(one.alive for one in orphans.values())
    assert "left by a killed launcher" in running.said()


def test_a_process_that_does_not_end_is_killed_within_the_five_seconds(stack):
    running = stack(environment={"TINY_STUBBORN": "1"}).start().ready()
    asked = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() == 0
    assert time.monotonic() - asked < STOPPED_WITHIN
    assert running.all_gone()


def test_a_taken_port_is_one_sentence_and_no_trace(stack):
    running = stack()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", running.ports["second"]))
        taken.listen()
        assert running.start().wait() == 2
    said = running.said()
    assert f"port {running.ports['second']}, meant for second, is taken" in said
    assert "NTP_SECOND_PORT" in said
    assert "Traceback" not in said


def test_a_second_start_says_that_one_runs(stack):
    running = stack().start().ready()
    second = stack()
    assert second.start().wait() == 2
    assert f"already running (process {running.process.pid})" in second.said()
    assert pid_on(running.ports["first"]) is not None


def test_what_cannot_start_ends_the_start_and_says_why(stack):
    running = stack(environment={"TINY_REFUSES": "1"})
    assert running.start().wait() == 2
    assert "no thank you" in running.said()
    assert "cannot start" in running.said()
    assert running.all_gone()


def test_stop_from_outside_waits_until_everything_is_gone(stack):
    running = stack(with_postgres=True).start().ready()
    assert running.run.stop() is True
    assert running.all_gone()
    assert running.wait() == 0
    assert running.run.stop() is False


def test_a_stop_while_starting_leaves_nothing(stack):
    running = stack(with_postgres=True).start()
    until(lambda: running.run.find_launcher() is not None, 10, running.said)
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() == 0
    assert not running.run.find_children()


def test_a_very_long_line_passes(stack):
    running = stack(environment={"TINY_LONG_LINE": "1"}).start().ready()
    until(lambda: "x" * 200_000 in running.said(), 5)


def test_a_record_with_a_reused_number_is_nobody_of_ours():
    record = ProcessRecord("rural", os.getpid(), started="long ago")
    assert not record.alive
    record.send(signal.SIGKILL)
