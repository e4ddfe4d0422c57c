"""One installation in a folder of its own, driven as a person drives it."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.local.run_folder import ProcessRecord, RunFolder
from shared.local.settings import ROOT


@dataclass
class Product:
    """One installation in a folder of its own."""

    folder: Path
    ports: dict[str, int]

    @property
    def run(self) -> RunFolder:
        return RunFolder(self.folder / "run")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports['gateway']}"

    @property
    def environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("NTP_")}
        ports = {f"NTP_{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        return {**others, **ports, "NTP_VAR": str(self.folder)}

    def panel(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def read(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=5) as answer:
            return json.load(answer)

    def get(self, name: str, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=3) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    def child(self, name: str) -> ProcessRecord | None:
        return next((one for one in self.run.find_children() if one.name == name), None)


def until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
