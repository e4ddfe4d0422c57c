"""How far the posting is: one moving line on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import TextIO

WIDTH = 32
EVERY_S = 0.1
EVERY_PERCENT_WITHOUT_TERMINAL = 10


class Progress:
    """Counts what is done, and how much of it was there before."""

    def __init__(self, total: int, stream: TextIO = sys.stderr) -> None:
        self.total = total
        self.done = 0
        self.replayed = 0
        self._stream = stream
        self._moving = stream.isatty()
        self._drawn_at = 0.0
        self._said_percent = 0

    def advance(self, what: str, *, replayed: bool) -> None:
        self.done += 1
        self.replayed += replayed
        now = time.monotonic()
        percent = 100 * self.done // self.total
        if self._moving and (now - self._drawn_at >= EVERY_S or self.done == self.total):
            self._drawn_at = now
            filled = WIDTH * self.done // self.total
            bar = "█" * filled + "·" * (WIDTH - filled)
            self._write(f"\r\x1b[K{bar} {percent:3d} %  {self.done}/{self.total}  {what}")
        elif not self._moving and percent >= self._said_percent + EVERY_PERCENT_WITHOUT_TERMINAL:
            self._said_percent = percent - percent % EVERY_PERCENT_WITHOUT_TERMINAL
            self._write(f"{percent:3d} %  {self.done}/{self.total}\n")

    def close(self) -> None:
        """Leave the line, wherever it stopped."""
        if self._moving:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
