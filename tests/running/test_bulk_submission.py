"""A file of ten thousand lines through the gateway: each line has its verdict, however long that takes, and a copy repeats nothing."""

import json
import sys
import urllib.parse
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.running.installation import Installation, temporary_installation
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LINES = 10_000
DISTRICTS = ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618")
YEARS = range(2016, 2025)


@pytest.fixture
def installation() -> Iterator[Installation]:
    """An installation with the product's own limits of time."""
    with temporary_installation() as installation:
        installation.variables.clear()
        installation.variables["NTP_TOKEN_SECONDS"] = "3600"
        installation.start()
        yield installation


def fetch_token(installation: Installation) -> str:
    """Return a token of a new client that reports for the province."""
    create = (
        sys.executable,
        "-m",
        "gateway",
        "create-client",
        "--id",
        "sender",
        "--scope",
        "report",
        "--unit",
        "62",
    )
    created = installation.run_command("exec", "gateway", "--", *create, "--program", "poverty")
    assert created.returncode == 0, created.stderr
    credentials = b64encode(f"sender:{json.loads(created.stdout)['client_secret']}".encode()).decode()
    request = urllib.request.Request(
        f"{installation.gateway_url}/oauth/token",
        data=urllib.parse.urlencode({"grant_type": "client_credentials"}).encode(),
        headers={"Authorization": f"Basic {credentials}"},
    )
    with urllib.request.urlopen(request) as response:
        token: str = json.load(response)["access_token"]
    return token


def make_line(number: int) -> str:
    """Return a small line with a key of its own; after the first reports of all districts and years it repeats their content."""
    unit = DISTRICTS[number % len(DISTRICTS)]
    report = {
        "unit": unit,
        "period": str(YEARS[number // len(DISTRICTS) % len(YEARS)]),
        "form": "annual_results",
        "observations": [{"unit": unit, "indicator": "jobs_created", "value": 3}],
    }
    return json.dumps({"idempotency_key": f"line-{number}", "report": report})


def send(installation: Installation, token: str, content: bytes) -> list[dict[str, Any]]:
    """Return the results of a file, and the counts as the last one."""
    request = urllib.request.Request(
        f"{installation.gateway_url}/v1/poverty/reports/bulk",
        data=content,
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-ndjson",
            "Accept": "application/x-ndjson",
        },
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return [json.loads(line) for line in response if line.strip()]


@pytest.mark.timeout(3600)
def test_ten_thousand_lines_are_answered_and_a_copy_repeats_nothing(installation: Installation) -> None:
    token = fetch_token(installation)
    content = "\n".join(map(make_line, range(LINES))).encode()
    with ThreadPoolExecutor(2) as senders:
        copies = [senders.submit(send, installation, token, content) for _ in range(2)]
        answers = [copy.result() for copy in copies]
    for *results, last in answers:
        assert [result["line"] for result in results] == list(range(1, LINES + 1))
        assert last["problem"] is None
        assert last["counts"]["received"] == LINES
    outcomes = sum(
        (Counter(result["outcome"] for result in answer[:-1]) for answer in answers), Counter[str]()
    )
    reports = len(DISTRICTS) * len(YEARS)
    assert outcomes == {"submitted": reports, "unchanged": LINES - reports, "replayed": LINES}
