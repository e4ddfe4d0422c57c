"""Tests that never end, of which `test_killed_runs.py` kills the run. No run collects them by itself."""

import os
import time
from pathlib import Path
from typing import Any

from tests.local.test_launcher import folder, make_stack
from tests.postgres import TestDatabase
from tests.running.installation import Installation

__all__ = ["folder", "make_stack"]


def never_end() -> None:
    Path(os.environ["ENDLESS_TEST_RUNS"]).touch()
    time.sleep(3600)


def test_with_a_server_and_a_launcher(database: TestDatabase, make_stack: Any) -> None:
    make_stack(with_postgres=True).start().wait_until_ready()
    never_end()


def test_with_an_installation(installation: Installation) -> None:
    never_end()
