"""Papers in process, in front of the real poverty service and the gateway's units."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from services.papers.app import create_app
from services.papers.gateway import Gateway
from services.papers.settings import PapersSettings
from services.poverty.app import create_app as create_poverty
from services.poverty.settings import PovertySettings
from shared.kit.resources import get_resources
from tests.gateway.conftest import PEPPER
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.postgres import TestDatabase
from tests.program_clients import Clients, ProgramUnderTest
from tests.waiting import PATIENCE_SECONDS

NOW = datetime(2024, 12, 20, 2, 0, tzinfo=UTC)
POVERTY = ProgramUnderTest("poverty", create_poverty, PovertySettings, NOW)


class PathTransport(httpx.AsyncBaseTransport):
    """What stands behind the gateway's address: applications by the second part of the path; the gateway for all others."""

    def __init__(self, apps: Mapping[str, FastAPI], gateway: FastAPI) -> None:
        self._transports = {name: httpx.ASGITransport(app=app) for name, app in apps.items()}
        self._gateway = httpx.ASGITransport(app=gateway)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.split("/")[2]
        return await self._transports.get(name, self._gateway).handle_async_request(request)


def build_poverty(database: TestDatabase) -> FastAPI:
    return POVERTY.build_app(database)


def build_gateway(database: TestDatabase) -> FastAPI:
    settings = GatewaySettings(
        database_url=SecretStr(database.url("gateway")), client_secret_pepper=SecretStr(PEPPER), upstreams={}
    )
    return create_gateway(settings, clock=lambda: NOW)


def build_papers(database: TestDatabase) -> FastAPI:
    settings = PapersSettings(database_url=SecretStr(database.url("papers")), job_within_s=PATIENCE_SECONDS)
    return create_app(settings, clock=lambda: NOW)


@pytest.fixture
async def clients(build: Callable[..., Any], issuer: Issuer) -> AsyncIterator[Clients]:
    """Clients of papers, whose tokens poverty accepts too."""
    poverty, gateway, papers = (
        issuer.trust(build(factory)) for factory in (build_poverty, build_gateway, build_papers)
    )
    get_resources(papers).get(Gateway).transport = PathTransport({"poverty": poverty}, gateway)
    async with open_client(poverty), open_client(gateway), open_client(papers) as http:
        yield Clients(http, issuer, "poverty", NOW)
