"""The progress of posting: one line that is redrawn on a terminal, a line for every tenth elsewhere."""

import sys
import time
from typing import TextIO

BAR_WIDTH = 32
REDRAW_AFTER_S = 0.1
PERCENT_PER_LINE = 10


class Progress:
    """Counts the steps that are done, and those of them that an earlier run had done."""

    def __init__(self, total: int, stream: TextIO = sys.stderr) -> None:
        self.total = total
        self.done = 0
        self.replayed = 0
        self._stream = stream
        self._on_terminal = stream.isatty()
        self._drawn_at = 0.0
        self._printed_percent = 0

    def advance(self, step: str, *, replayed: bool) -> None:
        self.done += 1
        self.replayed += replayed
        now = time.monotonic()
        percent = 100 * self.done // self.total
        if self._on_terminal and (now - self._drawn_at >= REDRAW_AFTER_S or self.done == self.total):
            self._drawn_at = now
            filled = BAR_WIDTH * self.done // self.total
            bar = "█" * filled + "·" * (BAR_WIDTH - filled)
            self._write(f"\r\x1b[K{bar} {percent:3d} %  {self.done}/{self.total}  {step}")
        elif not self._on_terminal and percent >= self._printed_percent + PERCENT_PER_LINE:
            self._printed_percent = percent - percent % PERCENT_PER_LINE
            self._write(f"{percent:3d} %  {self.done}/{self.total}\n")

    def close(self) -> None:
        """End the line of a terminal, wherever the posting stopped."""
        if self._on_terminal:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
