"""Schemathesis sends generated requests, right ones and wrong ones, to every operation of the running product."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running.installation import Installation, temporary_installation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TOOLS = Path(__file__).resolve().parents[1] / "contracts" / "tools"
SCOPES = ("report", "review", "target", "register", "funding", "oversight", "read", "admin")
CASES_EACH = 2


@pytest.fixture
def installation() -> Iterator[Installation]:
    """An installation of its own, whose tokens outlast the run, without limits of rates; requests may disable any client."""
    with temporary_installation() as installation:
        installation.variables["NTP_TOKEN_SECONDS"] = "3600"
        installation.variables |= dict.fromkeys(
            ("NTP_CLIENT_LIMIT", "NTP_ADDRESS_LIMIT", "NTP_TOKEN_LIMIT"), ""
        )
        installation.start()
        yield installation


def fetch_token(installation: Installation) -> str:
    """Return a token of a new client that may do everything."""
    scopes = [argument for scope in SCOPES for argument in ("--scope", scope)]
    programs = [argument for program in ("rural", "poverty", "ethnic") for argument in ("--program", program)]
    command = (
        sys.executable,
        "-m",
        "gateway",
        "create-client",
        "--id",
        "generated",
        "--unit",
        "62",
        *scopes,
        *programs,
    )
    created = installation.run_command("exec", "gateway", "--", *command)
    assert created.returncode == 0, created.stderr
    credentials = b64encode(f"generated:{json.loads(created.stdout)['client_secret']}".encode()).decode()
    request = urllib.request.Request(
        f"{installation.gateway_url}/oauth/token",
        data=urllib.parse.urlencode({"grant_type": "client_credentials"}).encode(),
        headers={"Authorization": f"Basic {credentials}"},
    )
    with urllib.request.urlopen(request) as response:
        token: str = json.load(response)["access_token"]
    return token


@pytest.mark.timeout(3600)
def test_no_generated_request_finds_a_fault(installation: Installation, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(installation.get_json("/openapi.json")), encoding="utf-8")
    token = fetch_token(installation)
    result = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(TOOLS / "schemathesis.toml"),
            "run", str(document), "--url", installation.gateway_url, "--no-color",
            "--header", f"Authorization: Bearer {token}",
            "--phases", "examples,coverage", "--max-examples", str(CASES_EACH),
            "--generation-deterministic", "--continue-on-failure",
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    failures = result.stdout.partition("= FAILURES =")[2].partition("= WARNINGS =")[0]
    assert result.returncode == 0, failures[:20_000] or result.stdout[-8000:]
    request = urllib.request.Request(
        f"{installation.gateway_url}/v1/clients", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request) as response:
        assert response.status == 200, (
            "a generated request ended its own sender, so that the others were refused"
        )
