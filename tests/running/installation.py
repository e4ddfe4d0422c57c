"""One installation in a folder of its own, used through the command line and HTTP."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.local.run_folder import ProcessRecord, RunFolder
from shared.local.settings import ROOT
from shared.local.stack import FACTORIES
from tests.postgres import free_port
from tests.waiting import PATIENCE_SECONDS

TIME_LIMITS = {
    "NTP_PART_WITHIN_S": str(PATIENCE_SECONDS),
    "NTP_ANSWER_WITHIN_S": str(PATIENCE_SECONDS),
}
"""Limits of the gateway that a busy machine reaches; an installation with `variables` of its own has the limits of the product."""

CLEAN_UP = """
import shutil, sys, time
from pathlib import Path
from shared.local.run_folder import RunFolder
killed = not sys.stdin.read()
for _ in range(30 if killed else 1):
    RunFolder(Path(sys.argv[1], "var", "run")).stop_stack()
    time.sleep(killed)
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""
"""It waits for the end of its standard input, which comes also when the process of the tests is killed; then a start may be
under way, so it tries for half a minute."""


@dataclass
class Installation:
    """One installation in a folder of its own."""

    folder: Path
    ports: dict[str, int]
    variables: dict[str, str] = field(default_factory=TIME_LIMITS.copy)
    tree: Path = ROOT
    """The source tree that its commands run from."""

    @property
    def run_folder(self) -> RunFolder:
        return RunFolder(self.folder / "run")

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['gateway']}"

    @property
    def log(self) -> Path:
        return self.folder / "log" / "ntp.log"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command, without the caller's NTP_ variables."""
        ports = {f"NTP_{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        return {
            **remove_variables(os.environ),
            **ports,
            **self.variables,
            "NTP_VAR": str(self.folder),
        }

    def run_command(
        self, *arguments: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services", *arguments],
            cwd=self.tree,
            env=environment or self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self) -> None:
        up = self.run_command("up", "--detach")
        assert up.returncode == 0, up.stdout + up.stderr

    def get_json(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.gateway_url}{path}", timeout=PATIENCE_SECONDS) as response:
            return json.load(response)

    def get_status(self, name: str, path: str) -> int:
        """Return the status of a process's answer; 0 when there is none."""
        url = f"http://127.0.0.1:{self.ports[name]}{path}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def find_child(self, name: str) -> ProcessRecord | None:
        return next((child for child in self.run_folder.find_children() if child.name == name), None)


@contextlib.contextmanager
def temporary_installation() -> Iterator[Installation]:
    """An installation that is not started yet; it is stopped and removed at the end, however the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="ntp-tests-"))
    folder.chmod(0o755)
    clean_up = subprocess.Popen(
        [sys.executable, "-c", CLEAN_UP, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield Installation(folder / "var", {process: free_port() for process in (*FACTORIES, "postgres")})
    finally:
        clean_up.communicate(b"ended")


def remove_variables(environment: dict[str, str] | os._Environ[str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("NTP_")}
