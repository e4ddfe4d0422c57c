"""`make dev`: one process of a running stack is served with reload, and then the launcher's own again."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from shared.local.processes import make_parent_death_hook
from tests.not_none import not_none
from tests.running.installation import Installation
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.e2e


class Development:
    """`python -m services dev rural` in the background."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._log = installation.folder.parent / "dev.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services", "dev", "rural"],
                cwd=installation.tree,
                env=installation.environment,
                stdout=log,
                stderr=log,
                preexec_fn=make_parent_death_hook(signal.SIGTERM),  # noqa: PLW1509 (no threads here)
            )

    def read_log(self) -> str:
        return self._log.read_text()

    def wait_until_ready(self, times: int = 1) -> None:
        wait_until(lambda: self.read_log().count("rural is ready") == times, self.read_log)


@contextlib.contextmanager
def developing(installation: Installation) -> Iterator[Development]:
    development = Development(installation)
    try:
        yield development
    finally:
        if development.process.poll() is None:
            development.process.kill()
        development.process.wait()


def read_title(installation: Installation) -> str:
    """Return the title of rural's document."""
    url = f"http://127.0.0.1:{installation.ports['rural']}/openapi.json"
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
        return str(json.load(response)["info"]["title"])


def write_title(installation: Installation, title: str) -> None:
    app = installation.tree / "services" / "rural" / "app.py"
    app.write_text(re.sub(r'title="[^"]*"', f'title="{title}"', app.read_text(), count=1))


def is_served_by_the_launcher(installation: Installation) -> bool:
    child = installation.find_child("rural")
    return child is not None and child.ready


def test_a_process_is_served_from_the_changed_source_and_then_by_the_launcher_again(
    installation: Installation,
) -> None:
    launchers_own = not_none(installation.find_child("rural"))
    with developing(installation) as development:
        development.wait_until_ready()
        assert not launchers_own.alive
        assert installation.find_child("rural") is None
        assert "(make dev)" in installation.run_command("status").stdout
        write_title(installation, "Changed once")
        development.wait_until_ready(times=2)
        assert "services/rural/app.py changed" in development.read_log()
        assert read_title(installation) == "Changed once"
        development.process.send_signal(signal.SIGINT)
        assert development.process.wait(PATIENCE_SECONDS) == 0
        assert "stopped" in development.read_log()
    wait_until(lambda: is_served_by_the_launcher(installation))
    assert installation.run_command("status").returncode == 0
    assert "`make dev` has ended" in installation.log.read_text()


def test_source_that_cannot_be_loaded_is_tried_again_after_the_next_change(
    installation: Installation,
) -> None:
    app = installation.tree / "services" / "rural" / "app.py"
    source = app.read_text()
    with developing(installation) as development:
        development.wait_until_ready()
        app.write_text("this is no Python")
        wait_until(lambda: "waiting for a change" in development.read_log(), development.read_log)
        assert "SyntaxError" in development.read_log()
        app.write_text(source)
        development.wait_until_ready(times=2)
    wait_until(lambda: is_served_by_the_launcher(installation))


def test_the_launcher_takes_the_port_back_when_the_development_process_is_killed(
    installation: Installation,
) -> None:
    with developing(installation) as development:
        development.wait_until_ready()
        development.process.kill()
        wait_until(lambda: is_served_by_the_launcher(installation))
    assert installation.get_status("rural", "/readyz") == 200


def test_a_second_development_process_of_the_same_service_is_refused(installation: Installation) -> None:
    with developing(installation) as development:
        development.wait_until_ready()
        second = installation.run_command("dev", "rural")
        assert second.returncode == 2
        assert "another `make dev`" in second.stderr
    wait_until(lambda: is_served_by_the_launcher(installation))


def test_a_stop_of_the_stack_stops_the_development_process_too(installation: Installation) -> None:
    with developing(installation) as development:
        development.wait_until_ready()
        assert installation.run_command("stop").stdout == "stopped\n"
        development.process.wait(PATIENCE_SECONDS)
    assert installation.get_status("rural", "/livez") == 0


def test_without_a_running_stack_it_is_refused(installation: Installation) -> None:
    refused = installation.run_command("dev", "rural")
    assert refused.returncode == 2
    assert "no stack is running" in refused.stderr
