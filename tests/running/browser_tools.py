"""The Chromium of the machine, and the tools of Node that drive it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).parent / "browser"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "install Chromium (apt-get install chromium, or CHROMIUM=/path/to/it) and Node 20 with npm to look at the page"


class BrowserMissingError(RuntimeError):
    """The machine has no Chromium, or no Node to drive it; the message says what to install."""


def prepare_tools(folder: Path) -> Path:
    """Copy the script and install its two packages into a folder; return the path of Chromium. Raise `BrowserMissingError`."""
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None or shutil.which("node") is None or shutil.which("npm") is None:
        raise BrowserMissingError(f"no browser: {INSTALL}")
    for path in TOOLS.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    command = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        raise BrowserMissingError(f"npm cannot install the tools: {installed.stderr[-300:]}")
    return Path(chromium)


def look_at_page(
    gateway_url: str, chromium: Path, folder: Path, codes: tuple[str, ...], *, slow: bool = False
) -> dict[str, Any]:
    """Return what the script saw of the page; it leaves pictures in the folder."""
    arguments = (gateway_url, str(chromium), str(folder), ",".join(codes), *(["slow"] if slow else []))
    return _run_script("look.mjs", arguments, folder, "seen.json")


def work_at_page(gateway_url: str, chromium: Path, folder: Path, clients: Path) -> dict[str, Any]:
    """Return what the script saw that signs in with the clients of a file; it leaves pictures in the folder."""
    return _run_script(
        "work.mjs", (gateway_url, str(chromium), str(folder), str(clients)), folder, "worked.json"
    )


def _run_script(name: str, arguments: tuple[str, ...], folder: Path, result: str) -> dict[str, Any]:
    command = ["node", name, *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(run.stdout[-3000:] + run.stderr[-3000:])
    seen: dict[str, Any] = json.loads((folder / result).read_text(encoding="utf-8"))
    return seen
