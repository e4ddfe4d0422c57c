"""Backup, restore, and the examples of the README, on an installation of its own."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from shared.local.settings import ROOT
from shared.local.stack import FACTORIES
from tests.postgres import free_port
from tests.running.product import Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SAME_WITHIN = 15.0
"""A service that was just started may not have heard its neighbour yet, and says so with its figures."""


@pytest.fixture(scope="module")
def posted(product: Product) -> Product:
    """The installation with Kon Tum's 2023 in it."""
    done = subprocess.run(
        [sys.executable, "examples/kontum-2023/demo.py"],
        cwd=ROOT,
        env={**product.environment, "NTP_GATEWAY_URL": product.address},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "32 of 32 figures as the plan prints them" in done.stdout
    return product


def test_the_clients_of_the_demo_are_listed_for_their_owner_alone(posted: Product):
    path = posted.folder / "demo-clients.json"
    assert path.stat().st_mode & 0o777 == 0o600
    clients = {one["client_id"]: one for one in json.loads(path.read_text())}
    assert {"district-608", "district-618", "agency-rural", "reviewer-ethnic", "finance", "admin"} <= set(
        clients
    )
    assert set(clients["finance"]) == {"client_id", "client_secret", "scopes", "programs", "units"}


def test_every_example_of_the_readme_runs(posted: Product, tmp_path: Path):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    script = "set -eu\n" + "\necho; echo ------\n".join(blocks)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "GATEWAY": posted.address,
            "CLIENTS": str(posted.folder / "demo-clients.json"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _, submitted, refused, decided, accepted, read = (part.strip() for part in done.stdout.split("------"))
    assert json.loads(submitted)["counts"]["created"] == 2
    faults = {(one["pointer"], one["code"]) for one in json.loads(refused)["errors"]}
    assert faults == {
        ("/observations/0/unit", "unit_not_below"),
        ("/observations/0/value", "value_out_of_range"),
        ("/observations/1/indicator", "indicator_unknown"),
        ("/observations/1/value", "not_a_number"),
    }
    tried, criteria_set = _documents(decided)
    assert [(one["indicator"], one["value"]) for one in tried["derived"]] == [("criterion_10", 0)]
    assert len(criteria_set["criteria"]) == 19
    assert json.loads(accepted)["state"] == "accepted"
    status, of_a_quarter, progress, lineage, money, foreseen = _documents(read)
    assert status["complete"] is True
    assert next(it for it in progress["figures"] if it["indicator"] == "jobs_created")["value"] == 731
    assert lineage["value"] == 6.837035
    assert money["rows"]
    assert of_a_quarter["funding"]["until"] == foreseen["seen_on"] == "2023-09-30"


def programs(product: Product):
    """What the programs say of 2023."""
    return product.read("/v1/status?period=2023")["programs"]


def test_a_backup_restored_elsewhere_is_the_same_installation(posted: Product, tmp_path: Path):
    folder = tmp_path / "backup"
    done = posted.panel("backup", str(folder))
    assert done.returncode == 0, done.stderr
    assert {one.name for one in folder.iterdir()} == {"ntp.dump", "secrets.json"}
    assert folder.stat().st_mode & 0o077 == 0
    again = posted.panel("backup", str(folder))
    assert again.returncode != 0
    assert "is there already" in again.stderr

    tmp_path.chmod(0o755)
    elsewhere = replace(
        posted, folder=tmp_path / "var", ports={one: free_port() for one in (*FACTORIES, "postgres")}
    )
    try:
        restored = elsewhere.panel("restore", str(folder))
        assert restored.returncode == 0, restored.stderr
        assert elsewhere.panel("up", "--detach").returncode == 0
        until(lambda: programs(elsewhere) == programs(posted), SAME_WITHIN)
        assert "holds data already" in elsewhere.panel("restore", str(folder)).stderr
    finally:
        elsewhere.panel("stop")


def _documents(text: str) -> list[dict]:
    """Split JSON documents that stand one after the other."""
    decoder, found = json.JSONDecoder(), []
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found
