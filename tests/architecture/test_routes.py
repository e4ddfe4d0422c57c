"""Guards that hold: nobody without a token gets past any route that is not open, on any of the applications.

That every route names a guard is read from the routes themselves in `tests/contracts`; here they are asked, and no
database is there to answer: a refusal costs nothing.
"""

import re

import httpx
import pytest
from fastapi.routing import APIRoute

from shared.kit import identity
from shared.territory.tree import Territory
from tests.contracts.documents import build, present, routes_of

OPEN = {identity._open, identity._public}
"""Guards that let anyone in."""

UUID = "01890a5d-ac96-774b-bcce-b302099a8057"
GRANTING_OF_ITS_OWN = {"/oauth/token"}
"""The token endpoint proves the client by its secret, in a form of its own."""

pytestmark = pytest.mark.anyio


def guards_of(dependant):
    for each in dependant.dependencies:
        yield each.call
        yield from guards_of(each)


def guarded_routes(app):
    """Every (method, path) that is not open to all, with its parameters filled in."""
    for context in routes_of(app):
        if isinstance(context.original_route, APIRoute) and context.path not in GRANTING_OF_ITS_OWN:
            guards = set(guards_of(context.dependant)) & set(identity.GUARDS)
            if guards and not guards <= OPEN:
                path = re.sub(r"{[^}]*}", lambda it: UUID if "id" in it[0] else "2023", context.path)
                for method in context.original_route.methods:
                    yield method, path


@pytest.mark.parametrize("name", present())
async def test_nobody_gets_past_a_guard_without_a_token(name):
    app = build(name)
    app.state.territory = Territory(())
    routes = sorted(guarded_routes(app))
    assert len(routes) >= 3
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for method, path in routes:
            headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
            answer = await client.request(method, path, headers=headers, content=b"{}")
            assert answer.status_code == 401, (method, path, answer.status_code, answer.text[:200])
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer"), (method, path)


@pytest.mark.parametrize("name", present())
async def test_every_service_has_its_health_and_its_document_in_the_open(name):
    app = build(name)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        if name != "gateway":  # whose document is made of all the others'
            assert (await client.get("/openapi.json")).json()["paths"]
