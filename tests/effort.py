"""The work that a piece of code does, counted and not timed: the same on every machine, however busy."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Effort:
    """The calls of Python and C functions of this thread."""

    calls: int = 0


@contextmanager
def count_calls() -> Iterator[Effort]:
    """Count the calls while the block runs, those of other tasks of the event loop included."""
    effort = Effort()

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_call"}:
            effort.calls += 1

    sys.setprofile(count)
    try:
        yield effort
    finally:
        sys.setprofile(None)
