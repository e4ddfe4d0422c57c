"""Wait for a condition, and never for a time: a busy machine makes a test slow, never red."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 300
"""Far more than a step takes on a busy machine, and less than the time limit of a test, which guards against a hang."""

POLL_SECONDS = 0.01


def wait_until(condition: Callable[[], bool], explain: Callable[[], str] = str) -> None:
    """Wait until a condition holds; where it never does, fail with the explanation."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(POLL_SECONDS)


async def poll_until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until a condition holds, while the tasks of the event loop go on."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        holds = condition()
        if isinstance(holds, Awaitable):
            holds = await holds
        if holds:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(POLL_SECONDS)
