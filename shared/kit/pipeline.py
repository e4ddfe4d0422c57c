"""The order of pipelined lines: they are worked on side by side, and each takes its locks after the line before it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum


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
        """Wait for the line before, take the step, and let the next line take it; a line that fails lets nobody on."""
        if self._before is not None:
            await self._before._left[step].wait()  # noqa: SLF001 (one of its own kind)
        yield
        self._left[step].set()

    async def finish(self) -> None:
        """Let the next line take the steps that were not needed here."""
        for step in PipelineStep:
            async with self.enter(step):
                pass
        self._before = None
