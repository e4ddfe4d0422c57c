"""Fair shares of a service: how many requests are under way there, and whose comes next. Pure but for its futures (ADR 0028).

Limits of requests in a minute do not keep one client with a hundred connections from filling the queues of a service. Here the
requests of each client wait in lanes of its own, reads apart from writes. Whenever a place is free, the client with the least
under way is next. While one client is alone it may use more places.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.kit.problems import TooManyRequests

PLACES_SHARED = 10
"""Cost of what is under way in one service while several clients send: it keeps its processor and its database busy."""
PLACES_ALONE = 64
"""The same while one client sends: group commits gain from more."""
ALONE_AFTER_S = 5.0
"""Seconds without a request of another client after which a client is alone."""
MAX_WAITING = 128
"""Requests of one client that wait in one lane; each holds a connection and a small body."""
RETRY_AFTER_S = 1


@dataclass(eq=False, slots=True)
class _Waiting:
    client: str
    cost: int
    place: asyncio.Future[None]


@dataclass(slots=True)
class _Lanes:
    """What waits of one client: reads and writes in turns, so that a flood of writes leaves its reads possible."""

    reads: deque[_Waiting] = field(default_factory=deque)
    writes: deque[_Waiting] = field(default_factory=deque)
    read_is_next: bool = True

    def __bool__(self) -> bool:
        return bool(self.reads or self.writes)

    def next_lane(self) -> deque[_Waiting]:
        """Return the lane whose first request is next."""
        first, second = (self.reads, self.writes) if self.read_is_next else (self.writes, self.reads)
        return first or second

    def take(self) -> _Waiting:
        """Take the next request."""
        lane = self.next_lane()
        self.read_is_next = lane is self.writes
        return lane.popleft()


class FairShares:
    """The places of one service."""

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}
        self._total = 0
        self._waiting: dict[str, _Lanes] = {}
        """By client, in the order in which they came to wait."""
        self._keys: dict[tuple[str, str], asyncio.Future[None]] = {}
        """What ends with the request that has a key of a client."""
        self._last_client = ""
        self._contended_at = float("-inf")

    @asynccontextmanager
    async def place(self, client: str, *, cost: int, is_read: bool, key: str) -> AsyncIterator[None]:
        """Hold a place. Raises `TooManyRequests` where too many requests of the client wait.

        A repeat of a request that is under way waits for its end first, and is counted in no lane meanwhile.
        """
        with self._hold_key(client, key) as earlier:
            if earlier is not None:
                await asyncio.wait([earlier])
            await self._acquire(client, cost, is_read=is_read)
            try:
                yield
            finally:
                self._release(client, cost)

    def _hold_key(self, client: str, key: str) -> "_KeyHolder":
        return _KeyHolder(self._keys, (client, key) if key else None)

    def _count_places(self, client: str) -> int:
        now = time.monotonic()
        if client != self._last_client:
            self._contended_at = now if self._last_client else float("-inf")
            self._last_client = client
        return PLACES_SHARED if now - self._contended_at < ALONE_AFTER_S else PLACES_ALONE

    async def _acquire(self, client: str, cost: int, *, is_read: bool) -> None:
        places = self._count_places(client)
        if not self._waiting and (self._total + cost <= places or not self._total):
            self._begin(client, cost)
            return
        lanes = self._waiting.setdefault(client, _Lanes())
        lane = lanes.reads if is_read else lanes.writes
        if len(lane) >= MAX_WAITING:
            raise TooManyRequests(retry_after=RETRY_AFTER_S, headers={"Retry-After": str(RETRY_AFTER_S)})
        waiting = _Waiting(client, cost, asyncio.get_running_loop().create_future())
        lane.append(waiting)
        self._give_places(places)
        try:
            await waiting.place
        except asyncio.CancelledError:
            if waiting.place.done() and not waiting.place.cancelled():
                self._release(client, cost)
            elif waiting in lane:
                lane.remove(waiting)
                if not lanes:
                    self._waiting.pop(client, None)
            raise

    def _begin(self, client: str, cost: int) -> None:
        self._total += cost
        self._under_way[client] = self._under_way.get(client, 0) + cost

    def _release(self, client: str, cost: int) -> None:
        self._total -= cost
        left = self._under_way[client] - cost
        if left:
            self._under_way[client] = left
        else:
            del self._under_way[client]
        if self._waiting:
            contended = len(self._waiting) > 1 or time.monotonic() - self._contended_at < ALONE_AFTER_S
            self._give_places(PLACES_SHARED if contended else PLACES_ALONE)

    def _give_places(self, places: int) -> None:
        while self._waiting:
            client = min(self._waiting, key=lambda waiting: self._under_way.get(waiting, 0))
            lanes = self._waiting[client]
            cost = lanes.next_lane()[0].cost
            if self._total and self._total + cost > places:
                return
            waiting = lanes.take()
            del self._waiting[client]
            if lanes:
                self._waiting[client] = lanes  # behind the others that have as little under way
            if not waiting.place.done():
                self._begin(client, cost)
                waiting.place.set_result(None)


class _KeyHolder:
    """Holds a key for one request; the requests that come with it meanwhile wait for one another."""

    def __init__(
        self, keys: dict[tuple[str, str], asyncio.Future[None]], key: tuple[str, str] | None
    ) -> None:
        self._keys, self._key = keys, key
        self._own: asyncio.Future[None] | None = None

    def __enter__(self) -> "asyncio.Future[None] | None":
        """Return what ends with the earlier request that has the key; None where there is none."""
        if self._key is None:
            return None
        earlier = self._keys.get(self._key)
        self._own = self._keys[self._key] = asyncio.get_running_loop().create_future()
        return earlier

    def __exit__(self, *_: object) -> None:
        if self._key is not None and self._own is not None:
            self._own.set_result(None)
            if self._keys.get(self._key) is self._own:
                del self._keys[self._key]


EXPENSIVE_ENDS = ("/map", "/series", "/observations", "/differences", "/reconciliation", "/at-risk", "/areas")
EXPENSIVE_QUERY = (b"as_of=", b"area=", b"from=")
EXPENSIVE_COST = 4


def find_cost(path: str, query: bytes) -> int:
    """Return the places that a request takes: a read of many units, periods or of the past more than others."""
    is_expensive = path.endswith(EXPENSIVE_ENDS) or any(name in query for name in EXPENSIVE_QUERY)
    return EXPENSIVE_COST if is_expensive else 1
