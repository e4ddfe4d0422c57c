"""What every test may ask for: a migrated PostgreSQL database of its own, and async tests without a mark."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import Server, TestDatabase

settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], parent=settings.default
)
settings.load_profile("shared machine")
"""How long an example takes says how busy the machine is: not a thing that a rule can fail by."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server; started by the first test that needs it."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def database(postgres_server: Server) -> Iterator[TestDatabase]:
    """A migrated database for this test alone: `.url("rural")`, `.admin_url`."""
    clone = postgres_server.clone()
    yield clone
    postgres_server.drop(clone)


@pytest.fixture(scope="session")
def common_database(postgres_server: Server) -> Iterator[TestDatabase]:
    """One migrated database for all tests that roll back what they do."""
    clone = postgres_server.clone()
    yield clone
    postgres_server.drop(clone)
