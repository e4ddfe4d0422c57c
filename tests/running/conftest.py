"""An installation that runs while the tests of a module do."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from shared.local.stack import FACTORIES
from tests.postgres import free_port
from tests.running.installation import Installation


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with TemporaryDirectory(prefix="ntp-tests-") as name:
        Path(name).chmod(0o755)
        ports = {process: free_port() for process in (*FACTORIES, "postgres")}
        installation = Installation(Path(name) / "var", ports)
        up = installation.run_command("up", "--detach")
        assert up.returncode == 0, up.stdout + up.stderr
        yield installation
        installation.run_command("stop")
