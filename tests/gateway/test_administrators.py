"""Administrators: what they grant and change lies inside their own programs and units."""

from datetime import date

import pytest

from gateway.app import create_app
from gateway.clients.administration import Administrator, find_outside_faults
from gateway.clients.rules import Grant
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.test_revocation import Office
from tests.gateway.test_tokens import register
from tests.territory.shipped import shipped_territory

AFTER = date(2026, 11, 30)
BEFORE = date(2024, 6, 1)
DISTRICT = "610@2004-07-08"
OLD_WARD = {"code": "23293", "on": "2023-12-31"}


def find_codes(units, held, today, programs=("poverty",)):
    administrator = Administrator(frozenset({"poverty", "rural"}), frozenset(held))
    grant = Grant(("admin", "funding"), programs, units)
    return {
        fault.pointer: fault.code
        for fault in find_outside_faults(shipped_territory(), administrator, grant, today)
    }


def test_a_grant_lies_inside_that_of_its_administrator():
    inside = ("610@2004-07-08", "23341@2004-07-08")
    for today in (BEFORE, AFTER):
        assert find_codes(inside, [DISTRICT], today) == {}
        above = ("62@2004-07-08", "611@2004-07-08")
        assert find_codes(above, [DISTRICT], today) == {
            "/units/0": "unit_not_granted",
            "/units/1": "unit_not_granted",
        }
        assert find_codes((), [DISTRICT], today, ("rural", "ethnic")) == {
            "/programs/1": "program_not_granted"
        }
    # the administrator of an ended unit keeps its days, and has nothing of its successors
    successors = ("23341@2025-07-01", "51@2025-07-01")
    assert find_codes(successors, [DISTRICT], AFTER) == {
        "/units/0": "unit_not_granted",
        "/units/1": "unit_not_granted",
    }
    assert find_codes(("610@2004-07-08",), ["51@2025-07-01"], AFTER) == {"/units/0": "unit_not_granted"}
    assert find_codes(("23341@2025-07-01",), ["51@2025-07-01"], AFTER) == {}
    agencies = ("62.SO_NN", "51.SO_NN")
    assert find_codes(agencies, ["62.SO_NN"], BEFORE) == {"/units/1": "unit_not_granted"}
    assert find_codes(agencies, ["51@2025-07-01"], AFTER) == {"/units/0": "unit_not_granted"}


@pytest.fixture
async def office(database, urls):
    app = create_app(make_settings(database, urls))
    async with open_gateway(app) as client:
        client.headers["Accept-Language"] = "en"
        office = Office(client)
        office.root = await office.get_token(await register(app, "admin", "admin", programs=(), units=()))
        yield office


async def create(office, token, client_id, **fields):
    body = {"client_id": client_id, "scopes": ["report"], "programs": ["poverty"], "units": ["610"], **fields}
    return await office.post(token, "/v1/clients", body)


async def create_with_token(office, token, client_id, **fields):
    made = await create(office, token, client_id, **fields)
    assert made.status_code == 201, made.text
    return await office.get_token((client_id, made.json()["client_secret"]))


async def test_an_administrator_of_a_district_grants_and_changes_what_it_holds(office):
    district = await create_with_token(office, office.root, "admin-610", scopes=["admin"])
    assert (await office.get(office.root, "/v1/clients/admin")).json()["holds_all"] is True
    assert (await office.get(office.root, "/v1/clients/admin-610")).json()["holds_all"] is False
    assert (await create(office, district, "commune", units=["610"], scopes=["funding"])).status_code == 201
    wide = await create(office, district, "wide", programs=["poverty", "rural"], units=["610", "62", "23341"])
    assert (wide.status_code, wide.json()["code"]) == (403, "grant_outside")
    assert {fault["pointer"]: fault["code"] for fault in wide.json()["errors"]} == {
        "/programs/1": "program_not_granted",
        "/units/1": "unit_not_granted",
        "/units/2": "unit_not_granted",
    }
    await create_with_token(office, office.root, "neighbour", units=["611"])
    for client_id in ("admin", "neighbour"):
        for act in ("rotate", "disable", "enable"):
            refused = await office.post(district, f"/v1/clients/{client_id}/{act}")
            assert (refused.status_code, refused.json()["code"]) == (403, "client_outside"), act
    for act in ("rotate", "disable", "enable"):
        assert (await office.post(district, f"/v1/clients/commune/{act}")).status_code == 200, act
    # the first administrator holds all, whatever it was created with
    assert (await create(office, office.root, "everywhere", units=["62", "51", "01"])).status_code == 201


async def test_successors_are_confirmed_by_who_holds_them(office):
    old = await create_with_token(office, office.root, "admin-old", scopes=["admin"], units=[OLD_WARD])
    new = await create_with_token(office, office.root, "admin-new", scopes=["admin"], units=["51", OLD_WARD])
    await create_with_token(office, office.root, "ward", units=[OLD_WARD])
    body = {"unit": OLD_WARD, "successors": ["23293"]}
    refused = await office.post(old, "/v1/clients/ward/grants", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_outside")
    assert (await office.post(old, "/v1/clients/admin-old/grants", body)).status_code == 403
    assert (await office.post(new, "/v1/clients/ward/grants", body)).status_code == 200


async def test_a_replay_is_for_who_may_still_do_the_act(office):
    headers = {"Authorization": f"Bearer {office.root}", "Idempotency-Key": "k1"}
    body = {"client_id": "reader", "scopes": ["admin", "read"]}
    first = await office.http.post("/v1/clients", json=body, headers=headers)
    auth = ("reader", first.json()["client_secret"])
    admin = await office.get_token(auth, scope="admin")
    own = {"client_id": "own", "scopes": ["read"]}
    headers = {"Idempotency-Key": "k2"}
    posted = await office.http.post(
        "/v1/clients", json=own, headers={**headers, "Authorization": f"Bearer {admin}"}
    )
    assert posted.status_code == 201
    reader = await office.get_token(auth, scope="read")
    replay = await office.http.post(
        "/v1/clients", json=own, headers={**headers, "Authorization": f"Bearer {reader}"}
    )
    assert (replay.status_code, replay.json()["code"]) == (403, "forbidden")
