"""What every test can use: a migrated database, applications built over it, an issuer of tokens, async tests without a mark."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.issuer import Issuer
from tests.postgres import Server, TestDatabase
from tests.scheduling import LoadFileOrSharedScheduling
from tests.shared_applications import SharedApplications
from tests.waiting import PATIENCE_SECONDS

Built = TypeVar("Built")

settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], parent=settings.default
)
settings.load_profile("shared machine")
"""How long an example takes depends on how busy the machine is, so no test fails by it."""


TIME_LIMITS = {
    "shared.kit.session_settings.STATEMENT_TIMEOUT_MS": PATIENCE_SECONDS * 1000,
    "shared.kit.session_settings.LOCK_TIMEOUT_MS": PATIENCE_SECONDS * 1000,
    "shared.kit.session_settings.IDLE_IN_TRANSACTION_TIMEOUT_MS": PATIENCE_SECONDS * 1000,
    "shared.kit.database.CONNECT_WITHIN_S": PATIENCE_SECONDS,
    "shared.kit.database.POOL_TIMEOUT_S": PATIENCE_SECONDS,
    "shared.kit.health.READY_WITHIN_S": PATIENCE_SECONDS,
    "shared.kit.issuer_keys.FETCH_WITHIN_S": PATIENCE_SECONDS,
    "shared.kit.group_commit.HALVE_WITHIN_S": PATIENCE_SECONDS,
    "shared.kit.feed_consumer.client.ANSWER_WITHIN_S": PATIENCE_SECONDS,
    "shared.territory.maps.map_consumer.ANSWER_WITHIN_S": PATIENCE_SECONDS,
    "shared.local.postgres.READY_SECONDS": PATIENCE_SECONDS,
    "shared.local.postgres.STOP_SECONDS": PATIENCE_SECONDS,
    "migrations.run.JOB_LOCK_TIMEOUT": f"{PATIENCE_SECONDS}s",
}
"""Limits of the product that a busy machine reaches. A test of a limit sets its own."""


SETTINGS = {
    "NTP_FOLLOW_MAP_EVERY_SECONDS": "3600",
    "NTP_CATALOGUE_POLL_SECONDS": "3600",
    "NTP_GATEWAY_URL": "http://127.0.0.1:9",
}
"""Settings of services in this process: none looks for versions of the map or of a catalogue meanwhile, whose statements a test
would count, or calls an installation that runs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests of real processes, which take longest."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileOrSharedScheduling | None:
    """Return how tests are given to workers, where that is by files."""
    is_by_file = config.getvalue("dist") == "loadfile"
    return LoadFileOrSharedScheduling(config, log) if is_by_file else None


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Raise the limits that a busy machine reaches, and the pauses between polls of the map."""
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in TIME_LIMITS.items():
            patch.setattr(name, limit)
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop of the processes."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server; started by the first test that needs it."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared_database(postgres_server: Server) -> TestDatabase:
    """The database that a worker's tests use one after another."""
    return replace(postgres_server.clone(), shared=True)


@pytest.fixture(scope="session")
def common_database(postgres_server: Server) -> TestDatabase:
    """A migrated database that is never cleared, for tests that write nothing or roll back what they write."""
    return postgres_server.clone()


@pytest.fixture
def database(request: pytest.FixtureRequest, postgres_server: Server) -> Iterator[TestDatabase]:
    """A migrated database with no rows but those of the migrations: `.url("rural")`, `.admin_url`.

    A test marked `own_database` gets one of its own; all others of a worker share one.
    """
    if request.node.get_closest_marker("own_database"):
        clone = postgres_server.clone()
        yield clone
        postgres_server.drop(clone)
    else:
        shared: TestDatabase = request.getfixturevalue("shared_database")
        postgres_server.clear(shared)
        yield shared


@pytest.fixture(scope="session")
async def built() -> AsyncIterator[SharedApplications]:
    """The applications over the shared database, and the event loop of all async tests that use one."""
    applications = SharedApplications(asyncio.get_running_loop())
    yield applications
    await applications.close()


@pytest.fixture
def build(
    database: TestDatabase, built: SharedApplications
) -> Iterator[Callable[[Callable[[TestDatabase], Built]], Built]]:
    """Build an application over the test's database; over the shared one only once, as it takes longer than most tests."""

    def build_over_database(factory: Callable[[TestDatabase], Built]) -> Built:
        return built.build(factory, database) if database.shared else factory(database)

    with built.cancel_left_tasks():
        yield build_over_database


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()
