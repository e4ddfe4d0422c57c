"""`make dev`: one process of a running stack is served with reload, and then the launcher's own again."""

import json
import re
import signal
import urllib.request

import pytest

from tests.not_none import not_none
from tests.running.development import developing
from tests.running.installation import Installation
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.long]


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
    app = installation.tree / "services" / "rural" / "app.py"
    with developing(installation) as development:
        development.wait_until_ready()
        assert not launchers_own.alive
        assert installation.find_child("rural") is None
        assert "(make dev)" in installation.run_command("status").stdout
        second = installation.run_command("dev", "rural")
        assert second.returncode == 2
        assert "another `make dev`" in second.stderr
        source = app.read_text()
        app.write_text("this is no Python")
        wait_until(lambda: "waiting for a change" in development.read_log(), development.read_log)
        assert "SyntaxError" in development.read_log()
        app.write_text(source)
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


def test_the_launcher_takes_the_port_back_when_the_development_process_is_killed(
    installation: Installation,
) -> None:
    with developing(installation) as development:
        development.wait_until_ready()
        development.process.kill()
        wait_until(lambda: is_served_by_the_launcher(installation))
    assert installation.get_status("rural", "/readyz") == 200
