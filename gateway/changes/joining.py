"""Read the services' feeds side by side, join them, and wait for the next change."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from gateway.changes.rules import ChangeDocument, JoinedChanges, Positions, ServiceFeedPage, join_pages
from gateway.composition.parts import FETCH_ERRORS, UpstreamRefusal
from gateway.upstreams import Upstreams

PAGE_ROWS = 500
"""Changes of a service that are read at once."""
MAX_ROUNDS = 5
"""A rare kind of change is not looked for without end: the answer then has a cursor that is further on, and `more`."""
READ_WITHIN_S = 5.0
POLL_S = 1.0
"""While somebody waits, the newest sequences of the services are read so often, once for all who wait."""
MAX_WAITING = 500
"""More callers are answered at once, as without `wait`."""


@dataclass(slots=True)
class FeedReading:
    """What reading the feeds gave."""

    joined: JoinedChanges
    missing: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    rewound: list[str] = field(default_factory=list)
    refused: UpstreamRefusal | None = None


class JoinedFeeds:
    """The feeds of all services."""

    def __init__(self, upstreams: Upstreams, services: tuple[str, ...]) -> None:
        self._upstreams = upstreams
        self.services = services
        """The services that have a feed."""
        self._newest: dict[str, int] = {}
        self._polled_at = float("-inf")
        self._polling = asyncio.Lock()
        self._waiting = 0

    async def read(
        self,
        services: Collection[str],
        positions: Positions,
        is_wanted: Callable[[ChangeDocument], bool],
        limit: int,
        headers: Mapping[str, str],
    ) -> FeedReading:
        """Return the changes after positions; reads on while filters leave the answer empty.

        A service that forbids its feed is named; where all do, the answer is the refusal of one.
        """
        reading = FeedReading(JoinedChanges(dict(positions)))
        for _ in range(MAX_ROUNDS):
            pages = await self._read_pages(services, reading, headers)
            if reading.refused is not None:
                return reading
            left = limit - len(reading.joined.items)
            joined = join_pages(pages, reading.joined.positions, is_wanted, left)
            joined.items = [*reading.joined.items, *joined.items]
            reading.joined = joined
            if not joined.more or len(joined.items) == limit:
                break
        return reading

    async def _read_pages(
        self, services: Collection[str], reading: FeedReading, headers: Mapping[str, str]
    ) -> dict[str, ServiceFeedPage]:
        """Return a page of each service that answers; names the others in the reading."""
        positions = reading.joined.positions
        answers = await asyncio.gather(
            *(self._read_page(name, positions.get(name, 0), PAGE_ROWS, headers) for name in services)
        )
        pages: dict[str, ServiceFeedPage] = {}
        reading.missing, reading.forbidden, reading.rewound = [], [], []
        refusals = [answer for answer in answers if isinstance(answer, UpstreamRefusal)]
        unauthenticated = [answer for answer in refusals if answer.status != HTTPStatus.FORBIDDEN]
        if unauthenticated or (refusals and len(refusals) == len(answers)):
            reading.refused = (unauthenticated or refusals)[0]
        for name, answer in zip(services, answers, strict=True):
            if isinstance(answer, UpstreamRefusal):
                reading.forbidden.append(name)
            elif answer is None:
                reading.missing.append(name)
            elif answer.newest < positions.get(name, 0):
                reading.rewound.append(name)
            else:
                pages[name] = answer
        return pages

    async def _read_page(
        self, name: str, after: int, limit: int, headers: Mapping[str, str]
    ) -> ServiceFeedPage | UpstreamRefusal | None:
        """Return a page, the refusal of the caller, or None where the service gave neither."""
        path = f"/v1/{name}/changes?{urlencode({'after': after, 'limit': limit})}"
        try:
            status, fields, document = await self._upstreams.get_json(
                name, path, headers=headers, within_s=READ_WITHIN_S
            )
        except FETCH_ERRORS:
            return None
        if status == HTTPStatus.OK and document is not None and "newest" in document:
            return ServiceFeedPage(document["items"], document["more"], int(document["newest"]))
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and document is not None:
            return UpstreamRefusal(status, document, fields)
        return None

    async def read_newest(
        self, services: Collection[str], headers: Mapping[str, str]
    ) -> dict[str, int | UpstreamRefusal | None]:
        """Return by service the sequence of its newest change, the refusal of the caller, or None where it is away."""
        pages = await asyncio.gather(*(self._read_page(name, 0, 1, headers) for name in services))
        return {
            name: page.newest if isinstance(page, ServiceFeedPage) else page
            for name, page in zip(services, pages, strict=True)
        }

    async def wait_for_change(
        self,
        services: Collection[str],
        positions: Positions,
        headers: Mapping[str, str],
        within_s: float,
        is_gone: Callable[[], Awaitable[bool]],
    ) -> bool:
        """Wait until a service has a change after its position; return whether one has."""
        if self._waiting >= MAX_WAITING:
            return False
        ends_at = time.monotonic() + within_s
        self._waiting += 1
        try:
            while (left_s := ends_at - time.monotonic()) > 0 and not await is_gone():
                await asyncio.sleep(min(POLL_S, left_s))
                newest = await self.poll_newest(headers)
                if any(newest.get(name, 0) > positions.get(name, 0) for name in services):
                    return True
            return False
        finally:
            self._waiting -= 1

    async def poll_newest(self, headers: Mapping[str, str]) -> Mapping[str, int]:
        """Return the newest sequence of each service, at most `POLL_S` old."""
        async with self._polling:
            if time.monotonic() - self._polled_at >= POLL_S:
                names = self.services
                pages: list[Any] = await asyncio.gather(
                    *(self._read_page(name, self._newest.get(name, 0), 1, headers) for name in names)
                )
                for name, page in zip(names, pages, strict=True):
                    if isinstance(page, ServiceFeedPage):
                        self._newest[name] = page.newest
                self._polled_at = time.monotonic()
            return self._newest
