"""Concurrency in one process: long work is done in pieces, pipelined lines take their steps in order, tasks are ended."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, TypeVar

ElementT = TypeVar("ElementT")

ELEMENTS_PER_PIECE = 100
"""Of some hundredths of a millisecond each; with more of them in a piece, other requests wait longer."""


async def yield_to_event_loop() -> None:
    """Yield to the other requests of this process for a moment.

    Call it between two pieces of a millisecond or more. Whoever holds the lock of the change feed waits for the database in
    short steps, and every writer waits for it.
    """
    await asyncio.sleep(0)


async def iterate_cooperatively(elements: Iterable[ElementT]) -> AsyncIterator[ElementT]:
    """Iterate over thousands of elements, and yield to the event loop after each piece of them."""
    for number, element in enumerate(elements, 1):
        yield element
        if number % ELEMENTS_PER_PIECE == 0:
            await yield_to_event_loop()


CANCEL_AGAIN_AFTER_S = 1.0


async def cancel_tasks(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for their end; what they raise is left in them.

    A cancellation is lost where something that a task awaits answers it instead of passing it on, so it is repeated.
    """
    under_way = set(tasks)
    while under_way:
        for task in under_way:
            task.cancel()
        _, under_way = await asyncio.wait(under_way, timeout=CANCEL_AGAIN_AFTER_S)


class PipelineStep(Enum):
    """A step that is taken in the order of the lines, whatever is done side by side in between."""

    CLAIM_KEY = "claim the idempotency key"
    LOCK_ROWS = "lock what is to change"
    LOCK_FEED = "lock the change feed"


class PipelinePosition:
    """The position of one line: it enters each step after the line before it has left that step."""

    def __init__(self, before: "PipelinePosition | None" = None) -> None:
        self._before = before
        self._left = {step: asyncio.Event() for step in PipelineStep}

    @asynccontextmanager
    async def enter(self, step: PipelineStep) -> AsyncIterator[None]:
        """Wait for the line before, and hold the step for the block; the next line gets it unless the block raises."""
        if self._before is not None:
            await self._before._left[step].wait()  # noqa: SLF001 (one of its own kind)
        yield
        self._left[step].set()

    async def finish(self) -> None:
        """Release the steps that were not entered, so that the next line can enter them."""
        for step in PipelineStep:
            async with self.enter(step):
                pass
        self._before = None
