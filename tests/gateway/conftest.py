"""The gateway under test: on a migrated database of its own, with neighbours that do what the test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from gateway.app import create_app
from gateway.composition import parts
from gateway.settings import GatewaySettings
from tests.gateway.neighbours import Neighbour, ledger, progress, serving, serving_each
from tests.in_process import open_client
from tests.postgres import TestDatabase

PEPPER = "a pepper for tests, long enough to be one"
NAMES = ("rural", "poverty", "ethnic", "funding")

Making = Callable[..., Any]


def settings_of(database: TestDatabase, upstreams: dict[str, str], **more: Any) -> GatewaySettings:
    said = {"database_url": SecretStr(database.url("gateway")), "client_secret_pepper": SecretStr(PEPPER)}
    return GatewaySettings(**said, upstreams=upstreams, pool_size=5, **more)


@asynccontextmanager
async def speaking_to(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app in this process; the app is started and stopped."""
    async with open_client(app, raises=False, base_url="http://gateway") as client:
        yield client


@pytest.fixture
def asked_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every status read asks the services, unless a test is about the moment in which none does."""
    monkeypatch.setattr(parts, "FRESH_FOR_S", 0.0)


@pytest.fixture
def neighbours() -> dict[str, Neighbour]:
    """The four services; what they answer may be changed at any time."""
    found = {name: Neighbour(answer=progress(name)) for name in NAMES}
    found["funding"].answer = ledger()
    return found


@pytest.fixture
async def urls(neighbours: dict[str, Neighbour]) -> AsyncIterator[dict[str, str]]:
    """Where each of them is."""
    async with serving_each(neighbours) as found:
        yield found


@pytest.fixture
async def gateway(common_database: TestDatabase, urls: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """The gateway with all its neighbours, spoken to in this process."""
    app = create_app(settings_of(common_database, urls))
    async with speaking_to(app) as client:
        client.app = app
        yield client


@pytest.fixture
async def door(common_database: TestDatabase, urls: dict[str, str]) -> AsyncIterator[str]:
    """The gateway's address on a real port, for what only shows on a wire."""
    app = create_app(settings_of(common_database, urls))
    async with serving(app, lifespan="on") as address:
        yield address
