"""The office of a made-up program, on a database of its own."""

import pytest

from tests.reporting.office import open_office


@pytest.fixture
async def office(database):
    async with open_office(database) as opened:
        yield opened
