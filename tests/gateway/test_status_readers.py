"""Access to the status: provisional figures reach authorized readers only, from the services and from memory."""

import asyncio

import pytest

from gateway.app import create_app
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.status import ALL_FRESH, STATUS, find_part_fetcher, read_states, read_values
from tests.gateway.upstream_stubs import UpstreamStub, make_progress, serve_all
from tests.waiting import poll_until

pytestmark = pytest.mark.usefixtures("no_fresh_parts")


class GuardedStub(UpstreamStub):
    """Answers 1.0 to everybody, and 2.0 to a request for provisional figures with a token."""

    refuses = False

    async def __call__(self, scope, receive, send):
        provisional = b"basis=provisional" in scope["query_string"]
        token = dict(scope["headers"]).get(b"authorization")
        program = scope["path"].split("/")[2]
        self.status, self.answer, self.etag = 200, make_progress(program, 2.0 if provisional else 1.0), None
        if provisional and token is None:
            self.status, self.answer = 401, {"code": "unauthenticated"}
        if self.refuses:
            self.status, self.answer = 403, {"code": "forbidden"}
        await super().__call__(scope, receive, send)


@pytest.fixture
async def guarded(common_database, issuer, upstreams):
    """A client of the gateway; its services give provisional figures to authorized readers only."""
    stubs = {
        **{name: GuardedStub() for name in ("rural", "poverty", "ethnic")},
        "funding": upstreams["funding"],
        "oversight": upstreams["oversight"],
    }
    async with serve_all(stubs) as urls:
        app = issuer.trust(create_app(make_settings(common_database, urls)))
        async with open_gateway(app) as client:
            client.stubs = stubs  # type: ignore[attr-defined]
            yield client


def make_headers(issuer, client_id, scopes=("review",), **options):
    return {"Authorization": f"Bearer {issuer.token(client_id, scopes, **options)}"}


async def test_provisional_figures_reach_authorized_readers_only(guarded, issuer):
    provisional = f"{STATUS}&basis=provisional"
    reviewer = make_headers(issuer, "reviewer-1")
    response = await guarded.get(provisional, headers=reviewer)
    assert read_values(response) == {2.0}
    assert response.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in response.headers["vary"]
    refused = await guarded.get(provisional)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert read_values(await guarded.get(STATUS)) == {1.0}
    # the same from memory, when the services hang
    find_part_fetcher(guarded).within_s = 0.1
    for name in ("rural", "poverty", "ethnic"):
        guarded.stubs[name].released = asyncio.Event()
    assert read_values(await guarded.get(STATUS)) == {1.0}
    other = await guarded.get(provisional, headers=make_headers(issuer, "reviewer-2"))
    assert read_values(other) == set()
    assert read_values(await guarded.get(provisional, headers=reviewer)) == {2.0}
    assert (await guarded.get(provisional)).status_code == 401
    for name in ("rural", "poverty", "ethnic"):
        guarded.stubs[name].released.set()


async def test_two_readers_do_not_share_a_fetch(guarded, issuer):
    guarded.stubs["rural"].released = asyncio.Event()
    provisional = f"{STATUS}&basis=provisional"
    reads = [
        asyncio.create_task(guarded.get(provisional, headers=make_headers(issuer, client_id)))
        for client_id in ("reviewer-1", "reviewer-2")
    ]
    await poll_until(lambda: len(guarded.stubs["rural"].requests) == 2)
    guarded.stubs["rural"].released.set()
    assert [read_values(response) for response in await asyncio.gather(*reads)] == [{2.0}, {2.0}]
    tokens = {headers["authorization"] for _, _, headers, _ in guarded.stubs["rural"].requests}
    assert len(tokens) == 2


async def test_a_part_that_the_caller_may_not_read_is_unavailable(guarded, issuer):
    guarded.stubs["rural"].refuses = True
    reviewer = make_headers(issuer, "reviewer-poverty", programs=["poverty"])
    response = await guarded.get(f"{STATUS}&basis=provisional", headers=reviewer)
    assert response.status_code == 200
    assert read_states(response) == {**ALL_FRESH, "rural": "unavailable"}
    assert response.json()["programs"][0]["problem"]["code"] == "forbidden"


async def test_closed_reads_need_a_token(common_database, urls, upstreams, issuer):
    app = issuer.trust(create_app(make_settings(common_database, urls, public_reads=False)))
    async with open_gateway(app) as client:
        assert (await client.get(STATUS)).status_code == 401
        assert not upstreams["rural"].requests
        response = await client.get(STATUS, headers=make_headers(issuer, "reader", ["read"]))
        assert response.status_code == 200
        assert response.headers["cache-control"] == "private, no-cache"
    assert upstreams["rural"].requests[0][2]["authorization"].startswith("Bearer ")
