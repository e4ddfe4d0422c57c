"""Fetch a part of a composed answer, share the request among simultaneous readers, and remember the last known value.

A part that was confirmed within `FRESH_FOR_S` is answered from memory, unless a request that may have changed it was
forwarded since: a client that writes through the gateway reads what it wrote. Otherwise the service is waited for until
the deadline. A service whose last response was late is asked in the background by the next read, which waits
`SILENT_SERVICE_WAIT_S` for it and then answers the last known value. So a hanging service slows one read and not every
read, and the first read after it recovers sees it.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog

from gateway.headers import trace_headers
from gateway.upstreams import Upstreams, UpstreamUnavailable
from shared.kit.problems import Problem

SILENT_SERVICE_WAIT_S = 0.1
"""Seconds that a read waits for a service whose last response was late: enough for one that has recovered."""

FRESH_FOR_S = 0.25
"""Seconds that a part counts as fresh without a new request: many readers cost four requests a second."""

FETCH_TIMEOUT_S = 3.0
"""Seconds that a fetch may go on in the background. The next one begins after it, so a part is fresh again within five
seconds."""

MAX_LAST_KNOWN = 2000
"""Number of last known parts in memory, of about ten kilobytes each; the least recently used is dropped first."""

TRANSIENT_STATUSES = frozenset({408, 425, 429})
"""Client errors that a later identical request may not get."""

FETCH_ERRORS = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""No connection, no answer in time, no JSON."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PartRequest:
    """A request for a part, and its audience: None is everybody; the answer for one caller is shown to that caller alone."""

    service: str
    path: str
    language: str
    audience: Hashable | None


@dataclass(frozen=True, slots=True)
class LastKnown:
    """The last known document of a part, and when the service confirmed it (monotonic clock of this process)."""

    document: Mapping[str, Any]
    etag: str
    confirmed_at: float
    write_count: int
    """Writes that had been forwarded to the service when it was asked."""


@dataclass(frozen=True, slots=True)
class UpstreamRefusal:
    """The service refused the request with a 4xx problem document, which is passed on."""

    status: int
    document: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UpstreamPart:
    """The answer for one service: a document, a refusal or a problem."""

    service: str
    last_known: LastKnown | None = None
    fresh: bool = False
    refused: UpstreamRefusal | None = None
    problem: Problem | None = None

    @property
    def state(self) -> str:
        """Fresh, stale or unavailable."""
        if self.fresh:
            return "fresh"
        return "stale" if self.last_known else "unavailable"

    def age_seconds(self, now: float) -> int | None:
        """Return the whole seconds since the service last confirmed the part; None where it was never seen."""
        if self.last_known is None:
            return None
        return 0 if self.fresh else max(0, int(now - self.last_known.confirmed_at))


@dataclass
class PartFetcher:
    """Fetch the parts of all services, and remember the last known ones."""

    upstreams: Upstreams
    within_s: float
    _last_known_parts: OrderedDict[PartRequest, LastKnown] = field(default_factory=OrderedDict)
    _fetches: dict[tuple[PartRequest, int], asyncio.Task[UpstreamPart]] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)
    _down: set[str] = field(default_factory=set)
    """Services whose last fetch failed: logged once, and not at every read."""

    async def fetch(self, request: PartRequest, authorization: str | None) -> UpstreamPart:
        """Return the part: the fetched one where it arrives in time, else the last known one."""
        write_count = self.upstreams.write_count(request.service)
        last_known = self._last_known_parts.get(request)
        if (
            last_known
            and last_known.write_count == write_count
            and time.monotonic() - last_known.confirmed_at < FRESH_FOR_S
        ):
            return UpstreamPart(request.service, last_known, fresh=True)
        fetch = self._fetches.get((request, write_count))
        if fetch is None:
            fetch = asyncio.create_task(self._fetch(request, authorization, write_count))
            self._fetches[request, write_count] = fetch
            fetch.add_done_callback(lambda _: self._fetches.pop((request, write_count), None))
        timeout_s = SILENT_SERVICE_WAIT_S if request.service in self._late else self.within_s
        done, _ = await asyncio.wait({fetch}, timeout=timeout_s)
        if done:
            return fetch.result()
        self._late.add(request.service)
        return self._last_known(request, UpstreamUnavailable(request.service))

    @asynccontextmanager
    async def fetching(self) -> AsyncIterator[None]:
        """Let fetches run in the background while the block runs; cancel those that are still running at its end."""
        yield
        fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)

    async def _fetch(self, request: PartRequest, authorization: str | None, write_count: int) -> UpstreamPart:
        last_known = self._last_known_parts.get(request)
        headers = {
            "Accept": "application/json",
            "Accept-Language": request.language,
            **dict(trace_headers()),
        }
        if last_known:
            headers["If-None-Match"] = last_known.etag
        if authorization is not None and request.audience is not None:
            headers["Authorization"] = authorization
        try:
            status, response_headers, document = await self.upstreams.get_json(
                request.service, request.path, headers=headers, within_s=FETCH_TIMEOUT_S
            )
        except FETCH_ERRORS as error:
            if request.service not in self._down:
                log.warning("part not fetched", upstream=request.service, reason=repr(error))
            self._down.add(request.service)
            return self._last_known(request, self.upstreams.to_problem(request.service, error))
        if status == HTTPStatus.NOT_MODIFIED and last_known:
            return self._confirmed(
                request, LastKnown(last_known.document, last_known.etag, time.monotonic(), write_count)
            )
        if status == HTTPStatus.OK and document is not None:
            return self._confirmed(
                request, LastKnown(document, response_headers.get("etag", ""), time.monotonic(), write_count)
            )
        if _is_refusal(status, document):
            self._late.discard(request.service)
            return UpstreamPart(
                request.service, refused=UpstreamRefusal(status, document or {}, response_headers)
            )
        log.warning("part not usable", upstream=request.service, status=status)
        return self._last_known(request, UpstreamUnavailable(request.service))

    def _confirmed(self, request: PartRequest, last_known: LastKnown) -> UpstreamPart:
        self._down.discard(request.service)
        newer = self._last_known_parts.get(request)
        if newer is None or newer.write_count <= last_known.write_count:
            self._last_known_parts[request] = last_known
        self._last_known_parts.move_to_end(request)
        while len(self._last_known_parts) > MAX_LAST_KNOWN:
            self._last_known_parts.popitem(last=False)
        self._late.discard(request.service)
        return UpstreamPart(request.service, last_known, fresh=True)

    def _last_known(self, request: PartRequest, problem: Problem) -> UpstreamPart:
        last_known = self._last_known_parts.get(request)
        if last_known:
            self._last_known_parts.move_to_end(request)
        return UpstreamPart(request.service, last_known, problem=problem)


def _is_refusal(status: int, document: Mapping[str, Any] | None) -> bool:
    """Whether the service refused the request with a problem document that stays true."""
    client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return client_error and status not in TRANSIENT_STATUSES and document is not None and "code" in document
