"""Revocation: a disabled client and a revoked token end at once at the gateway, and are published for the services."""

import asyncio

import pytest
from joserfc import jwt

from gateway.app import create_app
from gateway.tokens.keys import KeyRing
from shared.kit.resources import get_resources
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.test_tokens import FORM, register
from tests.waiting import poll_until

DISTRICT = {"client_id": "district-610", "scopes": ["report"], "programs": ["poverty"], "units": ["610"]}


class Office:
    """Clients of one gateway, each with the token that it got."""

    root = ""
    """The token of the first administrator, where the fixture makes one."""

    def __init__(self, http):
        self.http = http
        self.posted = 0

    async def get_token(self, auth, **form):
        response = await self.http.post("/oauth/token", data={**FORM, **form}, auth=auth)
        return response.json()["access_token"] if response.status_code == 200 else None

    async def post(self, token, path, body=None):
        self.posted += 1
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{self.posted}"}
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, token, path):
        return await self.http.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def office(database, urls):
    app = create_app(make_settings(database, urls))
    async with open_gateway(app) as client:
        yield Office(client)


@pytest.fixture
async def admin(office):
    return await office.get_token(await register(office.http.app, "admin", "admin", units=("62",)))


async def test_a_disabled_client_ends_at_once_and_an_enabled_one_begins_anew(office, admin, upstreams):
    made = (await office.post(admin, "/v1/clients", DISTRICT)).json()
    auth = (made["client_id"], made["client_secret"])
    token = await office.get_token(auth)
    assert (await office.get(token, "/v1/poverty/reports")).status_code == 200
    assert (await office.post(admin, "/v1/clients/district-610/disable")).json()["disabled_at"]
    for response in (
        await office.get(token, "/v1/poverty/reports"),
        await office.post(token, "/v1/poverty/reports", {}),
        await office.get(token, "/v1/status?period=2023"),
    ):
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert len(upstreams["poverty"].requests) == 1
    assert await office.get_token(auth) is None
    claims = await read_claims(office.http.app, token)
    published = (await office.http.get("/.well-known/jwks.json")).json()
    assert published["revoked"] == [claims["grant_id"]]
    assert "district-610" not in str(published)

    enabled = await office.post(admin, "/v1/clients/district-610/enable")
    assert enabled.json()["disabled_at"] is None
    renewed = await office.get_token(auth)
    assert (await office.get(renewed, "/v1/poverty/reports")).status_code == 200
    assert (await office.get(token, "/v1/poverty/reports")).status_code == 401
    again = await office.post(admin, "/v1/clients/district-610/enable")
    assert again.status_code == 200
    acts = (await office.get(admin, "/v1/audit")).json()["items"]
    assert [act["act"] for act in acts if act["subject"] == "district-610"] == [
        *("client.enabled", "client.disabled", "client.created")
    ]


async def read_claims(app, token):
    keys = (await get_resources(app).get(KeyRing).current()).published
    return jwt.decode(token, keys, algorithms=["ES256"]).claims


async def test_a_disabled_administrator_makes_no_other(office, admin, monkeypatch):
    other = {"client_id": "admin-2", "scopes": ["admin"]}
    made = (await office.post(admin, "/v1/clients", other)).json()
    second = await office.get_token(("admin-2", made["client_secret"]))
    assert (await office.post(second, "/v1/clients/admin-2/disable")).status_code == 200
    third = {"client_id": "admin-3", "scopes": ["admin"]}
    assert (await office.post(second, "/v1/clients", third)).status_code == 401
    assert (await office.post(admin, "/v1/clients/admin-2/enable")).status_code == 200
    second = await office.get_token(("admin-2", made["client_secret"]))
    assert (await office.get(second, "/v1/clients")).status_code == 200
    # a request that was let in just before the administrator was disabled, on any gateway
    monkeypatch.setattr(KeyRing, "expire", lambda _: None)
    assert (await office.post(admin, "/v1/clients/admin-2/disable")).status_code == 200
    for path, body in (("/v1/clients", third), ("/v1/clients/admin-2/enable", None)):
        refused = await office.post(second, path, body)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


async def test_a_client_revokes_its_own_token_only(office, admin):
    http = office.http
    auth = await register(http.app, "district-611", "report", units=("611",))
    other = await register(http.app, "district-612", "report", units=("612",))
    first, second = await office.get_token(auth), await office.get_token(auth)
    refused = await http.post("/oauth/revoke", data={"token": first}, auth=other)
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    assert (await http.post("/oauth/revoke", data={"token": first})).status_code == 401
    assert (await office.get(first, "/v1/poverty/reports")).status_code == 200
    for text in (first, first, "nonsense", "a.b.c"):
        data = {"token": text, "token_type_hint": "refresh_token"}
        revoked = await http.post("/oauth/revoke", data=data, auth=auth)
        assert (revoked.status_code, revoked.content) == (200, b"")
        assert revoked.headers["cache-control"] == "no-store"
    assert (await office.get(first, "/v1/poverty/reports")).status_code == 401
    assert (await office.get(second, "/v1/poverty/reports")).status_code == 200
    missing = await http.post("/oauth/revoke", data={"x": "1"}, auth=auth)
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")
    metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["revocation_endpoint"].endswith("/oauth/revoke")


async def test_a_key_set_names_how_long_a_removed_key_is_trusted(office, admin):
    key_set = await office.http.get("/.well-known/jwks.json")
    assert key_set.headers["cache-control"] == "public, max-age=15"
    ring = get_resources(office.http.app).get(KeyRing)
    await ring.rotate(actor="operator", revoke=True)
    refused = await office.get(admin, "/v1/clients")
    assert refused.status_code == 401


@pytest.mark.parametrize("first_bytes", [9, 400_000], ids=["read whole", "streamed"])
async def test_a_client_that_is_disabled_in_the_middle_of_its_upload_has_no_effect(
    office, admin, upstreams, first_bytes
):
    made = (await office.post(admin, "/v1/clients", DISTRICT)).json()
    token = await office.get_token((made["client_id"], made["client_secret"]))
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": "slow",
        "Content-Type": "application/json",
    }

    async def send_slowly():
        yield b"x" * first_bytes
        assert (await office.post(admin, "/v1/clients/district-610/disable")).status_code == 200
        yield b"the end"

    refused = await office.http.post("/v1/poverty/reports", content=send_slowly(), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    bodies = [body for _, _, _, body in upstreams["poverty"].requests]
    assert [body for body in bodies if body.endswith(b"the end")] == []


async def test_a_client_that_is_disabled_while_its_write_waits_for_a_place_has_no_effect(
    office, admin, upstreams
):
    made = (await office.post(admin, "/v1/clients", DISTRICT)).json()
    token = await office.get_token((made["client_id"], made["client_secret"]))
    poverty = upstreams["poverty"]
    poverty.released = asyncio.Event()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "once"}

    def post():
        return asyncio.create_task(office.http.post("/v1/poverty/reports", json={}, headers=headers))

    under_way = post()
    await poll_until(lambda: len(poverty.requests) == 1)
    waiting = post()  # a repeat of a key waits for the request before it
    await asyncio.sleep(0)
    assert (await office.post(admin, "/v1/clients/district-610/disable")).status_code == 200
    poverty.released.set()
    assert (await under_way).status_code == 200
    assert (await waiting).status_code == 401
    assert len(poverty.requests) == 1
