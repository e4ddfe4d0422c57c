"""Backup, restore, and the examples of README and docs, on an installation of its own."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.local.settings import ROOT
from shared.local.stack import FACTORIES
from tests.postgres import free_port
from tests.running.installation import Installation, temporary_installation
from tests.waiting import wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """An installation with nothing in it."""
    with temporary_installation() as installation:
        installation.start()
        yield installation


@pytest.fixture(scope="module")
def filled(installation: Installation) -> Installation:
    """The installation with Kon Tum's 2023 in it."""
    demo = subprocess.run(
        [sys.executable, "examples/kontum-2023/demo.py"],
        cwd=ROOT,
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "41 of 41 figures as the plan prints them" in demo.stdout
    return installation


def test_only_the_owner_reads_the_clients_of_the_demo(filled: Installation) -> None:
    path = filled.folder / "demo-clients.json"
    assert path.stat().st_mode & 0o777 == 0o600
    clients = {client["client_id"]: client for client in json.loads(path.read_text())}
    assert {"district-608", "district-618", "agency-rural", "reviewer-ethnic", "finance", "admin"} <= set(
        clients
    )
    assert set(clients["finance"]) == {"client_id", "client_secret", "scopes", "programs", "units"}


def test_only_the_owner_reads_what_lies_in_var(filled: Installation) -> None:
    open_to_others = [
        path
        for path in filled.folder.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o077 and "postgres" not in path.parts
    ]
    assert open_to_others == []
    assert (filled.folder / "postgres").resolve().stat().st_mode & 0o077 == 0


def run_examples(installation: Installation, document: str, folder: Path) -> list[str]:
    """Run the `sh` blocks of a document in one shell, in a copy of the repository by links; return the output of each."""
    for entry in ROOT.iterdir():
        if entry.name not in {"var", ".venv"}:
            (folder / entry.name).symlink_to(entry)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "var").mkdir()
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    examples = subprocess.run(
        ["bash", "-c", "set -eu\n" + "\necho; echo ------\n".join(blocks)],
        cwd=folder,
        env={
            **installation.environment,
            "GATEWAY": installation.gateway_url,
            "CLIENTS": str(installation.folder / "demo-clients.json"),
            "DRILL": str(folder / "drill"),
            "DRILL_PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert examples.returncode == 0, examples.stdout + examples.stderr
    return [output.strip() for output in examples.stdout.split("------")]


def test_every_example_of_the_readme_runs(filled: Installation, tmp_path: Path) -> None:
    _, submitted, refused, accepted, read, _ = run_examples(filled, "README.md", tmp_path)
    assert json.loads(submitted)["counts"]["created"] == 2
    faults = {(fault["pointer"], fault["code"]) for fault in json.loads(refused)["errors"]}
    assert faults == {
        ("/observations/0/unit", "unit_not_below"),
        ("/observations/0/value", "value_out_of_range"),
        ("/observations/1/indicator", "indicator_unknown"),
        ("/observations/1/value", "not_a_number"),
    }
    assert json.loads(accepted)["state"] == "accepted"
    status, quarter, progress, lineage, money, foresight = _split_documents(read)
    assert status["complete"] is True
    assert (
        next(figure for figure in progress["figures"] if figure["indicator"] == "jobs_created")["value"]
        == 731
    )
    assert lineage["value"] == 6.837035
    assert money["rows"]
    assert quarter["funding"]["until"] == foresight["seen_on"] == "2023-09-30"
    assert (tmp_path / "var" / "checked.xlsx").read_bytes().startswith(b"PK")
    assert (tmp_path / "var" / "draft.pdf").read_bytes().startswith(b"%PDF")


def test_every_example_of_the_page_on_reports_runs(filled: Installation, tmp_path: Path) -> None:
    _, decided = run_examples(filled, "docs/reports.md", tmp_path)
    dry_run, criteria_set = _split_documents(decided)
    assert [(derived["indicator"], derived["value"]) for derived in dry_run["derived"]] == [
        ("criterion_10", 0)
    ]
    assert len(criteria_set["criteria"]) == 19


def read_programs(installation: Installation) -> Any:
    """Return the programs' figures of 2023."""
    return installation.get_json("/v1/status?period=2023")["programs"]


def test_a_backup_that_is_not_whole_and_a_restore_that_did_not_end_are_refused(
    filled: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    backup = filled.run_command("backup", str(folder))
    assert backup.returncode == 0, backup.stderr
    assert {file.name for file in folder.iterdir()} == {"ntp.dump", "secrets.json", "manifest.json"}
    assert folder.stat().st_mode & 0o077 == 0
    again = filled.run_command("backup", str(folder))
    assert again.returncode != 0
    assert "exists already" in again.stderr

    assert filled.run_command("check-backup", str(folder)).stdout.startswith("whole: ")
    truncated = tmp_path / "truncated"
    shutil.copytree(folder, truncated)
    with (truncated / "ntp.dump").open("r+b") as dump:
        dump.truncate(1000)

    with temporary_installation() as other:
        refused = other.run_command("restore", str(truncated))
        assert (refused.returncode, "has 1000 bytes" in refused.stderr) == (2, True)
        assert not (other.folder / "postgres").exists()
        (other.folder / "restoring").mkdir(parents=True)  # as a restore that was killed leaves it
        unfinished = other.run_command("run")
        assert (unfinished.returncode, "did not end" in unfinished.stderr) == (2, True)
        restored = other.run_command("restore", str(folder))
        assert restored.returncode == 0, restored.stderr
        assert restored.stdout.splitlines()[1] == "equal to what the backup states:"


@pytest.mark.long
def test_a_backup_restored_into_another_installation_gives_the_same_figures(
    filled: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    assert filled.run_command("backup", str(folder)).returncode == 0
    with temporary_installation() as other:
        (other.folder / "restoring").mkdir(parents=True)  # as a restore that was killed leaves it
        restored = other.run_command("restore", str(folder))
        assert restored.returncode == 0, restored.stderr
        other.start()
        # ethnic may not have read rural's feed yet, and then its figures carry a caveat
        wait_until(lambda: read_programs(other) == read_programs(filled))
        assert "holds data already" in other.run_command("restore", str(folder)).stderr


@pytest.mark.long
def test_every_example_of_the_operators_page_runs(filled: Installation, tmp_path: Path) -> None:
    examples = run_examples(filled, "docs/operate.md", tmp_path)
    health, clocks, admin, clients, keys, backup, drill, feed, journal = examples
    assert health.count(" ready") == len(FACTORIES) + 1
    assert "ntp_http_requests_total" in health
    assert clocks
    assert (tmp_path / "var" / "admin.json").exists()
    assert admin == ""
    assert json.loads(clients)["client_id"] == "district-610-b"
    assert json.loads(keys)
    assert list((tmp_path / "var").glob("backup-*/ntp.dump"))
    assert backup.startswith("backup: ")
    assert "whole: " in backup
    assert drill.splitlines()[1] == "equal to what the backup states:"
    restored = dict(line.split(maxsplit=1) for line in drill.splitlines()[2:])
    stated = dict(line.split(maxsplit=1) for line in backup.splitlines()[2:])
    assert restored == stated
    assert int(restored["funding"].split("disbursed_vnd ")[1]) > 0
    assert not (tmp_path / "drill").exists()
    followed, restarted = _split_documents(feed)
    assert followed["items"][0]["state"] == "following"
    assert restarted["feed"] == "/v1/rural/changes"
    assert json.loads(journal)["faults"] == []


def _split_documents(text: str) -> list[dict[str, Any]]:
    """Return the JSON documents that follow one another in a text."""
    decoder, documents = json.JSONDecoder(), []
    while text:
        document, end = decoder.raw_decode(text)
        documents.append(document)
        text = text[end:].lstrip()
    return documents
