"""Ethnic consumes rural's change feed in the real processes: through the gateway, as a client of its own."""

import asyncio
import base64
import json
import signal
import sys
import urllib.request
import uuid
from typing import Any

import asyncpg
import pytest

from services.ethnic.recognitions.store import FEED
from shared.territory.villages.consumer import VILLAGE_FEED
from tests.not_none import not_none
from tests.running.installation import Installation
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.e2e

UNIT = "23362"
EXITS = "communes_leaving_pending"


def fetch_agency_token(installation: Installation, program: str) -> str:
    """Return a token of an agency, which is created beside the gateway."""
    options = ("--id", f"agency-{program}", "--scope", "register", "--program", program, "--unit", "62")
    created = installation.run_command(
        "exec", "gateway", "--", sys.executable, "-m", "gateway", "create-client", *options
    )
    client = json.loads(created.stdout.splitlines()[-1])
    basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    request = urllib.request.Request(
        f"{installation.gateway_url}/oauth/token",
        data=b"grant_type=client_credentials",
        headers={"Authorization": f"Basic {basic}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return str(json.load(response)["access_token"])


def post(installation: Installation, path: str, body: dict[str, Any]) -> Any:
    program = path.split("/")[2]
    request = urllib.request.Request(
        f"{installation.gateway_url}{path}",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {fetch_agency_token(installation, program)}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        },
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.load(response)


def read_consumer(installation: Installation) -> Any:
    return read_feeds(installation)[FEED]


def read_feeds(installation: Installation) -> dict[str, Any]:
    """Return how far ethnic follows each feed."""
    return {feed["feed"]: feed for feed in installation.get_json("/v1/ethnic/following")["items"]}


def is_up_to_date(installation: Installation) -> bool:
    feed = read_consumer(installation)
    return bool(feed["behind"] == 0 and feed["taken"] > 0)


def find_exits(installation: Installation) -> dict[str, Any] | None:
    """Return the figure of the exits that wait for an officer; none while ethnic does not answer."""
    try:
        figures = installation.get_json("/v1/ethnic/progress?period=2023")["figures"]
    except OSError:
        return None
    return next((figure for figure in figures if figure["indicator"] == EXITS), None)


def read_exits(installation: Installation) -> dict[str, Any]:
    return not_none(find_exits(installation))


def has_one_exit(installation: Installation) -> bool:
    figure = find_exits(installation)
    return figure is not None and figure["value"] == 1


@pytest.fixture(scope="module")
def recognition(installation: Installation) -> Any:
    """A commune of region III that was recognized in 2023."""

    def is_following() -> bool:
        feeds = read_feeds(installation)
        states = {feeds[name]["state"] for name in (FEED, VILLAGE_FEED)}
        return bool(feeds[FEED]["taken"] == 0 and states == {"following"})

    wait_until(is_following)
    post(
        installation,
        "/v1/ethnic/classifications",
        {
            "unit": UNIT,
            "region": "III",
            "specially_difficult": True,
            "decision": {"number": "861/QĐ-TTg", "date": "2021-06-04"},
            "effective_on": "2021-06-04",
        },
    )
    return post(
        installation,
        "/v1/rural/recognitions",
        {
            "unit": UNIT,
            "level": "meets",
            "field": None,
            "criteria_set": "commune_2021_2025",
            "decision": {"number": "77/QĐ-UBND", "date": "2023-03-01"},
            "year": 2022,
        },
    )


def test_a_recognition_in_rural_becomes_an_exit_in_ethnic(
    installation: Installation, recognition: Any
) -> None:
    wait_until(lambda: has_one_exit(installation))
    (row,) = installation.get_json(read_exits(installation)["lineage"])["items"]
    assert row["unit"] == UNIT
    received = installation.get_json(f"/v1/ethnic/recognitions/{recognition['id']}")
    assert installation.get_json(received["source"])["decision"] == received["decision"]


def test_a_killed_consumer_continues_at_its_cursor(installation: Installation, recognition: Any) -> None:
    wait_until(lambda: is_up_to_date(installation))
    before = read_consumer(installation)
    killed = not_none(installation.find_child("ethnic"))
    killed.send_signal(signal.SIGKILL)
    wait_until(lambda: not killed.alive)
    wait_until(lambda: installation.get_status("ethnic", "/readyz") == 200)
    revocation = {
        "decision": {"number": "88/QĐ-UBND", "date": "2024-09-01"},
        "reason": "Không còn đạt 10 tiêu chí",
        "unmet": list(range(1, 11)),
    }
    post(installation, f"/v1/rural/recognitions/{recognition['id']}/revoke", revocation)
    wait_until(lambda: read_consumer(installation)["taken"] > before["taken"])
    (row,) = installation.get_json("/v1/ethnic/recognitions")["items"]
    assert row["revocation"]["decision"] == revocation["decision"]
    assert read_exits(installation)["value"] == 1  # the exit stood at the end of 2023


def read_area(installation: Installation, unit: str, on: str) -> str | None:
    """Return the region of a commune on a day; None while ethnic does not answer."""
    try:
        return str(installation.get_json(f"/v1/ethnic/areas/{unit}?on={on}")["region"])
    except OSError:
        return None


@pytest.mark.long
def test_services_killed_between_a_recognition_and_the_exit_lose_and_repeat_nothing(
    installation: Installation, recognition: Any
) -> None:
    """Ethnic is killed before the recognition, rural after it, and ethnic again while it receives it; then all is read again."""
    unit, before_it, effective_on = "23365", "2023-04-19", "2023-04-20"
    wait_until(lambda: is_up_to_date(installation))
    classification = {
        "unit": unit,
        "region": "III",
        "specially_difficult": True,
        "decision": {"number": "861/QĐ-TTg", "date": "2021-06-04"},
        "effective_on": "2021-06-04",
    }
    post(installation, "/v1/ethnic/classifications", classification)
    pending = read_exits(installation)["value"]
    not_none(installation.find_child("ethnic")).send_signal(signal.SIGKILL)
    recognized = post(
        installation,
        "/v1/rural/recognitions",
        {
            "unit": unit,
            "level": "meets",
            "field": None,
            "criteria_set": "commune_2021_2025",
            "decision": {"number": "99/QĐ-UBND", "date": "2023-04-12"},
            "effective_on": effective_on,
            "year": 2022,
        },
    )
    not_none(installation.find_child("rural")).send_signal(signal.SIGKILL)
    wait_until(lambda: find_exits(installation) is not None)
    not_none(installation.find_child("ethnic")).send_signal(signal.SIGKILL)

    wait_until(lambda: (find_exits(installation) or {}).get("value") == pending + 1)
    wait_until(lambda: is_up_to_date(installation))
    regions = [read_area(installation, unit, on) for on in (before_it, effective_on)]
    assert regions == ["III", "I"]
    command = (sys.executable, "-m", "shared.kit.feed_consumer", "begin-again", "/v1/rural/changes")
    installation.run_command("exec", "ethnic", "--", *command)
    wait_until(lambda: is_up_to_date(installation))
    assert read_exits(installation)["value"] == pending + 1, "the same event twice counts once"
    received = installation.get_json(f"/v1/ethnic/recognitions/{recognized['id']}")
    assert received["decision"] == recognized["decision"]
    rows = installation.get_json("/v1/ethnic/recognitions")["items"]
    assert [row["unit"] for row in rows].count(unit) == 1

    revocation = {
        "decision": {"number": "100/QĐ-UBND", "date": "2024-09-02"},
        "reason": "Không còn đạt 10 tiêu chí",
        "unmet": list(range(1, 11)),
    }
    post(installation, f"/v1/rural/recognitions/{recognized['id']}/revoke", revocation)
    not_none(installation.find_child("ethnic")).send_signal(signal.SIGKILL)
    wait_until(lambda: read_area(installation, unit, "2024-09-02") == "III")
    assert read_area(installation, unit, "2024-09-01") == "I"


async def delete_changes(installation: Installation) -> None:
    """Bring rural into the state of a backup that was taken before all changes."""
    password = json.loads((installation.folder / "secrets.json").read_text())["postgres_password"]
    port = installation.ports["postgres"]
    connection = await asyncpg.connect(f"postgresql://postgres:{password}@127.0.0.1:{port}/ntp")
    await connection.execute("DELETE FROM rural.changes")
    await connection.close()


def test_a_feed_restored_from_an_older_backup_is_reported_until_an_operator_starts_again(
    installation: Installation, recognition: Any
) -> None:
    wait_until(lambda: is_up_to_date(installation))
    life = read_consumer(installation)["life"]
    asyncio.run(delete_changes(installation))
    wait_until(lambda: read_consumer(installation)["state"] == "rewound")
    assert read_exits(installation)["caveat"]["code"] == "recognitions_rewound"
    assert "feed rewound" in installation.log.read_text()
    command = (sys.executable, "-m", "shared.kit.feed_consumer", "begin-again", "/v1/rural/changes")
    again = installation.run_command("exec", "ethnic", "--", *command)
    assert json.loads(again.stdout.splitlines()[-1]) == {"feed": "/v1/rural/changes", "life": life + 1}
    wait_until(lambda: read_consumer(installation)["state"] == "following")
    assert (read_exits(installation)["value"], read_exits(installation)["caveat"]) == (0, None)
    assert installation.get_json("/v1/ethnic/recognitions")["items"] == []
