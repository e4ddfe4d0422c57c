"""Cooperative scheduling in one process: long work on the processor is done in pieces."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

ElementT = TypeVar("ElementT")

ELEMENTS_PER_PIECE = 100
"""Of some hundredths of a millisecond each; with more of them in a piece, other requests wait longer."""


async def yield_to_event_loop() -> None:
    """Let the other requests of this process run for a moment.

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
