"""The product in its real processes, as `make demo`, `make run`, `make status` and `make stop` use it."""

import json
import re
import signal
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from shared.local.settings import ROOT
from shared.local.stack import FACTORIES
from tests.not_none import not_none
from tests.running.development import developing
from tests.running.installation import Installation, remove_variables
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.e2e

LARGEST_PROCESS_KB = 130 * 1024
"""The budget of each process of ours, PostgreSQL not counted."""
LARGEST_MEMORY_KB = len(FACTORIES) * 140 * 1024
"""Of all together, PostgreSQL and the launcher included: as much for each process as when there were five."""


def test_every_process_is_ready_when_the_command_returns(installation: Installation) -> None:
    assert {child.name for child in installation.run_folder.find_children()} == {"postgres", *FACTORIES}
    assert [installation.get_status(name, "/readyz") for name in FACTORIES] == [200] * len(FACTORIES)


def test_status_reads_the_ports_of_the_running_stack_and_not_of_the_environment(
    installation: Installation,
) -> None:
    environment = {
        **remove_variables(installation.environment),
        "NTP_VAR": str(installation.folder),
        "NTP_BASE_PORT": "1",
    }
    status = installation.run_command("status", environment=environment)
    assert status.returncode == 0, status.stdout
    rows = [line.split() for line in status.stdout.splitlines()]
    assert {row[0]: int(row[1]) for row in rows} == installation.ports
    assert {row[4] for row in rows} == {"ready"}
    again = installation.run_command("up", "--detach", environment=environment)
    assert f"ready: {installation.gateway_url} " in again.stdout


def test_commands_in_the_environment_of_a_process_use_the_running_ports(installation: Installation) -> None:
    environment = {**remove_variables(installation.environment), "NTP_VAR": str(installation.folder)}
    variables = installation.run_command("exec", "rural", environment=environment).stdout
    assert f"NTP_GATEWAY_URL={installation.gateway_url}\n" in variables


def test_no_secret_is_in_a_command_line_or_in_the_log(installation: Installation) -> None:
    secrets = json.loads((installation.folder / "secrets.json").read_text()).values()
    texts = installation.log.read_text()
    run_folder = installation.run_folder
    for process in [*run_folder.find_children(), not_none(run_folder.find_launcher())]:
        texts += Path(f"/proc/{process.pid}/cmdline").read_text()
    assert not [secret for secret in secrets if secret in texts]


def test_only_the_owner_reads_the_log(installation: Installation) -> None:
    assert stat.S_IMODE(installation.log.stat().st_mode) == 0o600


def test_successful_polls_of_the_feed_and_health_checks_are_not_in_the_log(
    installation: Installation,
) -> None:
    wait_until(lambda: _read_consumer_state(installation) == "following")
    assert installation.get_status("rural", "/livez") == 200
    lines = installation.log.read_text().splitlines()
    answered = [line for line in lines if "status=200" in line]
    assert any("path=/v1/ethnic/following" in line for line in answered)
    assert not [line for line in answered if "path=/v1/rural/changes" in line or "path=/livez" in line]


def _read_consumer_state(installation: Installation) -> str:
    return str(installation.get_json("/v1/ethnic/following")["items"][0]["state"])


def test_the_page_for_integrators_runs_as_it_stands(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "integrate.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"(?ms)^```console\npython -m services (.*?)\n```$", page)
    arguments = [sys.executable if word == "python" else word for word in command.split()]
    created = installation.run_command(*arguments)
    assert created.returncode == 0, created.stderr
    client = json.loads(created.stdout)
    lines = "\n".join(re.findall(r"(?ms)^```python\n(.*?)^```$", page)).splitlines()
    settings = {
        "ORIGIN =": f'ORIGIN = "{installation.gateway_url}"',
        "CLIENT_ID, CLIENT_SECRET =": f"CLIENT_ID, CLIENT_SECRET = {client['client_id']!r}, {client['client_secret']!r}",
    }
    text = "\n".join(
        next((setting for beginning, setting in settings.items() if line.startswith(beginning)), line)
        for line in lines
    )
    names: dict[str, Any] = {}
    exec(compile(text, "docs/integrate.md", "exec"), names)
    event, sent_at = b'{"type": "vn.gov.ntp.report.accepted"}', datetime.now(UTC).replace(microsecond=0)
    signature = Webhook(names["secret"]).sign("event-1", sent_at, event.decode())
    fields = {"webhook-id": "event-1", "webhook-timestamp": str(int(sent_at.timestamp()))}
    assert names["receive"]({**fields, "webhook-signature": f"v1,old {signature}"}, event) == json.loads(
        event
    )
    with pytest.raises(ValueError, match="not signed"):
        names["receive"]({**fields, "webhook-signature": signature}, event + b" ")


def test_a_second_start_leaves_the_running_processes(installation: Installation) -> None:
    before = {child.pid for child in installation.run_folder.find_children()}
    again = installation.run_command("up", "--detach")
    assert again.returncode == 0
    assert "already running" in again.stdout
    assert {child.pid for child in installation.run_folder.find_children()} == before


@pytest.mark.parametrize("name", ["rural", "gateway"])
def test_a_killed_process_is_restarted(installation: Installation, name: str) -> None:
    killed = not_none(installation.find_child(name))
    killed.send_signal(signal.SIGKILL)
    wait_until(lambda: not killed.alive)
    wait_until(lambda: installation.get_status(name, "/readyz") == 200)


def test_the_processes_keep_to_their_budget_of_memory(installation: Installation) -> None:
    """Memory that several processes share counts once (the kernel's proportional set size)."""
    run_folder = installation.run_folder
    children = {child.name: child.pid for child in run_folder.find_children()}
    memory = {name: _read_memory_kb(pid) for name, pid in children.items() if name in FACTORIES}
    assert {name: size for name, size in memory.items() if size >= LARGEST_PROCESS_KB} == {}
    pids = {*children.values(), not_none(run_folder.find_launcher()).pid}
    postgres = not_none(installation.find_child("postgres")).pid
    for stat_file in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, parent = int(stat_file.parent.name), int(stat_file.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == postgres:
            pids.add(pid)
    assert sum(map(_read_memory_kb, pids)) < LARGEST_MEMORY_KB


def _read_memory_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@pytest.mark.long
def test_a_start_works_after_everything_was_killed(installation: Installation) -> None:
    run_folder = installation.run_folder
    processes = [not_none(run_folder.find_launcher()), *run_folder.find_children()]
    for process in processes:
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(process.alive for process in processes))
    again = installation.run_command("up", "--detach")
    assert again.returncode == 0, again.stdout + again.stderr
    assert installation.get_status("gateway", "/readyz") == 200


def test_a_stop_leaves_no_process_also_where_one_is_served_for_development(
    installation: Installation,
) -> None:
    with developing(installation) as development:
        development.wait_until_ready()
        run_folder = installation.run_folder
        processes = [not_none(run_folder.find_launcher()), *run_folder.find_children()]
        assert installation.run_command("stop").stdout == "stopped\n"
        development.process.wait(PATIENCE_SECONDS)
    assert not [process.name for process in processes if process.alive]
    assert installation.get_status("rural", "/livez") == 0
    assert installation.run_command("status").returncode == 1
    refused = installation.run_command("dev", "rural")
    assert refused.returncode == 2
    assert "no stack is running" in refused.stderr
