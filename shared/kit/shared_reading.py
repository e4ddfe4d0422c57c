"""A reading that all who wait for it at the same time share, and that begins after the last of them came."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

ValueT = TypeVar("ValueT")


class SharedReading(Generic[ValueT]):
    """Reads a value again and again; one reading runs at a time, and the next serves all who came meanwhile."""

    def __init__(self, read: Callable[[], Awaitable[ValueT]]) -> None:
        self._read = read
        self._running: asyncio.Task[ValueT] | None = None
        self._next: asyncio.Task[ValueT] | None = None

    def start(self) -> asyncio.Task[ValueT]:
        """Return a reading that begins after this call. Others may wait for it too: nobody cancels it but `cancel`."""
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._running))
        return self._next

    def cancel(self) -> None:
        """Cancel what still runs."""
        for task in (self._running, self._next):
            if task is not None:
                task.cancel()

    async def _read_after(self, running: asyncio.Task[ValueT] | None) -> ValueT:
        if running is not None:
            await asyncio.wait([running])
        else:
            await asyncio.sleep(0)  # requests that have arrived with the first one come in
        self._running, self._next = self._next, None
        return await self._read()
