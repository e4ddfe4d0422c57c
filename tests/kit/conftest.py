"""One database for the tests of the kit: the service of notes empties it when it starts."""

import pytest


@pytest.fixture(scope="session")
def kit_database(postgres_server):
    clone = postgres_server.clone()
    yield clone
    postgres_server.drop(clone)


@pytest.fixture
def database(kit_database):
    """The kit's database; a clone for each test would take longer than the test."""
    return kit_database


@pytest.fixture
def doomed_database(postgres_server):
    """A database of its own, for a test that breaks it."""
    clone = postgres_server.clone()
    yield clone
    postgres_server.drop(clone)
