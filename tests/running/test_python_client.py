"""The Python client against the running product: its README as it stands, and a sender that is killed on a bad link."""

import itertools
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ntp_client import NtpClient
from ntp_client.outbox import Outbox

from shared.local.settings import ROOT
from tests.cutting_proxy import CuttingProxy, running_proxy
from tests.running.installation import Installation, remove_variables
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

CLIENT = ROOT / "clients" / "python"
PERIOD = "2022"


def create_client(installation: Installation, client_id: str, *units: str) -> tuple[str, str]:
    """Return the id and the secret of a new client that reports for units."""
    rights = [word for unit in units for word in ("--unit", unit)]
    command = [
        "create-client",
        "--id",
        client_id,
        "--scope",
        "report",
        "--scope",
        "read",
        "--program",
        "poverty",
        *rights,
    ]
    created = installation.run_command("exec", "gateway", "--", sys.executable, "-m", "gateway", *command)
    assert created.returncode == 0, created.stderr
    return client_id, json.loads(created.stdout)["client_secret"]


def test_the_page_of_the_client_runs_as_it_stands(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (CLIENT / "README.md").read_text(encoding="utf-8")
    text = "\n".join(re.findall(r"(?ms)^```python\n(.*?)^```$", page))
    client_id, secret = create_client(installation, "reader-of-the-page", "610")
    settings = f"ORIGIN = {installation.gateway_url!r}\nCLIENT_ID, CLIENT_SECRET = {client_id!r}, {secret!r}"
    text, replaced = re.subn(r"(?m)^ORIGIN = .*\nCLIENT_ID, CLIENT_SECRET = .*$", settings, text)
    assert replaced == 1
    exec(compile(text, "clients/python/README.md", "exec"), {})


@pytest.mark.parametrize(
    ("units", "versions", "kills"),
    [
        pytest.param(("612", "613"), 5, 3, id="short"),
        pytest.param(
            ("608", "611", "614", "615", "616", "617", "612", "613", "618", "610"), 100, 100,
            id="long", marks=[pytest.mark.long, pytest.mark.timeout(3600)],
        ),
    ],
)  # fmt: skip
def test_a_sender_that_is_killed_on_a_bad_link_loses_nothing_and_doubles_nothing(
    installation: Installation, tmp_path: Path, units: tuple[str, ...], versions: int, kills: int
) -> None:
    """Each report supersedes the one before it, so a lost, a doubled or an exchanged one would be refused."""
    client_id, secret = create_client(installation, f"killed-{kills}", *units)
    outbox = fill_outbox(tmp_path / "outbox.db", units, versions)
    with running_proxy(installation.ports["gateway"], seed=kills) as proxy:
        environment = {
            **remove_variables(os.environ),
            "PYTHONPATH": str(CLIENT),
            "NTP_OUTBOX": str(outbox.path),
            "NTP_ORIGIN": f"http://127.0.0.1:{proxy.port}",
            "NTP_CLIENT_ID": client_id,
            "NTP_CLIENT_SECRET": secret,
        }
        killed = send_and_kill(environment, proxy, kills)
        last = subprocess.run(
            send_command(), env=environment, capture_output=True, text=True, check=False, timeout=3000
        )
    assert killed == kills
    assert last.returncode == 0, last.stdout + last.stderr
    answered = list(outbox.iterate("answered"))
    assert len(answered) == len(units) * versions == len({entry.answer["id"] for entry in answered})
    with NtpClient(installation.gateway_url, client_id, secret, timeout_s=PATIENCE_SECONDS) as client:
        for unit in units:
            reports = list(client.program("poverty").iterate_reports(unit=unit, period=PERIOD))
            ids = [entry.answer["id"] for entry in answered if entry.body["unit"] == unit]
            assert [report["id"] for report in reports] == ids[::-1]
            assert [report["supersedes"] for report in reports] == [*ids[-2::-1], None]


def fill_outbox(path: Path, units: tuple[str, ...], versions: int) -> Outbox:
    """Return an outbox with versions of a report for each unit."""
    outbox = Outbox(path)
    for version, unit in itertools.product(range(versions), units):
        observation = {"unit": unit, "indicator": "jobs_created", "value": version + 1, "status": "official"}
        report = {"unit": unit, "period": PERIOD, "form": "annual_results", "observations": [observation]}
        before = None if version == 0 else f"{unit}-{version - 1}"
        outbox.add("/v1/poverty/reports", report, key=f"{unit}-{version}", supersedes=before)
    return outbox


def send_command() -> list[str]:
    return [sys.executable, "-m", "ntp_client.outbox.command", "send", "--for", "600"]


def send_and_kill(environment: dict[str, str], proxy: CuttingProxy, kills: int) -> int:
    """Start a sender and kill it when some more bytes have passed, again and again; return how often it was still running."""
    randomness = random.Random(kills)
    killed = 0
    for _ in range(kills):
        until_bytes = proxy.passed_bytes + randomness.randrange(1, 4_000)
        sender = subprocess.Popen(
            send_command(), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while proxy.passed_bytes < until_bytes and sender.poll() is None:
            time.sleep(0.01)
        killed += sender.poll() is None
        sender.kill()
        sender.wait()
    return killed
