"""Papers in process, in front of the real poverty service and the gateway's units."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from services.ethnic.app import create_app as create_ethnic
from services.ethnic.settings import EthnicSettings
from services.funding.app import create_app as create_funding
from services.funding.settings import FundingSettings
from services.papers.app import create_app
from services.papers.gateway import Gateway
from services.papers.settings import PapersSettings
from services.poverty.app import create_app as create_poverty
from services.poverty.settings import PovertySettings
from services.rural.app import create_app as create_rural
from services.rural.settings import RuralSettings
from shared.kit.resources import get_resources
from tests.gateway.conftest import PEPPER
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.papers.upstreams import PathTransport
from tests.postgres import TestDatabase
from tests.program_clients import Clients, ProgramUnderTest
from tests.waiting import PATIENCE_SECONDS

NOW = datetime(2024, 12, 20, 2, 0, tzinfo=UTC)
POVERTY = ProgramUnderTest("poverty", create_poverty, PovertySettings, NOW)
RURAL = ProgramUnderTest("rural", create_rural, RuralSettings, NOW)
ETHNIC = ProgramUnderTest("ethnic", create_ethnic, EthnicSettings, NOW)


def build_poverty(database: TestDatabase) -> FastAPI:
    return POVERTY.build_app(database)


def build_rural(database: TestDatabase) -> FastAPI:
    return RURAL.build_app(database)


def build_ethnic(database: TestDatabase) -> FastAPI:
    return ETHNIC.build_app(database)


def build_funding(database: TestDatabase) -> FastAPI:
    return create_funding(FundingSettings(database_url=database.url("funding")), clock=lambda: NOW)


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
    get_resources(papers).get(Gateway).transport = PathTransport(poverty=poverty, gateway=gateway)
    async with open_client(poverty), open_client(gateway), open_client(papers) as http:
        yield Clients(http, issuer, "poverty", NOW)
