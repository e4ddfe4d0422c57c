"""The poverty service in process."""

from datetime import UTC, datetime

import pytest

from services.poverty.app import create_app
from shared.reporting.settings import ReportingSettings
from tests.in_process import open_client
from tests.program_clients import Clients

NOW = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)


def build_app(database):
    return create_app(ReportingSettings(database_url=database.url("poverty")), clock=lambda: NOW)


@pytest.fixture
async def clients(build, issuer):
    async with open_client(issuer.trust(build(build_app))) as http:
        yield Clients(http, issuer, "poverty", NOW)
