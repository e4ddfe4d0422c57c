"""The rural service in process."""

from datetime import UTC, datetime

import pytest

from services.rural.app import create_app
from services.rural.settings import RuralSettings
from tests.in_process import open_client
from tests.program_clients import Clients

NOW = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)


def build_app(database):
    return create_app(RuralSettings(database_url=database.url("rural")), clock=lambda: NOW)


@pytest.fixture
async def clients(build, issuer):
    async with open_client(issuer.trust(build(build_app))) as http:
        yield Clients(http, issuer, "rural", NOW)
