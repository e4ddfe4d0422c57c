"""Tokens: who gets one, what it says, and that every service can verify it across rotations."""

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
from gateway.tokens.access_tokens import InvalidClient, InvalidScope, narrow_scopes, parse_basic
from gateway.tokens.keys import KeyRing, WrongPepperError
from shared.kit.database import Database
from tests.gateway.conftest import PEPPER, settings_of, speaking_to

FORM = {"grant_type": "client_credentials"}


async def register(app, client_id, *scopes, programs=("poverty",), units=("610",)):
    """A client made at the command line's level; gives its credentials."""
    pepper = Pepper(PEPPER)
    async with app.state.database.writing() as session:
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


async def test_a_secret_gives_a_token_that_the_published_keys_verify(gateway):
    who = await register(gateway.app, "token-1", "report", "read", units=("610", "611"))
    answer = await gateway.post("/oauth/token", data=FORM, auth=who)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert (said["token_type"], said["expires_in"], said["scope"]) == ("Bearer", 600, "report read")
    keys = await gateway.get("/.well-known/jwks.json")
    assert len(keys.json()["keys"]) >= 2
    assert not any("d" in key for key in keys.json()["keys"])
    token = jwt.decode(said["access_token"], KeySet.import_key_set(keys.json()), algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    claims = token.claims
    assert (claims["sub"], claims["client_id"], claims["aud"]) == ("token-1", "token-1", "ntp")
    assert claims["iss"] == gateway.app.state.settings.issuer
    assert claims["exp"] - claims["iat"] == 600
    assert (claims["programs"], claims["units"], claims["scope"]) == (
        ["poverty"],
        ["610", "611"],
        "report read",
    )
    assert claims["jti"]


async def test_the_scope_may_be_narrowed_and_not_widened(gateway):
    who = await register(gateway.app, "token-2", "report", "read")
    narrow = await gateway.post("/oauth/token", data={**FORM, "scope": "read"}, auth=who)
    assert narrow.json()["scope"] == "read"
    wide = await gateway.post("/oauth/token", data={**FORM, "scope": "read admin"}, auth=who)
    assert (wide.status_code, wide.json()["error"], wide.json()["code"]) == (
        400,
        "invalid_scope",
        "invalid_scope",
    )


async def test_who_is_not_proved_gets_the_same_answer_whatever_was_wrong(gateway):
    name, secret = await register(gateway.app, "token-3", "report")
    answers = [
        await gateway.post("/oauth/token", data=FORM, auth=(who, what))
        for who, what in ((name, secret + "x"), (name, ""), ("nobody", secret), ("a\x00b", secret))
    ]
    answers.append(await gateway.post("/oauth/token", data=FORM))
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert answer.headers["content-type"] == "application/json"
        said = answer.json()
        assert (said["error"], said["code"], said["status"]) == ("invalid_client", "invalid_client", 401)
    assert len({answer.json()["error_description"] for answer in answers[:4]}) == 1


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
        ({**FORM, "scope": " "}, "invalid_scope"),
    ],
)
async def test_a_bad_form_is_named_as_rfc_6749_does(gateway, form, error):
    who = await register(gateway.app, f"form-{datetime.now(UTC).timestamp()}", "report")
    answer = await gateway.post("/oauth/token", data=form, auth=who)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    as_json = await gateway.post("/oauth/token", json=FORM, auth=who)
    assert (as_json.status_code, as_json.json()["error"]) == (400, "invalid_request")
    long = await gateway.post("/oauth/token", data={**FORM, "x": "y" * 70_000}, auth=who)
    assert (long.status_code, long.json()["code"]) == (413, "body_too_large")


async def test_too_many_attempts_are_slowed_down(common_database, urls):
    app = create_app(settings_of(common_database, urls, token_limit="3/minute"))
    async with speaking_to(app) as client:
        answers = [await client.post("/oauth/token", data=FORM, auth=("guess", "wrong")) for _ in range(5)]
        other = await client.post("/oauth/token", data=FORM, auth=("other", "wrong"))
    assert [each.status_code for each in answers] == [401, 401, 401, 429, 429]
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited"
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["ratelimit-policy"] == '"token";q=3;w=60'
    assert other.status_code == 401


async def test_the_gateway_lets_its_own_tokens_in_and_others_out(gateway, issuer):
    who = await register(gateway.app, "token-4", "admin")
    token = (await gateway.post("/oauth/token", data=FORM, auth=who)).json()["access_token"]
    inside = await gateway.get("/v1/clients", headers={"Authorization": f"Bearer {token}"})
    assert inside.status_code == 200
    forged = issuer.token("token-4", ["admin"])
    outside = await gateway.get("/v1/clients", headers={"Authorization": f"Bearer {forged}"})
    assert (outside.status_code, outside.json()["code"]) == (401, "unauthenticated")
    who = await register(gateway.app, "token-5", "review")
    token = (await gateway.post("/oauth/token", data=FORM, auth=who)).json()["access_token"]
    refused = await gateway.get("/v1/clients", headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_metadata_says_where_things_are(gateway):
    said = (await gateway.get("/.well-known/oauth-authorization-server")).json()
    issuer = gateway.app.state.settings.issuer
    assert said["issuer"] == issuer
    assert said["token_endpoint"] == f"{issuer}/oauth/token"
    assert said["jwks_uri"] == f"{issuer}/.well-known/jwks.json"
    assert said["token_endpoint_auth_methods_supported"] == ["client_secret_basic"]
    keys = await gateway.get("/.well-known/jwks.json")
    again = await gateway.get("/.well-known/jwks.json", headers={"If-None-Match": keys.headers["etag"]})
    assert again.status_code == 304


def test_basic_is_read_as_rfc_6749_writes_it():
    # client_id "a:b", secret "c d", each form-encoded first
    assert parse_basic("Basic YSUzQWI6Yytk").client_id == "a:b"
    assert parse_basic("basic YSUzQWI6Yytk").secret == "c d"
    for said in ("", "Basic", "Basic !!!", "Basic YWJj", "Bearer YSUzQWI6YytkUw=="):
        with pytest.raises(InvalidClient):
            parse_basic(said)


def test_scopes_are_narrowed_without_repeats():
    assert narrow_scopes(["report", "read"], None) == ["report", "read"]
    assert narrow_scopes(["report", "read"], "read read") == ["read"]
    with pytest.raises(InvalidScope):
        narrow_scopes(["report"], "report funding")


@pytest.fixture
async def ring_of(database):
    """Key rings on one private database, as several replicas have them."""
    opened = []

    def make(*, pepper=PEPPER, clock=lambda: datetime.now(UTC), key_days=90):
        own = Database(database.url("gateway"), pool_size=2)
        opened.append(own)
        return KeyRing(own, Pepper(pepper), clock, key_days=key_days)

    yield make
    for own in opened:
        await own.close()


@pytest.mark.race
async def test_replicas_that_start_together_share_their_first_two_keys(ring_of):
    rings = await asyncio.gather(*(ring_of().current() for _ in range(4)))
    assert len({ring.signing.kid for ring in rings}) == 1
    assert {len(ring.published.keys) for ring in rings} == {2}


async def test_the_standby_takes_over_and_was_published_before(ring_of):
    now = datetime.now(UTC)
    ring = ring_of(clock=lambda: now)
    before = await ring.current()
    standby = next(key.kid for key in before.published.keys if key.kid != before.signing.kid)
    await ring.rotate(actor="operator")
    after = await ring.current()
    assert after.signing.kid == standby
    assert {key.kid for key in before.published.keys} < {key.kid for key in after.published.keys}
    assert len(after.published.keys) == 3
    now += timedelta(hours=3)
    later = await ring_of(clock=lambda: now).current()
    assert before.signing.kid not in {key.kid for key in later.published.keys}


async def test_keys_rotate_by_themselves_when_they_are_old(ring_of):
    now = datetime.now(UTC)
    first = await ring_of(clock=lambda: now).current()
    now += timedelta(days=91)
    second = await ring_of(clock=lambda: now).current()
    assert second.signing.kid != first.signing.kid


async def test_another_pepper_is_refused_at_the_start(ring_of):
    await ring_of().current()
    with pytest.raises(WrongPepperError, match="NTP_CLIENT_SECRET_PEPPER"):
        await ring_of(pepper="another pepper, just as long as the first").current()


async def test_no_private_key_rests_in_the_database(ring_of, database):
    private = (await ring_of().current()).signing.as_dict(private=True)["d"]
    connection = await asyncpg.connect(database.admin_url)
    try:
        rows = await connection.fetch("SELECT row_to_json(k)::text FROM gateway.signing_keys k")
    finally:
        await connection.close()
    assert len(rows) == 2
    assert not any(private in row[0] for row in rows)


async def test_without_its_database_the_ring_keeps_what_it_has(ring_of, database, monkeypatch):
    ring = ring_of()
    before = await ring.current()
    monkeypatch.setattr("gateway.tokens.keys.REREAD_AFTER_S", -1.0)

    def gone():
        raise ConnectionRefusedError

    monkeypatch.setattr(ring._database, "reading", gone)
    assert (await ring.current()).signing.kid == before.signing.kid
