"""The gateway under test: on a migrated database, in front of stubs of the services."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from gateway.app import create_app
from gateway.composition import parts
from gateway.settings import GatewaySettings
from tests.gateway.upstream_stubs import UpstreamStub, make_funding_status, make_progress, serve, serve_all
from tests.in_process import ApplicationClient, open_client
from tests.issuer import Issuer
from tests.postgres import TestDatabase
from tests.waiting import PATIENCE_SECONDS

PEPPER = "a pepper for tests, long enough to be one"
NAMES = ("rural", "poverty", "ethnic", "funding", "oversight")


def make_settings(
    database: TestDatabase, urls: Mapping[str, str | Sequence[str]], **others: Any
) -> GatewaySettings:
    defaults = {
        "database_url": SecretStr(database.url("gateway")),
        "client_secret_pepper": SecretStr(PEPPER),
        "pool_size": 5,
        "part_within_s": PATIENCE_SECONDS,
    }
    return GatewaySettings(**{**defaults, **others}, upstreams=urls)


@asynccontextmanager
async def open_gateway(app: FastAPI, issuer: Issuer | None = None) -> AsyncIterator[ApplicationClient]:
    """Start the gateway in this process and yield a client of it; with a token of an issuer, which it may then trust."""
    async with open_client(app, raises=False, base_url="http://gateway") as client:
        if issuer is not None:
            issuer.trust(app)
            client.headers["Authorization"] = f"Bearer {issuer.token()}"
        yield client


@pytest.fixture(autouse=True)
def gateway_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no limit of the gateway end what is only slow."""
    monkeypatch.setattr("gateway.upstreams.CONNECT_WITHIN_S", PATIENCE_SECONDS)
    monkeypatch.setattr("gateway.composition.parts.FETCH_TIMEOUT_S", PATIENCE_SECONDS)
    monkeypatch.setattr("gateway.reference.collection.FETCH_WITHIN_S", PATIENCE_SECONDS)
    monkeypatch.setattr("gateway.composition.parts.UNSEEN_PART_WAIT_S", 0.0)


@pytest.fixture
def no_fresh_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every status read call the services."""
    monkeypatch.setattr(parts, "FRESH_FOR_S", 0.0)


@pytest.fixture
def upstreams() -> dict[str, UpstreamStub]:
    """Stubs of the services; a test may change their answers at any time."""
    stubs = {name: UpstreamStub(answer=make_progress(name)) for name in NAMES}
    stubs["funding"].answer = make_funding_status()
    return stubs


@pytest.fixture
async def urls(upstreams: dict[str, UpstreamStub]) -> AsyncIterator[dict[str, str]]:
    """The address of each stub."""
    async with serve_all(upstreams) as addresses:
        yield addresses


@pytest.fixture
async def gateway(common_database: TestDatabase, urls: dict[str, str]) -> AsyncIterator[ApplicationClient]:
    """A client of the gateway, which runs in this process."""
    async with open_gateway(create_app(make_settings(common_database, urls))) as client:
        yield client


@pytest.fixture
async def writer(
    common_database: TestDatabase, urls: dict[str, str], issuer: Issuer
) -> AsyncIterator[ApplicationClient]:
    """A client of the gateway with a token."""
    async with open_gateway(create_app(make_settings(common_database, urls)), issuer) as client:
        yield client


@pytest.fixture
async def gateway_url(common_database: TestDatabase, urls: dict[str, str]) -> AsyncIterator[str]:
    """The address of the gateway on a real port, for tests of what is on the wire."""
    app = create_app(make_settings(common_database, urls))
    async with serve(app, lifespan="on") as address:
        yield address
