"""Grants of units as of a day: what a code means, what never was, what ended, and how a grant moves."""

import base64
import json

import pytest

from gateway.app import create_app
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.test_tokens import FORM, register

BODY = {"client_id": "ward", "scopes": ["report"], "programs": ["poverty"]}
OLD_WARD = {"code": "23293", "on": "2023-12-31"}
NEW_WARD = ("23293", "2025-07-01")


@pytest.fixture
async def admin_client(database, urls):
    app = create_app(make_settings(database, urls))
    async with open_gateway(app) as client:
        auth = await register(app, "admin", "admin", programs=(), units=())
        token = (await client.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        client.headers["Accept-Language"] = "en"
        yield client


async def create(client, key="k1", **fields):
    return await client.post("/v1/clients", json={**BODY, **fields}, headers={"Idempotency-Key": key})


async def confirm(client, client_id, body, key="c1"):
    headers = {"Idempotency-Key": key}
    return await client.post(f"/v1/clients/{client_id}/grants", json=body, headers=headers)


async def test_a_code_means_the_latest_unit_and_a_day_another_one(admin_client):
    village = {"code": "23341.01", "level": "village", "kind": "thon", "name": "Thôn 1", "parent": "23341"}
    body = {"legal_basis": "QĐ 1", "units": [{**village, "valid_from": "2022-01-01"}]}
    loaded = await admin_client.post("/v1/territory/loads", json=body, headers={"Idempotency-Key": "l1"})
    assert loaded.status_code == 201, loaded.text
    made = await create(admin_client, units=["610", "23293", "51", OLD_WARD, "62.SO_NN", "23341.01"])
    assert made.status_code == 201, made.text
    grants = [
        (grant["unit"], grant["unit_since"], grant["unit_name"]) for grant in made.json()["unit_grants"]
    ]
    assert grants == [
        ("610", "2004-07-08", "Huyện Đăk Glei"),
        (*NEW_WARD, "Phường Kon Tum"),
        ("51", "2025-07-01", "Tỉnh Quảng Ngãi"),
        ("23293", "2004-07-08", "Phường Thắng Lợi"),
        ("62.SO_NN", None, None),
        ("23341.01", "2022-01-01", "Thôn 1"),
    ]
    assert made.json()["units"] == ["610", "23293", "51", "62.SO_NN", "23341.01"]
    assert made.json()["unit_grants"][0]["ended_on"] == "2025-06-30"
    auth = ("ward", made.json()["client_secret"])
    token = (await admin_client.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["units"] == made.json()["units"]
    assert claims["unit_grants"] == [
        *("610@2004-07-08", "23293@2025-07-01", "51@2025-07-01", "23293@2004-07-08", "62.SO_NN"),
        "23341.01@2022-01-01",
    ]


@pytest.mark.parametrize(
    ("unit", "code", "text"),
    [
        ("609", "unit_unknown", "609"),
        ("99", "unit_unknown", "99"),
        ("99.SO_NN", "unit_unknown", "99.SO_NN"),
        ("99999.01", "unit_unknown", "99999.01"),
        ("23341.77", "unit_unknown", "23341.77"),
        ({"code": "610", "on": "2025-07-01"}, "unit_unknown_on_date", "51 (Tỉnh Quảng Ngãi)"),
        ({"code": "11948", "on": "2023-12-31"}, "unit_unknown_on_date", "2025-07-01/.."),
        ({"code": "610"}, "wrong_form", "23293"),
        ({"code": "610", "on": "31/12/2023"}, "wrong_form", "2023-12-31"),
        ({"code": "610", "on": "2023-12-31", "name": "x"}, "wrong_form", "2023-12-31"),
        ({"code": 610, "on": "2023-12-31"}, "wrong_form", "610"),
        (610, "wrong_form", "610"),
        ("610@2004-07-08", "wrong_form", "610"),
        (None, "wrong_form", "610"),
    ],
)
async def test_a_unit_that_never_was_is_refused_beside_every_other_fault(admin_client, unit, code, text):
    refused = await create(admin_client, units=["62", unit, "0"], programs=["health"])
    assert refused.status_code == 422
    faults = {fault["pointer"]: fault for fault in refused.json()["errors"]}
    assert faults["/units/1"]["code"] == code
    assert text in faults["/units/1"]["detail"]
    assert {"/units/1", "/units/2", "/programs/0"} == faults.keys()


async def test_the_same_unit_twice_is_a_fault_however_it_is_named(admin_client):
    refused = await create(admin_client, units=["610", {"code": "610", "on": "2023-12-31"}])
    assert [fault["code"] for fault in refused.json()["errors"]] == ["repeated"]


async def test_grants_of_ended_units_are_proposed_and_move_only_by_confirmation(admin_client):
    await create(admin_client, units=[OLD_WARD, "610"])
    await create(admin_client, "k2", client_id="current", units=["23293"])
    listed = (await admin_client.get("/v1/clients/grant-proposals")).json()["items"]
    assert [(row["client_id"], row["granted"]["unit"], row["ended_on"]) for row in listed] == [
        ("ward", "23293", "2025-06-30"),
        ("ward", "610", "2025-06-30"),
    ]
    ward, district = listed
    assert [(unit["unit"], unit["unit_since"]) for unit in ward["successors"]] == [NEW_WARD]
    assert ward["granted"]["unit_name"] == "Phường Thắng Lợi"
    assert {"23341", "23368"} <= {unit["unit"] for unit in district["successors"]}
    body = {"unit": OLD_WARD, "successors": ["23293"]}
    for key in ("c1", "c2"):
        confirmed = await confirm(admin_client, "ward", body, key)
        assert confirmed.status_code == 200, confirmed.text
        grants = [(grant["unit"], grant["unit_since"]) for grant in confirmed.json()["unit_grants"]]
        assert grants[-1] == NEW_WARD
        assert len(grants) == 3
    assert confirmed.json()["unit_grants"][-1]["granted_by"] == "admin"
    left = (await admin_client.get("/v1/clients/grant-proposals")).json()["items"]
    assert [row["granted"]["unit"] for row in left] == ["610"]
    acts = (await admin_client.get("/v1/audit")).json()["items"]
    assert [act["act"] for act in acts].count("client.grant_confirmed") == 1


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"unit": OLD_WARD, "successors": ["23368", "99999"]}, {"/successors/0", "/successors/1"}),
        ({"unit": "23368", "successors": ["23368"]}, {"/unit"}),
        ({"unit": "611", "successors": ["23377"]}, {"/unit"}),
        ({"unit": "609", "successors": ["23377"]}, {"/unit"}),
        ({"unit": {"code": "23293"}, "successors": []}, {"/unit", "/successors"}),
        ({"successors": ["x"], "more": 1}, {"/unit", "/successors/0", "/more"}),
        ({"unit": OLD_WARD, "successors": "23293"}, {"/successors"}),
    ],
)
async def test_a_confirmation_of_what_was_not_proposed_is_refused(admin_client, body, faults):
    await create(admin_client, units=[OLD_WARD, "23368"])
    refused = await confirm(admin_client, "ward", body)
    assert refused.status_code == 422, refused.text
    assert {fault["pointer"] for fault in refused.json()["errors"]} == faults
    unchanged = (await admin_client.get("/v1/clients/ward")).json()
    assert len(unchanged["unit_grants"]) == 2


async def test_an_unknown_client_has_no_grants_to_confirm(admin_client):
    body = {"unit": OLD_WARD, "successors": ["23293"]}
    missing = await confirm(admin_client, "nobody", body)
    assert (missing.status_code, missing.json()["code"]) == (404, "client_unknown")
