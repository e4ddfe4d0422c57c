"""The log of a stack: one line after the other, each after the name of the process that wrote it.

It goes to standard output, or to a file that is rotated by size while the processes run. Only the launcher writes the
file (the processes write to pipes), so that no line is lost when the file is rotated.
"""

import logging
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

FILE_MODE = 0o600
"""A log names clients and addresses."""


class ProcessLog:
    """Writes lines of several processes to one handler."""

    def __init__(self, names: Sequence[str], handler: logging.Handler | None = None) -> None:
        self._width = max(map(len, names), default=0)
        self._handler = handler or StandardOutputHandler()

    def write(self, name: str, line: str) -> None:
        """Write one line after the name of its process."""
        self._handler.handle(logging.makeLogRecord({"msg": f"{name:<{self._width}} | {line}"}))


class StandardOutputHandler(logging.StreamHandler[TextIO]):
    """Writes to standard output; lines are dropped when nobody reads it any more."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Drop the line: the launcher outlives its terminal."""


class PrivateRotatingFileHandler(RotatingFileHandler):
    """Appends to a file with mode 0600 and rotates it by size: `ntp.log`, `ntp.log.1`, …, the oldest last.

    Standard output and standard error of this process are the current file too, so that a traceback lands there.
    """

    def __init__(self, path: Path, *, max_bytes: int, backup_count: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, maxBytes=max_bytes, backupCount=backup_count, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        stream: TextIOWrapper = open(  # noqa: SIM115 (the handler closes it)
            self.baseFilename,
            "a",
            encoding=self.encoding,
            opener=lambda path, flags: os.open(path, flags, FILE_MODE),
        )
        os.fchmod(stream.fileno(), FILE_MODE)  # one that was there before
        for descriptor in (1, 2):
            os.dup2(stream.fileno(), descriptor)
        return stream

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Drop the line: a full disk does not stop the processes."""
