"""The poverty service in process, on a database of its own."""

from datetime import UTC, datetime

import httpx
import pytest

from services.poverty.app import create_app
from shared.reporting.settings import ReportingSettings
from tests.issuer import Issuer
from tests.registers import Clients

NOW = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)


@pytest.fixture
async def clients(database):
    issuer = Issuer()
    app = issuer.trust(create_app(ReportingSettings(database_url=database.url("poverty")), clock=lambda: NOW))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Clients(http, issuer, "poverty", NOW)
