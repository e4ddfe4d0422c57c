"""Province-wide vintages: frozen whole or not at all, read again byte for byte, compared value by value."""

import hashlib

import orjson
import pytest

from gateway.app import create_app
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.upstream_stubs import make_progress

VINTAGE = {
    "name": "Báo cáo năm 2023",
    "unit": "62",
    "period": "2023",
    "document": {"number": "12/BC-UBND", "date": "2024-01-15"},
}


@pytest.fixture
async def office(database, urls, issuer):
    """The gateway on a database of its own, and how to write as the office of a unit."""
    app = issuer.trust(create_app(make_settings(database, urls)))
    async with open_gateway(app) as client:
        keys = iter(range(100))

        async def freeze(body, units=("62",), scopes=("oversight",)):
            token = issuer.token("office", scopes, (), units)
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"v{next(keys)}"}
            return await client.post("/v1/vintages", json=body, headers=headers)

        client.freeze = freeze  # type: ignore[attr-defined]
        yield client


async def test_a_vintage_is_frozen_at_one_instant_and_read_again_byte_for_byte(office, upstreams):
    frozen = await office.freeze(VINTAGE)
    assert frozen.status_code == 201, frozen.text
    path = frozen.headers["location"]
    vintage = frozen.json()
    assert set(vintage["parts"]) == set(upstreams)
    content = orjson.dumps(vintage["parts"], option=orjson.OPT_SORT_KEYS)
    assert hashlib.sha256(content).hexdigest() == vintage["sha256"]
    instants = {stub.requests[-1][1].partition("as_of=")[2].partition("&")[0] for stub in upstreams.values()}
    assert len(instants) == 1
    assert instants != {""}
    upstreams["poverty"].answer = make_progress("poverty", 2.5)
    assert (await office.get(path)).content == (await office.get(path)).content
    assert (await office.get(path)).json() == vintage
    assert [row["id"] for row in (await office.get("/v1/vintages?unit=62&period=2023")).json()["items"]] == [
        vintage["id"]
    ]
    again = await office.freeze(VINTAGE)
    assert (again.status_code, again.json()["code"]) == (409, "vintage_exists")


async def test_a_vintage_has_what_the_public_reads_or_where_nothing_is_public_what_the_office_reads(
    database, urls, issuer, upstreams, office
):
    def list_tokens():
        return {stub.requests[-1][2].get("authorization", "")[:7] for stub in upstreams.values()}

    frozen = (await office.freeze(VINTAGE)).json()
    assert list_tokens() == {""}
    token = issuer.token("office", ["oversight", "read"], ["ethnic"], ["62"])
    headers = {"Authorization": f"Bearer {token}"}
    assert (await office.get(f"/v1/vintages/{frozen['id']}/differences", headers=headers)).status_code == 200
    assert list_tokens() == {""}
    closed = issuer.trust(create_app(make_settings(database, urls, public_reads=False)))
    async with open_gateway(closed) as client:
        body = {**VINTAGE, "name": "chỉ nội bộ"}
        answer = await client.post(
            "/v1/vintages", json=body, headers={**headers, "Idempotency-Key": "closed"}
        )
        assert answer.status_code == 201, answer.text
    assert list_tokens() == {"Bearer "}


async def test_a_vintage_is_compared_with_now_and_with_another(office, upstreams):
    first = (await office.freeze(VINTAGE)).json()
    path = f"/v1/vintages/{first['id']}/differences"
    assert (await office.get(path)).json()["items"] == []
    row = {"capital": "recurrent", "source": "central", "program": "rural", "allocated_vnd": 5}
    upstreams["funding"].answer["rows"].append(row)
    with_row = (await office.freeze({**VINTAGE, "name": "có dòng vốn"})).json()
    row["allocated_vnd"] = 6
    changed = (await office.get(f"/v1/vintages/{with_row['id']}/differences")).json()["items"]
    name = "rural recurrent central allocated_vnd"
    assert changed == [{"part": "funding", "name": name, "before": 5, "after": 6}]
    upstreams["funding"].answer["rows"].remove(row)
    upstreams["poverty"].answer = make_progress("poverty", 2.5)
    upstreams["funding"].answer["total"]["allocated_vnd"] = 7
    expected = [
        {"part": "funding", "name": "total allocated_vnd", "before": 1274696000000, "after": 7},
        {"part": "poverty", "name": "poverty_rate", "before": 1.5, "after": 2.5},
    ]
    assert (await office.get(path)).json()["items"] == expected
    second = (await office.freeze({**VINTAGE, "name": "lần 2"})).json()
    assert (await office.get(f"{path}?other={second['id']}")).json()["items"] == expected
    other = (await office.freeze({**VINTAGE, "period": "2022"})).json()
    refused = await office.get(f"{path}?other={other['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "vintages_not_comparable")
    unknown = await office.get(f"/v1/vintages/{'0' * 32}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "vintage_not_found")


async def test_a_missing_part_freezes_nothing(office, upstreams):
    upstreams["ethnic"].status = 503
    refused = await office.freeze(VINTAGE)
    assert (refused.status_code, refused.json()["code"]) == (503, "vintage_incomplete")
    assert refused.headers["retry-after"]
    assert (await office.get("/v1/vintages")).json()["items"] == []


async def test_only_an_office_of_the_unit_freezes(office):
    for caller, code in (({"scopes": ("read",)}, "forbidden"), ({"units": ("610",)}, "unit_not_granted")):
        refused = await office.freeze(VINTAGE, **caller)
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    faults = await office.freeze({"name": "", "unit": "62", "period": "soon", "extra": 1})
    assert faults.status_code == 422
    assert {fault["pointer"] for fault in faults.json()["errors"]} >= {"/name", "/document", "/extra"}
