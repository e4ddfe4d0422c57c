"""An installation that runs while the tests of a module do."""

from collections.abc import Iterator

import pytest

from tests.running.installation import Installation, temporary_installation


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with temporary_installation() as installation:
        installation.start()
        yield installation
