"""A value of another place that is read again and again: what was revoked there ends here within a stated time.

While requests come, an old value is read again beside them, so that none waits. Where no request came for long, the first one
waits for the reading. A reading that fails leaves the last value in force: a place that is away makes no service stop.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

RETRY_AFTER_S = 1.0
"""Seconds between two tries where the first one failed."""

CLOSE_WITHIN_S = 2.0
"""Seconds for which the end of a process waits for a reading."""

log = structlog.get_logger()

ValueT = TypeVar("ValueT")


class RefreshedValue(Generic[ValueT]):
    """The last value that was read. `initial` is in force until the first reading succeeds."""

    def __init__(
        self,
        read: Callable[[], Awaitable[ValueT]],
        *,
        refresh_after_s: float,
        wait_after_s: float,
        initial: ValueT | None = None,
    ) -> None:
        self._read = read
        self._refresh_after_s = refresh_after_s
        self._wait_after_s = wait_after_s
        self._value = initial
        self._read_at = self._tried_at = float("-inf")
        self._error: Exception | None = None
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def failed(self) -> bool:
        """Whether the last reading failed."""
        return self._error is not None

    def expire(self) -> None:
        """Let the next `get` wait for a new reading: the value was changed by this process."""
        self._read_at = self._tried_at = float("-inf")
        self._error = None

    def set(self, value: ValueT) -> None:
        """Take a value that was just read or made."""
        self._value, self._error = value, None
        self._read_at = self._tried_at = time.monotonic()

    async def get(self) -> ValueT:
        """Return the value. Raises what the reading raised where none ever succeeded."""
        now = time.monotonic()
        if self._value is None or (self._error is None and now - self._read_at > self._wait_after_s):
            await self.refresh(unless_within_s=self._wait_after_s)
        elif now - self._tried_at > (RETRY_AFTER_S if self._error else self._refresh_after_s) and (
            self._task is None or self._task.done()
        ):
            self._task = asyncio.create_task(self.refresh(unless_within_s=0))
        if self._value is None:
            assert self._error is not None
            raise self._error
        return self._value

    async def close(self) -> None:
        """Wait for a reading that runs beside the requests, before what it reads from is closed."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CLOSE_WITHIN_S)
            self._task.cancel()

    async def refresh(self, *, unless_within_s: float) -> None:
        """Read the value again, unless that was tried within some seconds; after a failure, within `RETRY_AFTER_S`."""
        async with self._lock:
            pause_s = min(unless_within_s, RETRY_AFTER_S) if self._error else unless_within_s
            if time.monotonic() - self._tried_at < pause_s:
                return
            self._tried_at = time.monotonic()
            try:
                value = await self._read()
            except Exception as error:  # noqa: BLE001 (whatever the reason, the last value stays in force)
                if self._error is None and self._value is not None:
                    log.warning("a value could not be read again", reason=repr(error))
                self._error = error
            else:
                self._value, self._error = value, None
                self._read_at = self._tried_at
