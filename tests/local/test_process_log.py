"""The log of a stack: an output that nobody reads stops nobody who writes."""

import logging
import os
import threading
from datetime import datetime, timedelta, timezone

from shared.local.process_log import MAX_WAITING_BYTES, ProcessLog
from shared.local.settings import ROOT

ZONE = timezone(timedelta(hours=7))


class BlockedHandler(logging.Handler):
    """A handler that takes one line, and then no other before it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = threading.Event()
        self.released = threading.Event()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.taken.set()
        self.released.wait()
        self.lines.append(record.getMessage())


def test_lines_are_written_in_their_order_until_the_log_is_closed() -> None:
    handler = BlockedHandler()
    handler.released.set()
    log = ProcessLog(["rural", "launcher"], handler, lambda: datetime(2026, 12, 1, 7, 0, 0, 5000, ZONE))
    for number in range(100):
        log.write("rural", str(number))
    own = ["2026-11-30T22:00:00.1Z [info] ready", '{"timestamp": "2026-11-30T22:00:00.1Z"}']
    for line in own:
        log.write("launcher", line)
    log.close(60)
    assert handler.lines == [
        *(f"rural    | 2026-12-01T00:00:00.005Z {number}" for number in range(100)),
        *(f"launcher | {line}" for line in own),
    ]


def test_an_output_that_nobody_reads_drops_and_counts_lines() -> None:
    handler = BlockedHandler()
    log = ProcessLog(["rural"], handler)
    log.write("rural", "first")
    assert handler.taken.wait(60)
    line = "x" * (1024 * 1024)
    for _ in range(MAX_WAITING_BYTES // len(line) + 10):
        log.write("rural", line)
    log.close(0.01)  # returns although nothing is read
    handler.released.set()
    log.close(60)
    written = [text for text in handler.lines if text.endswith("x")]
    assert sum(map(len, written)) <= MAX_WAITING_BYTES
    (counted,) = [text for text in handler.lines if "were dropped" in text]
    assert int(counted.partition("| ")[2].split()[1]) == MAX_WAITING_BYTES // len(line) + 10 - len(written)


def test_a_pipe_that_nobody_reads_does_not_hold_up_the_end_of_the_process() -> None:
    reader, writer = os.pipe()
    program = (
        "from shared.local.process_log import ProcessLog\n"
        "log = ProcessLog(['a'])\n"
        "for _ in range(100_000): log.write('a', 'x' * 100)\n"
        "log.close(0.1)\n"
    )
    process = os.posix_spawn(
        os.path.realpath("/proc/self/exe"),
        ["python", "-c", program],
        {**os.environ, "PYTHONPATH": str(ROOT)},
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)],
    )
    _, status = os.waitpid(process, 0)
    os.close(reader)
    os.close(writer)
    assert os.waitstatus_to_exitcode(status) == 0
