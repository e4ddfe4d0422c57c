"""`make dev` in the background: one process of an installation, served with reload."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator

from shared.local.processes import make_parent_death_hook
from tests.running.installation import Installation
from tests.waiting import wait_until


class Development:
    """`python -m services dev rural` in the background."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._log = installation.folder.parent / "dev.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services", "dev", "rural"],
                cwd=installation.tree,
                env=installation.environment,
                stdout=log,
                stderr=log,
                preexec_fn=make_parent_death_hook(signal.SIGTERM),  # noqa: PLW1509 (no threads here)
            )

    def read_log(self) -> str:
        return self._log.read_text()

    def wait_until_ready(self, times: int = 1) -> None:
        wait_until(lambda: self.read_log().count("rural is ready") == times, self.read_log)


@contextlib.contextmanager
def developing(installation: Installation) -> Iterator[Development]:
    development = Development(installation)
    try:
        yield development
    finally:
        if development.process.poll() is None:
            development.process.kill()
        development.process.wait()
