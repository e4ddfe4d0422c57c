"""Ethnic follows rural in the real processes: through the door, as a client that nobody made by hand."""

import asyncio
import base64
import json
import signal
import sys
import urllib.request
import uuid

import asyncpg
import pytest

from tests.running.product import Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

HEARD_WITHIN = 5.0
UNIT = "23362"
LEFT = "communes_left_special_difficulty"


def agency(product: Product, program: str) -> str:
    """A token of an agency, which an operator makes beside the door."""
    asked = ("--id", f"agency-{program}", "--scope", "register", "--program", program, "--unit", "62")
    made = product.panel("exec", "gateway", "--", sys.executable, "-m", "gateway", "create-client", *asked)
    client = json.loads(made.stdout.splitlines()[-1])
    basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    request = urllib.request.Request(
        f"{product.address}/oauth/token",
        data=b"grant_type=client_credentials",
        headers={"Authorization": f"Basic {basic}"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)["access_token"]


def post(product: Product, path: str, body: dict) -> dict:
    program = path.split("/")[2]
    request = urllib.request.Request(
        f"{product.address}{path}",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {agency(product, program)}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def following(product: Product) -> dict:
    (said,) = product.read("/v1/ethnic/following")["items"]
    return said


def left(product: Product) -> dict:
    status = product.read("/v1/status?period=2023")
    figures = next(part["figures"] for part in status["programs"] if part["program"] == "ethnic")
    return next(figure for figure in figures if figure["indicator"] == LEFT)


@pytest.fixture(scope="module")
def recognition(product: Product) -> dict:
    """A commune of region III that was recognized in 2023."""
    until(lambda: following(product)["taken"] == 0 and following(product)["state"] == "following", 20)
    post(
        product,
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
        product,
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


def test_a_recognition_in_rural_is_an_exit_in_ethnic_within_seconds(product: Product, recognition: dict):
    until(lambda: left(product)["value"] == 1, HEARD_WITHIN)
    assert left(product)["caveat"] is None
    (row,) = product.read(left(product)["lineage"])["items"]
    assert (row["unit"], row["region"], row["by_rule"]["region"]) == (UNIT, "III", "I")
    assert row["by_rule"]["recognition"]["id"] == recognition["id"]
    heard = product.read(row["by_rule"]["recognition"]["heard"])
    assert product.read(heard["source"])["decision"] == heard["decision"]


def test_a_follower_that_is_killed_goes_on_where_it_was(product: Product, recognition: dict):
    until(lambda: following(product)["behind"] == 0 and following(product)["taken"] > 0, HEARD_WITHIN)
    before = following(product)
    product.child("ethnic").send(signal.SIGKILL)
    until(lambda: product.get("ethnic", "/readyz") == 200, 10)
    revoked = {
        "decision": {"number": "88/QĐ-UBND", "date": "2024-09-01"},
        "reason": "Không còn đạt 10 tiêu chí",
        "unmet": list(range(1, 11)),
    }
    post(product, f"/v1/rural/recognitions/{recognition['id']}/revoke", revoked)
    until(lambda: following(product)["taken"] > before["taken"], 2 * HEARD_WITHIN)
    (heard,) = product.read("/v1/ethnic/recognitions")["items"]
    assert heard["revocation"]["decision"] == revoked["decision"]
    assert left(product)["value"] == 1  # it was out at the end of 2023


async def lose_changes(product: Product) -> None:
    """Leave rural as a backup from before everything would."""
    password = json.loads((product.folder / "secrets.json").read_text())["postgres_password"]
    port = product.ports["postgres"]
    admin = await asyncpg.connect(f"postgresql://postgres:{password}@127.0.0.1:{port}/ntp")
    await admin.execute("DELETE FROM rural.changes")
    await admin.close()


def test_rural_restored_from_an_older_backup_is_said_until_an_operator_begins_again(
    product: Product, recognition: dict
):
    until(lambda: following(product)["behind"] == 0 and following(product)["taken"] > 0, HEARD_WITHIN)
    asyncio.run(lose_changes(product))
    until(lambda: following(product)["state"] == "rewound", HEARD_WITHIN)
    assert left(product)["caveat"]["code"] == "recognitions_rewound"
    assert "feed rewound" in (product.folder / "log" / "ntp.log").read_text()
    again = (sys.executable, "-m", "shared.kit.feed_consumer", "begin-again", "/v1/rural/changes")
    done = product.panel("exec", "ethnic", "--", *again)
    assert json.loads(done.stdout.splitlines()[-1]) == {"feed": "/v1/rural/changes", "life": 2}
    until(lambda: following(product)["state"] == "following", HEARD_WITHIN)
    assert (left(product)["value"], left(product)["caveat"]) == (0, None)
    assert product.read("/v1/ethnic/recognitions")["items"] == []
