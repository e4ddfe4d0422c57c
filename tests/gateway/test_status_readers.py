"""Who sees what of the status: provisional figures stay with who may read them, fresh, shared or remembered."""

import asyncio

import pytest

from gateway.app import create_app
from tests.gateway.conftest import settings_of, speaking_to
from tests.gateway.neighbours import Neighbour, progress, serving_each
from tests.gateway.status import ALL_FRESH, STATUS, states, values

pytestmark = pytest.mark.usefixtures("asked_every_time")


class Guarded(Neighbour):
    """Says 1.0 to everybody and 2.0 to who asks for provisional figures with a token."""

    refuses = False

    async def __call__(self, scope, receive, send):
        provisional = b"basis=provisional" in scope["query_string"]
        token = dict(scope["headers"]).get(b"authorization")
        program = scope["path"].split("/")[2]
        self.status, self.answer, self.tag = 200, progress(program, 2.0 if provisional else 1.0), None
        if provisional and token is None:
            self.status, self.answer = 401, {"code": "unauthenticated"}
        if self.refuses:
            self.status, self.answer = 403, {"code": "forbidden"}
        await super().__call__(scope, receive, send)


@pytest.fixture
async def guarded(common_database, issuer, neighbours):
    """The gateway before services that keep provisional figures to who may read them."""
    found = {**{name: Guarded() for name in ("rural", "poverty", "ethnic")}, "funding": neighbours["funding"]}
    async with serving_each(found) as urls:
        app = issuer.trust(create_app(settings_of(common_database, urls)))
        async with speaking_to(app) as client:
            client.services = found
            client.app = app
            yield client


def bearer(issuer, client_id, scopes=("review",), **more):
    return {"Authorization": f"Bearer {issuer.token(client_id, scopes, **more)}"}


async def test_provisional_figures_never_reach_who_may_not_read_them(guarded, issuer):
    provisional = f"{STATUS}&basis=provisional"
    reviewer = bearer(issuer, "reviewer-1")
    seen = await guarded.get(provisional, headers=reviewer)
    assert values(seen) == {2.0}
    assert seen.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in seen.headers["vary"]
    refused = await guarded.get(provisional)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert values(await guarded.get(STATUS)) == {1.0}
    # and not from memory either, when the services are gone
    for name in ("rural", "poverty", "ethnic"):
        guarded.services[name].waits = asyncio.Event()
    assert values(await guarded.get(STATUS)) == {1.0}
    other = await guarded.get(provisional, headers=bearer(issuer, "reviewer-2"))
    assert values(other) == set()
    assert values(await guarded.get(provisional, headers=reviewer)) == {2.0}
    assert (await guarded.get(provisional)).status_code == 401
    for name in ("rural", "poverty", "ethnic"):
        guarded.services[name].waits.set()


async def test_a_read_in_flight_is_not_shared_between_readers(guarded, issuer):
    guarded.services["rural"].waits = asyncio.Event()
    provisional = f"{STATUS}&basis=provisional"
    reads = [
        asyncio.create_task(guarded.get(provisional, headers=bearer(issuer, client_id)))
        for client_id in ("reviewer-1", "reviewer-2")
    ]
    await asyncio.sleep(0.2)
    guarded.services["rural"].waits.set()
    assert [values(answer) for answer in await asyncio.gather(*reads)] == [{2.0}, {2.0}]
    assert len(guarded.services["rural"].requests) == 2
    tokens = {headers["authorization"] for _, _, headers, _ in guarded.services["rural"].requests}
    assert len(tokens) == 2


async def test_a_part_that_the_caller_may_not_read_is_missing_and_named(guarded, issuer):
    guarded.services["rural"].refuses = True
    reviewer = bearer(issuer, "reviewer-poverty", programs=["poverty"])
    answer = await guarded.get(f"{STATUS}&basis=provisional", headers=reviewer)
    assert answer.status_code == 200
    assert states(answer) == {**ALL_FRESH, "rural": "unavailable"}
    assert answer.json()["programs"][0]["problem"]["code"] == "forbidden"


async def test_closed_reads_keep_everything_to_clients(common_database, urls, neighbours, issuer):
    app = issuer.trust(create_app(settings_of(common_database, urls, public_reads=False)))
    async with speaking_to(app) as client:
        assert (await client.get(STATUS)).status_code == 401
        assert not neighbours["rural"].requests
        seen = await client.get(STATUS, headers=bearer(issuer, "reader", ["read"]))
        assert seen.status_code == 200
        assert seen.headers["cache-control"] == "private, no-cache"
    assert neighbours["rural"].requests[0][2]["authorization"].startswith("Bearer ")
