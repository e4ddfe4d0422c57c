"""Every command of the `console` blocks of docs/operate.md is executed, on an installation of its own.

`sudo` and `docker` are replaced by programs that note their arguments: a test changes no services of the machine. What they name
in the repository has to exist. The `sh` blocks are executed in `test_backup.py`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.local.settings import ROOT
from tests.not_none import not_none
from tests.running.installation import Installation, temporary_installation
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(0)]

CONSOLE = re.compile(r"(?ms)^```console\n(.*?)^```$")
ASSIGNMENTS = re.compile(r"(?:[A-Z_]+=\S+ )*")
NOTED = ("sudo", "docker")
FOLDER_OF_DATA, FOLDER_OF_BACKUPS = "/srv/", "/backups/2026-11-30"


@pytest.fixture
def installation() -> Iterator[Installation]:
    """An installation with nothing in it."""
    with temporary_installation() as installation:
        yield installation


class Shell:
    """The repository by links, in which an operator types commands."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self._tree, self._programs, self.noted = folder / "tree", folder / "programs", folder / "noted"
        self._installation, self._running = installation, dict[str, subprocess.Popen[str]]()
        self._tree.mkdir()
        self._programs.mkdir()
        for entry in ROOT.iterdir():
            if entry.name not in {"var", ".venv"}:
                (self._tree / entry.name).symlink_to(entry)
        (self._tree / ".venv").symlink_to(sys.prefix)
        for name in NOTED:
            (self._programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {self.noted}\n')
            (self._programs / name).chmod(0o755)
        self._environment = {
            **installation.environment,
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "MAKEFLAGS": "-o .venv/installed-local -o .venv/installed-dev",  # what is installed stays
        }

    def _open(self, command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=self._tree,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def execute(self, command: str) -> None:
        """Execute a command to its end; it has to succeed. `make run` goes on until `make stop`, or the end of the block."""
        prefix, rest = split_assignments(command)
        if rest == "make run":
            log = self._installation.folder.parent / "run.log"
            self._running[prefix] = self._open(f"{command} > {log} 2>&1")
            wait_until(lambda: self._is_ready(prefix), log.read_text)
            return
        process = self._open(command)
        output, _ = process.communicate()
        assert process.returncode == 0, (command, output)
        if rest == "make stop":
            self._await_end(prefix)

    def _is_ready(self, prefix: str) -> bool:
        assert self._running[prefix].poll() is None
        status = self._open(f"{prefix} make status")
        status.communicate()
        return status.returncode == 0

    def _await_end(self, prefix: str) -> None:
        if prefix in self._running:
            run = self._running.pop(prefix)
            run.communicate()
            assert run.returncode == 0

    def stop_all(self) -> None:
        """Stop what the block has left running."""
        for prefix in list(self._running):
            self.execute(f"{prefix} make stop")
            self._await_end(prefix)


def split_assignments(command: str) -> tuple[str, str]:
    """Return the variables before a command, and the command."""
    end = not_none(ASSIGNMENTS.match(command)).end()
    return command[:end].strip(), command[end:]


def list_blocks(page: str) -> list[list[str]]:
    """Return the commands of each block, without comments."""
    blocks = CONSOLE.findall(page)
    return [[line.split(" #")[0].strip() for line in block.splitlines() if line] for block in blocks]


def test_every_command_of_the_console_blocks_succeeds(installation: Installation, tmp_path: Path) -> None:
    blocks = list_blocks((ROOT / "docs" / "operate.md").read_text(encoding="utf-8"))
    shell = Shell(installation, tmp_path)
    backup, data = installation.folder.parent / "backup", f"{installation.folder.parent}/"
    for block in blocks:
        for command in block:
            if "recover-secrets" in command:
                (installation.folder / "secrets.json").unlink()
            if FOLDER_OF_BACKUPS in command:
                made = installation.run_command("backup", str(backup))
                assert made.returncode == 0, made.stderr
            shell.execute(command.replace(FOLDER_OF_BACKUPS, str(backup)).replace(FOLDER_OF_DATA, data))
        shell.stop_all()
    noted = shell.noted.read_text().splitlines()
    assert len(noted) == sum(command.startswith(NOTED) for block in blocks for command in block)
    for path in re.findall(r"deploy/\S+", "\n".join(noted)):
        assert (ROOT / path).exists(), path
