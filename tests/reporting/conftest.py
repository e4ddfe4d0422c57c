"""The office of a made-up program, on one database that is emptied before each test."""

import asyncpg
import pytest

from tests.reporting.office import build_office, staffed

PLANTED = ("units", "unit_successions", "unit_aliases")
"""What the migrations put there, and no test of the office changes."""

EMPTY_ALL = f"""
    DO $$
    DECLARE each text;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR each IN
            SELECT relname FROM pg_class
            WHERE relnamespace = 'poverty'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
              AND relname NOT LIKE 'alembic%' AND NOT relname IN {PLANTED}
        LOOP
            EXECUTE format('DELETE FROM poverty.%I', each);
        END LOOP;
    END $$
"""


@pytest.fixture(scope="session")
def office_database(postgres_server):
    """One database for all tests of the office in this worker: a clone for each would take longer than the test."""
    clone = postgres_server.clone()
    yield clone
    postgres_server.drop(clone)


@pytest.fixture
async def empty_database(office_database):
    """The office's database, with nothing reported in it."""
    admin = await asyncpg.connect(office_database.admin_url)
    try:
        await admin.execute(EMPTY_ALL)
    finally:
        await admin.close()
    return office_database


@pytest.fixture(scope="session")
def built_office(office_database):
    """The application: building it anew would take longer than most tests."""
    return build_office(office_database)


@pytest.fixture
async def office(built_office, empty_database):
    async with staffed(*built_office) as opened:
        yield opened
