"""The applications that the tests of all operations send requests to: each is started once in a worker."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.papers.gateway import Gateway
from shared.kit.resources import get_resources
from tests.contracts.documents import APPLICATIONS, build_app
from tests.gateway.conftest import PEPPER
from tests.in_process import ApplicationClient
from tests.issuer import Issuer
from tests.papers.upstreams import PathTransport
from tests.postgres import TestDatabase

READ_SCOPES = ["read", "admin"]
SCOPES = [*READ_SCOPES, "report", "review", "target", "register", "funding", "oversight"]
UNLIMITED = {"NTP_CLIENT_LIMIT": "", "NTP_ADDRESS_LIMIT": "", "NTP_TOKEN_LIMIT": ""}
"""The requests of many tests count together."""


class StartedApplications:
    """Applications over one database, by name and settings; each is started for the first test that asks for it."""

    def __init__(self, database: TestDatabase, stack: AsyncExitStack) -> None:
        self.database, self.issuer = database, Issuer()
        self._stack = stack
        self._started: dict[Any, FastAPI] = {}

    async def start(self, name: str, **settings: str) -> FastAPI:
        """Return the application, which trusts the issuer."""
        key = (name, *sorted(settings.items()))
        if key not in self._started:
            environment = {
                "NTP_DATABASE_URL": self.database.url(name),
                **({"NTP_CLIENT_SECRET_PEPPER": PEPPER, **UNLIMITED} if name == "gateway" else {}),
            }
            app = self.issuer.trust(build_app(name, **environment, **settings))
            if name == "papers":
                get_resources(app).get(Gateway).transport = PathTransport()
            await self._stack.enter_async_context(app.router.lifespan_context(app))
            self._started[key] = app
        return self._started[key]

    @asynccontextmanager
    async def open_client(
        self, name: str, scopes: Sequence[str] | None = None, **settings: str
    ) -> AsyncIterator[Any]:
        """Yield a client of an application: `.name`, `.app`, `.upstreams`; without scopes it sends no token."""
        app = await self.start(name, **settings)
        headers = {}
        if scopes is not None:
            token = self.issuer.token("auditor", [*scopes], units=["62", "51"])
            headers["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with ApplicationClient(transport=transport, base_url="http://test", headers=headers) as client:
            client.app = app
            client.name = name  # type: ignore[attr-defined]
            client.upstreams = partial(self._connect, app)  # type: ignore[attr-defined]
            yield client

    @asynccontextmanager
    async def _connect(self, app: FastAPI, *names: str) -> AsyncIterator[None]:
        """Let papers reach other applications for the block; nothing for any other application."""
        resources = get_resources(app)
        transport = resources.get(Gateway).transport if resources.has(Gateway) else None
        if not isinstance(transport, PathTransport):
            yield
            return
        transport.apps = {name: await self.start(name) for name in names}
        yield
        transport.apps = {}


@pytest.fixture(scope="session")
async def applications(common_database: TestDatabase) -> AsyncIterator[StartedApplications]:
    async with AsyncExitStack() as stack:
        yield StartedApplications(common_database, stack)


@pytest.fixture(params=APPLICATIONS)
async def reader(request: pytest.FixtureRequest, applications: StartedApplications) -> AsyncIterator[Any]:
    """A client that may read and administer."""
    async with applications.open_client(request.param, READ_SCOPES) as client:
        yield client


@pytest.fixture(params=APPLICATIONS)
async def writer(request: pytest.FixtureRequest, applications: StartedApplications) -> AsyncIterator[Any]:
    """A client that may do everything."""
    async with applications.open_client(request.param, SCOPES) as client:
        yield client
