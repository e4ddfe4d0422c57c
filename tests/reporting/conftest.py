"""The office of a made-up program, on a database with nothing reported in it."""

import pytest

from tests.reporting.office import build_office, staffed


@pytest.fixture
async def office(build):
    async with staffed(*build(build_office)) as opened:
        yield opened
