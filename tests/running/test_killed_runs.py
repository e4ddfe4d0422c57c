"""A run of the tests that is killed leaves no process behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.local.processes import make_parent_death_hook
from shared.local.settings import ROOT
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.e2e, pytest.mark.long]

HERE = Path(__file__).parent


@pytest.mark.skipif(sys.platform != "linux", reason="orphans can be adopted on Linux only")
@pytest.mark.parametrize("test", ["test_with_a_server_and_a_launcher", "test_with_an_installation"])
def test_no_process_is_left_of_a_run_that_was_killed(tmp_path: Path, test: str) -> None:
    ready = tmp_path / "ready"
    run = subprocess.run(
        [
            *(sys.executable, str(HERE / "killed_run.py")),
            *(f"{HERE / 'endless.py'}::{test}", str(ready), str(PATIENCE_SECONDS)),
        ],
        cwd=ROOT,
        env={**os.environ, "ENDLESS_TEST_RUNS": str(ready)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=make_parent_death_hook(signal.SIGTERM),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("postgres") > 2, run.stdout
