"""What stands behind the gateway's address for papers in process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from fastapi import FastAPI

from services.papers.gateway import Gateway
from shared.kit.resources import get_resources
from tests.contracts.documents import build_app
from tests.gateway.conftest import PEPPER
from tests.in_process import ApplicationClient
from tests.issuer import Issuer
from tests.postgres import TestDatabase


class PathTransport(httpx.AsyncBaseTransport):
    """Applications by the second part of the path; the one of the name `gateway` for all others."""

    def __init__(self, **apps: FastAPI) -> None:
        self.apps = apps

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        app = self.apps.get(request.url.path.split("/")[2], self.apps.get("gateway"))
        if app is None:
            raise httpx.ConnectError("no application stands here", request=request)
        return await httpx.ASGITransport(app=app).handle_async_request(request)


@asynccontextmanager
async def start_upstreams(
    client: ApplicationClient, database: TestDatabase, issuer: Issuer, *names: str
) -> AsyncIterator[None]:
    """Start applications that papers reads; nothing for any other client."""
    resources = get_resources(client.app)
    transport = resources.get(Gateway).transport if resources.has(Gateway) else None
    if not isinstance(transport, PathTransport):
        yield
        return
    async with AsyncExitStack() as stack:
        for name in names:
            environment = {"NTP_DATABASE_URL": database.url(name), "NTP_CLIENT_SECRET_PEPPER": PEPPER}
            app = issuer.trust(build_app(name, **environment))
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport.apps[name] = app
        yield
