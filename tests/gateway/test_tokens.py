"""Tokens: who gets one, its claims, and the keys that verify it across rotations."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.app import create_app
from gateway.clients.actions import create_client
from gateway.clients.rules import Grant
from gateway.clients.secrets import Pepper
from gateway.settings import GatewaySettings
from gateway.tokens.access_tokens import InvalidClient, InvalidScope, narrow_scopes, parse_basic
from gateway.tokens.keys import KeyRing, WrongPepperError
from shared.kit.database import Database
from shared.kit.resources import get_resources
from shared.roles import SCOPES
from tests.application import get_database
from tests.gateway.conftest import PEPPER, make_settings, open_gateway

FORM = {"grant_type": "client_credentials"}


async def register(app, client_id, *scopes, programs=("poverty",), units=("610",)):
    """Create a client as the command line does; return its id and secret."""
    pepper = Pepper(PEPPER)
    async with get_database(app).writing() as session:
        _, secret_id = await create_client(
            session,
            pepper,
            client_id=client_id,
            description="",
            grant=Grant(scopes, programs, units),
            actor="operator",
            now=datetime.now(UTC),
        )
    return client_id, pepper.derive_secret(client_id, secret_id)


async def test_the_published_keys_verify_a_token(gateway):
    auth = await register(gateway.app, "token-1", "report", "read", units=("610", "611"))
    response = await gateway.post("/oauth/token", data=FORM, auth=auth)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 600, "report read")
    keys = await gateway.get("/.well-known/jwks.json")
    assert len(keys.json()["keys"]) >= 2
    assert not any("d" in key for key in keys.json()["keys"])
    token = jwt.decode(body["access_token"], KeySet.import_key_set(keys.json()), algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    claims = token.claims
    assert (claims["sub"], claims["client_id"], claims["aud"]) == ("token-1", "token-1", "ntp")
    assert claims["iss"] == get_resources(gateway.app).get(GatewaySettings).issuer
    assert claims["exp"] - claims["iat"] == 600
    assert (claims["programs"], claims["units"], claims["scope"]) == (
        ["poverty"],
        ["610", "611"],
        "report read",
    )
    assert claims["jti"]


async def test_a_scope_may_be_narrowed_but_not_widened(gateway):
    auth = await register(gateway.app, "token-2", "report", "read")
    narrow = await gateway.post("/oauth/token", data={**FORM, "scope": "read"}, auth=auth)
    assert narrow.json()["scope"] == "read"
    wide = await gateway.post("/oauth/token", data={**FORM, "scope": "read admin"}, auth=auth)
    assert (wide.status_code, wide.json()["error"], wide.json()["code"]) == (
        400,
        "invalid_scope",
        "invalid_scope",
    )


async def test_every_failed_authentication_gets_the_same_answer(gateway):
    name, secret = await register(gateway.app, "token-3", "report")
    responses = [
        await gateway.post("/oauth/token", data=FORM, auth=auth)
        for auth in ((name, secret + "x"), (name, ""), ("nobody", secret), ("a\x00b", secret))
    ]
    responses.append(await gateway.post("/oauth/token", data=FORM))
    for response in responses:
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Basic")
        assert response.headers["content-type"] == "application/json"
        body = response.json()
        assert (body["error"], body["code"], body["status"]) == ("invalid_client", "invalid_client", 401)
    assert len({response.json()["error_description"] for response in responses[:4]}) == 1


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
        ({**FORM, "scope": " "}, "invalid_scope"),
        ({**FORM, "scope": ""}, "invalid_scope"),
        ({"grant_type": ""}, "invalid_request"),
        ({**FORM, **{f"x{number}": "" for number in range(30)}}, "invalid_request"),
    ],
)
async def test_an_invalid_form_gets_the_error_of_rfc_6749(gateway, form, error):
    auth = await register(gateway.app, f"form-{datetime.now(UTC).timestamp()}", "report")
    response = await gateway.post("/oauth/token", data=form, auth=auth)
    assert (response.status_code, response.json()["error"]) == (400, error)
    as_json = await gateway.post("/oauth/token", json=FORM, auth=auth)
    assert (as_json.status_code, as_json.json()["error"]) == (400, "invalid_request")
    long = await gateway.post("/oauth/token", data={**FORM, "x": "y" * 70_000}, auth=auth)
    assert (long.status_code, long.json()["code"]) == (413, "body_too_large")


async def test_too_many_attempts_are_refused(common_database, urls):
    app = create_app(make_settings(common_database, urls, token_limit="3/minute"))
    async with open_gateway(app) as client:
        responses = [await client.post("/oauth/token", data=FORM, auth=("guess", "wrong")) for _ in range(5)]
        other = await client.post("/oauth/token", data=FORM, auth=("other", "wrong"))
    assert [response.status_code for response in responses] == [401, 401, 401, 429, 429]
    refused = responses[-1]
    assert refused.json()["code"] == "rate_limited"
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["ratelimit-policy"] == '"failed-token";q=3;w=60'
    assert other.status_code == 401


async def test_a_stranger_behind_the_same_address_locks_no_client_out(common_database, urls):
    app = create_app(make_settings(common_database, urls, token_limit="3/minute"))
    async with open_gateway(app) as client:
        name, secret = await register(app, "guessed", "report")
        guesses = [await client.post("/oauth/token", data=FORM, auth=(name, "wrong")) for _ in range(5)]
        own = [await client.post("/oauth/token", data=FORM, auth=(name, secret)) for _ in range(4)]
    assert [response.status_code for response in guesses] == [401, 401, 401, 429, 429]
    assert [response.status_code for response in own] == [200, 200, 200, 429]
    assert own[0].headers["ratelimit"].startswith('"token";r=2;')


async def test_the_gateway_accepts_its_own_tokens_only(gateway, issuer):
    auth = await register(gateway.app, "token-4", "admin")
    token = (await gateway.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
    accepted = await gateway.get("/v1/clients", headers={"Authorization": f"Bearer {token}"})
    assert accepted.status_code == 200
    forged = issuer.token("token-4", ["admin"])
    refused = await gateway.get("/v1/clients", headers={"Authorization": f"Bearer {forged}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    auth = await register(gateway.app, "token-5", "review")
    token = (await gateway.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
    refused = await gateway.get("/v1/clients", headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_the_metadata_names_the_endpoints(gateway):
    metadata = (await gateway.get("/.well-known/oauth-authorization-server")).json()
    issuer = get_resources(gateway.app).get(GatewaySettings).issuer
    assert metadata["issuer"] == issuer
    assert metadata["token_endpoint"] == f"{issuer}/oauth/token"
    assert metadata["jwks_uri"] == f"{issuer}/.well-known/jwks.json"
    assert metadata["token_endpoint_auth_methods_supported"] == ["client_secret_basic"]
    keys = await gateway.get("/.well-known/jwks.json")
    again = await gateway.get("/.well-known/jwks.json", headers={"If-None-Match": keys.headers["etag"]})
    assert again.status_code == 304


def test_basic_credentials_are_parsed_as_in_rfc_6749():
    # client_id "a:b", secret "c d", each form-encoded first
    assert parse_basic("Basic YSUzQWI6Yytk").client_id == "a:b"
    assert parse_basic("basic YSUzQWI6Yytk").secret == "c d"
    for header in ("", "Basic", "Basic !!!", "Basic YWJj", "Bearer YSUzQWI6YytkUw=="):
        with pytest.raises(InvalidClient):
            parse_basic(header)


def test_narrowed_scopes_have_no_duplicates():
    assert narrow_scopes(["report", "read"], None) == ["report", "read"]
    assert narrow_scopes(["report", "read"], "read read") == ["read"]
    assert narrow_scopes(["report", "read"], " ".join(SCOPES)) == ["report", "read"]
    with pytest.raises(InvalidScope):
        narrow_scopes(["report"], "report funding")


@pytest.fixture
async def make_ring(database):
    """A function that makes key rings on one database, as several replicas have them."""
    opened = []

    def make(*, pepper=PEPPER, clock=lambda: datetime.now(UTC), key_days=90):
        replica_database = Database(database.url("gateway"), pool_size=2)
        opened.append(replica_database)
        return KeyRing(replica_database, Pepper(pepper), clock, key_days=key_days)

    yield make
    for replica_database in opened:
        await replica_database.close()


@pytest.mark.race
async def test_replicas_that_start_together_share_the_first_two_keys(make_ring):
    rings = await asyncio.gather(*(make_ring().current() for _ in range(4)))
    assert len({ring.signing.kid for ring in rings}) == 1
    assert {len(ring.published.keys) for ring in rings} == {2}


async def test_a_rotation_signs_with_the_standby_that_was_published_before(make_ring):
    now = datetime.now(UTC)
    ring = make_ring(clock=lambda: now)
    before = await ring.current()
    standby = next(key.kid for key in before.published.keys if key.kid != before.signing.kid)
    after = await ring.rotate(actor="operator")
    assert after.signing.kid == standby
    assert {key.kid for key in before.published.keys} < {key.kid for key in after.published.keys}
    assert len(after.published.keys) == 3
    now += timedelta(hours=3)
    later = await make_ring(clock=lambda: now).current()
    assert before.signing.kid not in {key.kid for key in later.published.keys}


async def test_a_revoked_key_is_published_no_longer_and_other_processes_see_it(make_ring, monkeypatch):
    monkeypatch.setattr("gateway.tokens.keys.REREAD_WAIT_AFTER_S", -1.0)
    other = make_ring()
    before = await other.current()
    retired = await make_ring().rotate(actor="operator")
    assert before.signing.kid in {key.kid for key in retired.published.keys}
    after = await make_ring().rotate(actor="operator", revoke=True)
    ended = {before.signing.kid, retired.signing.kid}
    assert ended.isdisjoint({key.kid for key in after.published.keys})
    assert ended.isdisjoint({key.kid for key in (await other.current()).published.keys})


async def test_old_keys_are_rotated(make_ring):
    now = datetime.now(UTC)
    first = await make_ring(clock=lambda: now).current()
    now += timedelta(days=91)
    second = await make_ring(clock=lambda: now).current()
    assert second.signing.kid != first.signing.kid


async def test_another_pepper_stops_the_start(make_ring):
    await make_ring().current()
    with pytest.raises(WrongPepperError, match="NTP_CLIENT_SECRET_PEPPER"):
        await make_ring(pepper="another pepper, just as long as the first").current()


async def test_the_database_holds_no_private_key_in_clear(make_ring, database):
    private = (await make_ring().current()).signing.as_dict(private=True)["d"]
    connection = await asyncpg.connect(database.admin_url)
    try:
        rows = await connection.fetch("SELECT row_to_json(k)::text FROM gateway.signing_keys k")
    finally:
        await connection.close()
    assert len(rows) == 2
    assert not any(private in row[0] for row in rows)


async def test_without_a_database_the_ring_keeps_its_keys(make_ring, database, monkeypatch):
    ring = make_ring()
    before = await ring.current()
    failures = []

    def fail():
        failures.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(ring._database, "reading", fail)
    ring.expire()
    assert (await ring.current()).signing.kid == before.signing.kid
    assert failures
