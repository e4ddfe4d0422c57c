"""The log of a stack: one line after the other, each after the name of the process that wrote it, and with its time.

It goes to standard output, or to a file that is rotated by size while the processes run. Only the launcher writes the
file (the processes write to pipes), so that no line is lost when the file is rotated.
"""

import logging
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

FILE_MODE = 0o600
"""A log names clients and addresses."""
FOLDER_MODE = 0o700

MAX_WAITING_BYTES = 4 * 1024 * 1024
"""Lines that wait while nobody reads; a longer queue would take the memory of the machine."""

LAST_LINES_SECONDS = 1.0
"""A launcher whose output nobody reads ends after so long all the same."""


OWN_TIME = re.compile(r"\d{4}-\d\d-\d\dT|\{")
"""How a line begins that states its time itself: a structured line of a service, as text or as JSON."""


def open_private(path: str, flags: int) -> int:
    """Open a file that only its owner reads: the `opener` of `open`."""
    descriptor = os.open(path, flags, FILE_MODE)
    if flags & (os.O_WRONLY | os.O_RDWR):
        os.fchmod(descriptor, FILE_MODE)  # one that was there before
    return descriptor


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner enters, or make one so."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)


def add_time(line: str, now: datetime) -> str:
    """Return a line with the instant in UTC before it, unless it states one itself."""
    if OWN_TIME.match(line):
        return line
    return f"{now.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3]}Z {line}"


class ProcessLog:
    """Writes lines of several processes to one handler, in a thread of its own.

    A line waits in a bounded queue, so that an output which nobody reads, or a slow disk, stops no process; what does not
    fit is dropped and counted. `close` ends the thread.
    """

    def __init__(
        self,
        names: Sequence[str],
        handler: logging.Handler | None = None,
        read_clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._read_clock = read_clock
        self._width = max(map(len, names), default=0)
        self._handler = handler or StandardOutputHandler()
        self._lines: deque[str] = deque()
        self._waiting_bytes = 0
        self._dropped = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write_lines, name="log", daemon=True)
        self._thread.start()

    def write(self, name: str, line: str) -> None:
        """Write one line after the name of its process; drop it while too many wait."""
        text = f"{name:<{self._width}} | {add_time(line, self._read_clock())}"
        with self._changed:
            if self._waiting_bytes + len(text) > MAX_WAITING_BYTES:
                self._dropped += 1
                return
            self._lines.append(text)
            self._waiting_bytes += len(text)
            self._changed.notify()

    def close(self, seconds: float = LAST_LINES_SECONDS) -> None:
        """Write what waits, for at most so long; lines that nobody reads by then are lost."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(seconds)

    def _write_lines(self) -> None:
        while True:
            with self._changed:
                while not self._lines and not self._closing:
                    self._changed.wait()
                if not self._lines and not self._dropped:
                    return
                lines, dropped = [*self._lines], self._dropped
                self._lines.clear()
                self._waiting_bytes = self._dropped = 0
            if dropped:
                counted = add_time(
                    f"{dropped} lines were dropped, because the log was not read", self._read_clock()
                )
                lines.append(f"{'launcher':<{self._width}} | {counted}")
            for line in lines:
                # not `handle`: its lock, held by a write that blocks, would hold up the end of the process
                self._handler.emit(logging.makeLogRecord({"msg": line}))


class StandardOutputHandler(logging.StreamHandler[TextIO]):
    """Writes to standard output; lines are dropped when nobody reads it any more."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line past the buffer of standard output, whose lock would hold up the end of the process."""
        text = f"{self.format(record)}\n"
        try:
            descriptor = self.stream.fileno()
        except OSError:  # a stream of a test has no file
            self.stream.write(text)
            return
        data = text.encode(errors="replace")
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Drop the line: the launcher outlives its terminal."""


class PrivateRotatingFileHandler(RotatingFileHandler):
    """Appends to a file with mode 0600 and rotates it by size: `ntp.log`, `ntp.log.1`, …, the oldest last.

    Standard output and standard error of this process are the current file too, so that a traceback lands there.
    """

    def __init__(self, path: Path, *, max_bytes: int, backup_count: int) -> None:
        make_private_folder(path.parent)
        super().__init__(path, maxBytes=max_bytes, backupCount=backup_count, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        stream: TextIOWrapper = open(  # noqa: SIM115 (the handler closes it)
            self.baseFilename,
            "a",
            encoding=self.encoding,
            opener=open_private,
        )
        for descriptor in (1, 2):
            os.dup2(stream.fileno(), descriptor)
        return stream

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Drop the line: a full disk does not stop the processes."""
