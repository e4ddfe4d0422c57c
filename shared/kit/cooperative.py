"""Taking turns in one process: heavy work is done in pieces, and what came together goes on together, in its order."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from enum import Enum
from typing import TypeVar

One = TypeVar("One")

AT_A_TIME = 100
"""Of some hundredths of a millisecond each, before others are let on."""


async def yield_to_event_loop() -> None:
    """Let the other requests of this process go on for a moment.

    Between two pieces of a millisecond or more: whoever holds the write order waits on the database in short steps, and
    everybody waits for it.
    """
    await asyncio.sleep(0)


async def iterate_cooperatively(of: Iterable[One]) -> AsyncIterator[One]:
    """Give one after another, thousands of them, and give way now and then."""
    for number, one in enumerate(of, 1):
        yield one
        if number % AT_A_TIME == 0:
            await yield_to_event_loop()


class Step(Enum):
    """What is done in the order of a line, whatever is done side by side in between."""

    KEY = "take the idempotency key"
    PLACE = "take the place where something is to change"
    WRITE_ORDER = "take the write order"


class Turn:
    """A place in a line: each step is taken after the one before has taken it."""

    def __init__(self, before: "Turn | None" = None) -> None:
        self._before = before
        self._taken = {step: asyncio.Event() for step in Step}

    @asynccontextmanager
    async def of(self, step: Step) -> AsyncIterator[None]:
        """Wait for the one before, take the step, and let the next one take it; who fails at it lets nobody on."""
        if self._before is not None:
            await self._before._taken[step].wait()  # noqa: SLF001 (one of its own kind)
        yield
        self._taken[step].set()

    async def over(self) -> None:
        """Let the next one take the steps that were not needed here."""
        for step in Step:
            async with self.of(step):
                pass
        self._before = None
