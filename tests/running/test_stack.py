"""The whole product in its real processes, as `make demo`, `make run` and `make stop` drive it."""

import json
import signal
import time
from pathlib import Path

import pytest

from shared.local.stack import FACTORIES
from tests.running.product import Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

HEALED_WITHIN = 5.0
STOPPED_WITHIN = 5.5


def test_everything_is_ready_when_the_prompt_comes_back(product: Product):
    assert {one.name for one in product.run.find_children()} == {"postgres", *FACTORIES}
    assert [product.get(name, "/readyz") for name in FACTORIES] == [200] * len(FACTORIES)
    status = product.panel("status")
    assert status.returncode == 0
    assert status.stdout.count(" ready") == len(FACTORIES) + 1


def test_no_secret_stands_in_a_command_line_or_in_the_log(product: Product):
    words = json.loads((product.folder / "secrets.json").read_text()).values()
    seen = (product.folder / "log" / "ntp.log").read_text()
    for one in [*product.run.find_children(), product.run.find_launcher()]:
        seen += Path(f"/proc/{one.pid}/cmdline").read_text()
    assert not [word for word in words if word in seen]


def test_a_second_start_finds_it_running(product: Product):
    before = {one.pid for one in product.run.find_children()}
    again = product.panel("up", "--detach")
    assert again.returncode == 0
    assert "already running" in again.stdout
    assert {one.pid for one in product.run.find_children()} == before


@pytest.mark.parametrize("name", ["rural", "gateway"])
def test_a_killed_process_is_back_within_five_seconds(product: Product, name: str):
    victim = product.child(name)
    victim.send(signal.SIGKILL)
    until(lambda: not victim.alive, 1)
    until(lambda: product.get(name, "/readyz") == 200, HEALED_WITHIN)


def test_all_of_it_takes_less_than_700_mb(product: Product):
    """Memory that several processes share is counted once (the kernel's proportional set size)."""
    pids = {one.pid for one in [*product.run.find_children(), product.run.find_launcher()]}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, parent = int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent in pids and parent == product.child("postgres").pid:
            pids.add(pid)
    sizes = [_proportional_kb(pid) for pid in pids]
    assert sum(sizes) < 700 * 1024


def _proportional_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def test_killed_altogether_it_starts_again_on_the_same_data(product: Product):
    for one in [product.run.find_launcher(), *product.run.find_children()]:
        one.send(signal.SIGKILL)
    again = product.panel("up", "--detach")
    assert again.returncode == 0, again.stdout + again.stderr
    assert product.get("gateway", "/readyz") == 200


def test_a_stop_leaves_nothing(product: Product):
    everything = [product.run.find_launcher(), *product.run.find_children()]
    asked = time.monotonic()
    assert product.panel("stop").stdout == "stopped\n"
    assert time.monotonic() - asked < STOPPED_WITHIN + 1  # and the interpreter's own start
    assert not [one.name for one in everything if one.alive]
    assert product.panel("status").returncode == 1
