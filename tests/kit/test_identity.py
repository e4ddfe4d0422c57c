"""Tokens prove the caller; guards let it in or refuse with a reason."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from shared.kit import identity, issuer_keys, refreshed_value
from shared.kit.identity import Identity, caller_from_claims
from shared.kit.issuer_keys import IssuerKeys, KeysUnavailable
from shared.kit.problems import Unauthenticated
from shared.kit.resources import get_resources
from tests.issuer import AUDIENCE, ISSUER, FixedKeys, Issuer
from tests.kit.notes import running_notes

pytestmark = pytest.mark.anyio


def now() -> datetime:
    return datetime.now(UTC)


def make_identity(issuer: Issuer, clock=now) -> Identity:
    return Identity(FixedKeys(issuer.keys), ISSUER, AUDIENCE, clock)


async def refused(verifier: Identity, token: str) -> str:
    with pytest.raises(Unauthenticated) as problem:
        await verifier.verify(token)
    assert problem.value.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert problem.value.document("vi", "/")["reason"] != problem.value.facts["reason"].en
    reason: str = problem.value.facts["reason"].en
    return reason


async def test_a_valid_token_proves_the_caller_and_the_grants():
    issuer = Issuer()
    caller = await make_identity(issuer).verify(
        issuer.token("district-610", ["report", "read"], ["poverty"], ["610", "611"])
    )
    assert caller.client_id == "district-610"
    assert caller.scopes == {"report", "read"}
    assert caller.programs == {"poverty"}
    assert caller.units == {"610", "611"}


def test_the_claims_of_a_provincial_issuer_are_read_too():
    caller = caller_from_claims(
        {"azp": "so-tai-chinh", "scope": "funding", "programs": "poverty rural", "units": None}
    )
    assert caller.client_id == "so-tai-chinh"
    assert caller.programs == {"poverty", "rural"}
    assert caller.units == frozenset()


async def test_a_token_is_valid_until_it_expires():
    issuer = Issuer()
    at = now()
    verifier = make_identity(issuer, lambda: at)
    token = issuer.token(lives=timedelta(minutes=10))
    await verifier.verify(token)
    at += timedelta(minutes=10, seconds=identity.CLOCK_LEEWAY_S - 5)
    await verifier.verify(token)
    at += timedelta(seconds=10)
    await refused(verifier, token)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://elsewhere"},
        {"aud": "other"},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"nbf": 4102444800},
        {"iat": 4102444800},
        {"iat": None},
        {"exp": int(now().timestamp()) + 100_000},
        {"client_id": "", "sub": "", "azp": ""},
    ],
)
async def test_a_token_with_wrong_claims_is_refused(claims):
    issuer = Issuer()
    await refused(make_identity(issuer), issuer.token(**claims))


async def test_one_of_several_audiences_is_enough():
    issuer = Issuer()
    await make_identity(issuer).verify(issuer.token(aud=["other", AUDIENCE]))


async def test_a_token_with_another_signature_is_refused():
    ours, theirs = Issuer(), Issuer()
    assert ours._key.kid
    theirs._key = ECKey.generate_key("P-256", {"kid": ours._key.kid, "alg": "ES256"}, private=True)
    await refused(make_identity(ours), theirs.token())


async def test_a_refusal_names_what_is_wrong_with_the_token():
    issuer = Issuer()
    verifier = make_identity(issuer)
    head, body, _ = issuer.token().split(".")
    assert await refused(verifier, f"{head}.{body}.{'A' * 86}") == "the token's signature cannot be verified"
    assert await refused(verifier, "abc.def.ghi") == "the token is no signed JWT"
    assert await refused(verifier, issuer.token(exp=1)) == "the token is expired"
    assert await refused(verifier, issuer.token(aud="x")) == "the token's claim “aud” is not accepted"


async def test_a_token_that_chooses_its_own_algorithm_is_refused():
    issuer = Issuer()
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(now().timestamp()) + 600, "client_id": "x"}
    for header in ({"alg": "none"}, {"alg": "none", "kid": issuer._key.kid}):
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)
        ]
        await refused(make_identity(issuer), b".".join([*parts, b""]).decode())
    public = json.dumps(issuer._key.as_dict(private=False)).encode()
    forged = jwt.encode({"alg": "HS256", "kid": issuer._key.kid}, claims, OctKey.import_key(public))
    await refused(make_identity(issuer), forged)


async def test_a_changed_token_is_refused():
    issuer = Issuer()
    head, body, signature = issuer.token(units=["610"]).split(".")
    claims_sent = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = (
        base64.urlsafe_b64encode(json.dumps({**claims_sent, "units": ["62"]}).encode()).decode().rstrip("=")
    )
    await refused(make_identity(issuer), f"{head}.{forged}.{signature}")
    await refused(make_identity(issuer), f"{head}.{body}.")


async def test_other_algorithms_of_the_list_are_accepted():
    rsa = RSAKey.generate_key(2048, {"kid": "k", "alg": "RS256"}, private=True)
    at = int(now().timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": at, "exp": at + 600, "azp": "keycloak"}
    verifier = Identity(FixedKeys(KeySet([rsa])), ISSUER, AUDIENCE, now)
    assert (
        await verifier.verify(jwt.encode({"alg": "RS256", "kid": "k"}, claims, rsa))
    ).client_id == "keycloak"


NESTED = base64.urlsafe_b64encode(b"[" * 50_000).decode()
WORDS = st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "W10.W10.", "MQ.MQ.MQ", f"{NESTED}.a.b"])
async def test_a_text_that_is_not_a_token_is_refused(token):
    await refused(make_identity(Issuer()), token)


async def test_any_text_is_verified_or_refused():
    verifier = make_identity(Issuer())

    @given(st.lists(WORDS, max_size=4).map(".".join))
    def check(token):
        with pytest.raises(Unauthenticated):
            verifier.verify(token).send(None)

    check()


async def test_the_number_of_remembered_tokens_is_bounded(monkeypatch):
    monkeypatch.setattr(identity, "MAX_VERIFIED_TOKENS", 3)
    issuer = Issuer()
    verifier = make_identity(issuer)
    for at in range(10):
        await verifier.verify(issuer.token(f"c{at}"))
    assert len(verifier._verified) <= 3


# The issuer's keys


class Publisher:
    """Answers for the issuer's key address, counting, and failing where the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: httpx.Response | Exception = httpx.Response(503)
        self.requests = 0
        self.revoked: list[str] = []
        self.clock = 1000.0
        client = httpx.AsyncClient
        transport = httpx.MockTransport(self._answer)
        monkeypatch.setattr(
            "shared.kit.issuer_keys.httpx.AsyncClient", lambda **_: client(transport=transport)
        )
        monkeypatch.setattr("shared.kit.refreshed_value.time.monotonic", lambda: self.clock)

    def _answer(self, _: httpx.Request) -> httpx.Response:
        self.requests += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def publish(self, *issuers: Issuer) -> None:
        keys = [issuer._key.as_dict(private=False) for issuer in issuers]
        self.answer = httpx.Response(200, json={"keys": keys, "revoked": self.revoked})


@pytest.fixture
def publisher(monkeypatch) -> Publisher:
    return Publisher(monkeypatch)


def fetching(kept_at=None) -> Identity:
    return Identity(IssuerKeys("http://issuer/keys", kept_at), ISSUER, AUDIENCE, now)


async def test_keys_are_fetched_when_first_needed_and_once(publisher):
    issuer = Issuer()
    publisher.publish(issuer)
    verifier = fetching()
    assert publisher.requests == 0
    for at in range(5):
        await verifier.verify(issuer.token(f"c{at}"))
    assert publisher.requests == 1


async def test_what_the_issuer_revokes_is_refused_within_seconds_and_a_removed_key_too(publisher):
    old, new = Issuer(), Issuer()
    publisher.publish(old, new)
    verifier = fetching()
    token = old.token("removed", grant_id="g1")
    revoked = [new.token("by-grant", grant_id="g2"), new.token("by-id", jti="t3", grant_id="g3")]
    others = [new.token("other", grant_id="g4"), new.token("by-id", grant_id="g3")]
    for known in (token, *revoked, *others):
        await verifier.verify(known)
    publisher.revoked = ["g2", "t3"]
    publisher.publish(new)
    publisher.clock += issuer_keys.REFRESH_WAIT_AFTER_S + 0.1
    assert publisher.clock - 1000 < 15
    assert await refused(verifier, token) == "the token's signature cannot be verified"
    for known in revoked:
        assert await refused(verifier, known) == "the token was revoked"
    for known in others:
        await verifier.verify(known)
    publisher.answer = httpx.ConnectError("down")
    publisher.clock += 3600
    await refused(verifier, revoked[0])
    await verifier.verify(others[0])


async def test_keys_are_read_again_beside_the_requests(publisher):
    issuer = Issuer()
    publisher.publish(issuer)
    verifier, token = fetching(), issuer.token(grant_id="g1")
    await verifier.verify(token)
    publisher.revoked = ["g1"]
    publisher.publish(issuer)
    publisher.clock += issuer_keys.REFRESH_AFTER_S + 0.1
    await verifier.verify(token)
    for _ in range(1000):  # turns of the event loop: the clock of the test stands still
        await asyncio.sleep(0)
    assert publisher.requests == 2
    await refused(verifier, token)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"keys": [], "revoked": 5}),
        httpx.ConnectError("down"),
        httpx.ReadTimeout("slow"),
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"nothing": 1}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": 5}),
        httpx.Response(200, json={"keys": [{"kty": "nope"}]}),
    ],
)
async def test_missing_keys_are_unavailability_and_never_an_invalid_token(publisher, answer):
    publisher.answer = answer
    with pytest.raises(KeysUnavailable) as problem:
        await fetching().verify(Issuer().token())
    assert problem.value.status == 503
    assert problem.value.headers["Retry-After"] == "1"


async def test_a_failed_fetch_is_repeated_after_a_second(publisher):
    issuer, verifier = Issuer(), fetching()
    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            await verifier.verify(issuer.token())
    assert publisher.requests == 1
    publisher.publish(issuer)
    publisher.clock += refreshed_value.RETRY_AFTER_S + 0.1
    await verifier.verify(issuer.token())
    assert publisher.requests == 2


async def test_an_unknown_key_is_fetched_at_most_once_in_some_seconds(publisher):
    old, new = Issuer(), Issuer()
    publisher.publish(old)
    verifier = fetching()
    await verifier.verify(old.token())
    publisher.publish(old, new)
    for _ in range(5):
        await refused(verifier, new.token())
    assert publisher.requests == 1
    publisher.clock += issuer_keys.REFRESH_AFTER_S + 1
    await verifier.verify(new.token())
    await verifier.verify(old.token("again"))
    assert publisher.requests == 2


async def test_an_unknown_key_while_the_issuer_is_down_is_unavailability(publisher):
    old, new = Issuer(), Issuer()
    publisher.publish(old)
    verifier = fetching()
    await verifier.verify(old.token())
    publisher.answer = httpx.ConnectError("down")
    publisher.clock += issuer_keys.REFRESH_AFTER_S + 1
    with pytest.raises(KeysUnavailable):
        await verifier.verify(new.token())
    await verifier.verify(old.token("still good"))


async def test_the_last_keys_are_stored_on_disk_for_the_next_start(publisher, tmp_path):
    issuer, kept_at = Issuer(), tmp_path / "state" / "jwks.json"
    publisher.publish(issuer)
    await fetching(kept_at).verify(issuer.token())
    assert "d" not in json.loads(kept_at.read_text())["keys"][0]
    publisher.answer = httpx.ConnectError("down")
    await fetching(kept_at).verify(issuer.token())


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"keys": [1]}', "\x00"])
async def test_a_damaged_file_of_keys_is_ignored(publisher, tmp_path, content):
    issuer, kept_at = Issuer(), tmp_path / "jwks.json"
    kept_at.write_text(content)
    publisher.publish(issuer)
    await fetching(kept_at).verify(issuer.token())
    assert json.loads(kept_at.read_text())["keys"]


async def test_a_disk_that_cannot_be_written_fails_no_request(publisher, tmp_path):
    (tmp_path / "file").write_text("")
    issuer = Issuer()
    publisher.publish(issuer)
    await fetching(tmp_path / "file" / "jwks.json").verify(issuer.token())


# Over HTTP


async def test_guards_require_a_token_a_scope_and_the_program(database):
    async with running_notes(database) as notes:
        get, bearer = notes.client.get, notes.bearer

        assert (await get("/notes")).status_code == 200
        assert (await get("/notes", headers={"Authorization": "Basic eDp5"})).status_code == 200
        assert (await get("/notes", headers={"Authorization": "Bearer wrong"})).status_code == 401

        nobody = await get("/admin")
        assert nobody.status_code == 401
        assert nobody.headers["www-authenticate"] == "Bearer"

        reporter = await get("/admin", headers=bearer(scopes=["report"]))
        assert reporter.status_code == 403
        assert reporter.json()["scopes"] == ["admin"]
        assert reporter.json()["detail"] == "Ứng dụng không có quyền: cần quyền admin."

        stranger = await get("/admin", headers=bearer(scopes=["admin"], programs=["poverty"]))
        assert stranger.status_code == 403
        assert stranger.json()["program"] == "notes"

        assert (await get("/admin", headers=bearer(scopes=["admin"]))).json() == "well done"


async def test_public_reads_can_be_closed(database):
    async with running_notes(database, public_reads=False) as notes:
        assert (await notes.client.get("/notes")).status_code == 401
        without = await notes.client.get("/notes", headers=notes.bearer(scopes=[]))
        assert without.status_code == 403
        assert (await notes.client.get("/notes", headers=notes.bearer(scopes=["read"]))).status_code == 200
        for path in ("/livez", "/readyz", "/metrics"):
            assert (await notes.client.get(path)).status_code == 200, path


async def test_a_service_without_keys_answers_503_and_stays_ready(database):
    async with running_notes(database) as notes:
        get_resources(notes.app).get(Identity).keys = IssuerKeys("http://127.0.0.1:9/none")
        answer = await notes.client.get("/admin", headers=notes.bearer())
        assert answer.status_code == 503
        assert answer.json()["code"] == "keys_unavailable"
        assert answer.headers["retry-after"] == "1"
        assert (await notes.client.get("/readyz")).status_code == 200
        assert (await notes.client.get("/notes")).status_code == 200
