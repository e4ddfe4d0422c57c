"""Every route that is not public answers 401 without a token, on each application.

`tests/contracts` checks that each route names a guard; this calls them. There is no database: a refusal needs none.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from shared.kit.identity import AllowsAnyone, AllowsPublic, Guard
from shared.kit.resources import get_resources
from shared.territory.tree import Territory
from tests.contracts.documents import APPLICATIONS, build_app, iterate_routes, load_document

OPEN = (AllowsAnyone, AllowsPublic)
"""Guards that let anyone in."""

UUID = "01890a5d-ac96-774b-bcce-b302099a8057"
OTHER_AUTHENTICATION = {"/oauth/token", "/oauth/revoke"}
"""The endpoints of tokens authenticate the client by its secret."""

pytestmark = pytest.mark.anyio


def iterate_guards(dependant: Any) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Guard):
            yield dependency.call
        yield from iterate_guards(dependency)


def find_guarded_routes(app: Any) -> Iterator[Any]:
    """Yield method and path, with its parameters filled in, of every route that is not public."""
    for context in iterate_routes(app):
        if not isinstance(context.original_route, APIRoute) or context.path in OTHER_AUTHENTICATION:
            continue
        if not all(isinstance(guard, OPEN) for guard in iterate_guards(context.dependant)):
            assert context.path
            assert context.original_route.methods
            path = re.sub(r"{[^}]*}", lambda match: UUID if "id" in match[0] else "2023", context.path)
            for method in context.original_route.methods:
                yield method, path


@pytest.mark.parametrize("name", APPLICATIONS)
async def test_a_guarded_route_refuses_a_request_without_a_token(name: Any) -> None:
    app = build_app(name)
    get_resources(app).put(Territory(()))
    routes = sorted(find_guarded_routes(app))
    assert len(routes) >= 3
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for method, path in routes:
            headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
            response = await client.request(method, path, headers=headers, content=b"{}")
            assert response.status_code == 401, (method, path, response.status_code, response.text[:200])
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers["www-authenticate"].startswith("Bearer"), (method, path)


@pytest.mark.parametrize("name", APPLICATIONS)
async def test_health_metrics_and_document_are_public(name: Any) -> None:
    app = build_app(name)
    app.openapi = partial(load_document, name)  # type: ignore[method-assign]
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/metrics")).status_code == (404 if name == "gateway" else 200)
        # the gateway answers and forwards without its own database
        assert (await client.get("/readyz")).status_code == (200 if name == "gateway" else 503)
        if name != "gateway":  # its document is merged from the others'
            assert (await client.get("/openapi.json")).json()["paths"]
