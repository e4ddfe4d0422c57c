"""An installation that runs while the tests of a module do."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from shared.local.stack import FACTORIES
from tests.postgres import free_port
from tests.running.product import Product


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with TemporaryDirectory(prefix="ntp-tests-") as name:
        Path(name).chmod(0o755)
        made = Product(Path(name) / "var", {one: free_port() for one in (*FACTORIES, "postgres")})
        up = made.panel("up", "--detach")
        assert up.returncode == 0, up.stdout + up.stderr
        yield made
        made.panel("stop")
