"""Fetch a part of a composed answer, share the request among simultaneous readers, and remember the last known value.

A part that was confirmed within `FRESH_FOR_S` is answered from memory, if its service is still at the position where the part
was read, which each read asks for (`positions.py`): whoever wrote, through any gateway, reads what they wrote. Otherwise the
service is waited for until the deadline. A service whose last response was late is requested again by the next read, which waits
`SILENT_SERVICE_WAIT_S` for it and then answers the last known value. So a hanging service slows one read and not every
read, and the first read after it recovers sees it.

A part without a last known value, as just after the start, is waited for and requested again until its service has not
answered for `UNSEEN_PART_WAIT_S`; only then it is unavailable.
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
from prometheus_client import Gauge

from gateway.composition.positions import PositionFetcher, ServicePosition
from gateway.headers import trace_headers
from gateway.upstreams import Upstreams, UpstreamUnavailable
from shared.kit.change_places import AFTER_FIELD, format_places
from shared.kit.problems import Problem

SILENT_SERVICE_WAIT_S = 0.1
"""Seconds that a read waits for a service whose last response was late: enough for one that has recovered."""

FRESH_FOR_S = 0.25
"""Seconds that a part counts as fresh without a new request: many readers cost four requests a second."""

FETCH_TIMEOUT_S = 3.0
"""Seconds that a fetch may go on in the background. The next one begins after it, so a part is fresh again within five
seconds."""

UNSEEN_PART_WAIT_S = 5.0
"""Seconds that reads wait for a service of which they know no value: one that restarts beside the gateway needs them."""

UNSEEN_PART_PAUSE_S = 0.1

GATEWAY = "gateway"

MAX_REMEMBERED_PARTS = 2000
"""Number of confirmed parts in memory, of about ten kilobytes each; the least recently used is dropped first."""

TRANSIENT_STATUSES = frozenset({408, 425, 429})
"""Client errors that a later identical request may not get."""

FETCH_ERRORS = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""No connection, no answer in time, no JSON."""

PART_CONFIRMED = Gauge(
    "ntp_part_confirmed_timestamp_seconds",
    "Unix time when a service last confirmed a part of a composed answer",
    ("service", "upstream"),
)
PART_FAILED = Gauge(
    "ntp_part_failed",
    "1 while the last request for a part of a service failed, else 0",
    ("service", "upstream"),
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PartRequest:
    """A request for a part, and its audience: None is everybody; the answer for one caller is shown to that caller alone."""

    service: str
    path: str
    language: str
    audience: Hashable | None


@dataclass(frozen=True, slots=True)
class ConfirmedDocument:
    """The last document of a part, and when the service confirmed it (monotonic clock of this process)."""

    document: Mapping[str, Any]
    etag: str
    confirmed_at: float
    write_count: int
    """Writes that had been forwarded to the service when the part was requested."""
    position: ServicePosition | None = None
    """Where the service was before the part was requested; None where it did not tell."""


_FetchKey = tuple[PartRequest, int, ServicePosition | None]
"""Reads share a fetch that began where the service still is, and after the same writes were forwarded."""


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
    confirmed: ConfirmedDocument | None = None
    """The last confirmed document: of this request where `fresh`, else an older one from memory."""
    fresh: bool = False
    refused: UpstreamRefusal | None = None
    problem: Problem | None = None

    @property
    def state(self) -> str:
        """Fresh, stale or unavailable."""
        if self.fresh:
            return "fresh"
        return "stale" if self.confirmed else "unavailable"

    def age_seconds(self, now: float) -> int | None:
        """Return the whole seconds since the service last confirmed the part; None where it was never seen."""
        if self.confirmed is None:
            return None
        return 0 if self.fresh else max(0, int(now - self.confirmed.confirmed_at))


@dataclass
class PartFetcher:
    """Fetch the parts of all services, and remember the last confirmed documents."""

    upstreams: Upstreams
    within_s: float
    positions: PositionFetcher = field(init=False)
    _confirmed_documents: OrderedDict[PartRequest, ConfirmedDocument] = field(default_factory=OrderedDict)
    _fetches: dict[_FetchKey, asyncio.Task[UpstreamPart]] = field(default_factory=dict)
    _slow_services: set[str] = field(default_factory=set)
    """Services whose last response was late."""
    _failed_services: set[str] = field(default_factory=set)
    """Services whose last fetch failed, which is logged once, and not at every read."""
    _silent_since: dict[str, float] = field(default_factory=dict)
    """Since when a service has not answered (monotonic clock)."""

    def __post_init__(self) -> None:
        """Make the fetcher of positions."""
        self.positions = PositionFetcher(self.upstreams)

    async def fetch(self, request: PartRequest, authorization: str | None) -> UpstreamPart:
        """Return the part: the fetched one where it arrives in time, else the last known one."""
        if request in self._confirmed_documents:
            return await self._fetch_once(request, authorization, None)
        while True:
            silent_since = self._silent_since.get(request.service, time.monotonic())
            wait_s = silent_since + UNSEEN_PART_WAIT_S - time.monotonic()
            part = await self._fetch_once(request, authorization, wait_s)
            if part.fresh or part.refused or wait_s <= UNSEEN_PART_PAUSE_S:
                return part
            self._silent_since.setdefault(request.service, silent_since)
            await asyncio.sleep(UNSEEN_PART_PAUSE_S)

    async def _fetch_once(
        self, request: PartRequest, authorization: str | None, wait_s: float | None
    ) -> UpstreamPart:
        """Return the part after one request, which is waited for as long as its service deserves, or for `wait_s` if longer."""
        timeout_s = SILENT_SERVICE_WAIT_S if request.service in self._slow_services else self.within_s
        deadline = time.monotonic() + max(timeout_s, wait_s or 0)
        write_count = self.upstreams.write_count(request.service)
        position = (await self.positions.fetch([request.service], timeout_s))[request.service]
        confirmed = self._find_fresh(request, position)
        if confirmed is not None:
            return UpstreamPart(request.service, confirmed, fresh=True)
        key = (request, write_count, position)
        fetch = self._fetches.get(key)
        if fetch is None:
            fetch = asyncio.create_task(self._fetch(request, authorization, write_count, position))
            self._fetches[key] = fetch
            fetch.add_done_callback(lambda _: self._fetches.pop(key, None))
        done, _ = await asyncio.wait({fetch}, timeout=max(deadline - time.monotonic(), 0))
        if done:
            return fetch.result()
        self._slow_services.add(request.service)
        return self._answer_from_memory(request, UpstreamUnavailable(request.service))

    async def are_unchanged(self, fetched: Mapping[PartRequest, UpstreamPart]) -> bool:
        """Whether parts for everybody that were fresh are so now, with the same documents; those that are older are fetched anew."""
        documents = {request: part.confirmed.document for request, part in fetched.items() if part.confirmed}
        positions = await self.positions.fetch({request.service for request in documents}, self.within_s)
        remembered = [
            (request, self._find_fresh(request, positions[request.service])) for request in documents
        ]
        if all(confirmed and confirmed.document is documents[request] for request, confirmed in remembered):
            return True
        parts = await asyncio.gather(*(self.fetch(request, None) for request in documents))
        return all(
            part.fresh and part.confirmed is not None and part.confirmed.document is documents[request]
            for request, part in zip(documents, parts, strict=True)
        )

    def _find_fresh(self, request: PartRequest, position: ServicePosition | None) -> ConfirmedDocument | None:
        """Return the last document of a part where it counts as fresh while its service is at a position."""
        confirmed = self._confirmed_documents.get(request)
        if (
            confirmed is not None
            and confirmed.write_count == self.upstreams.write_count(request.service)
            and confirmed.position == position
            and time.monotonic() - confirmed.confirmed_at < FRESH_FOR_S
        ):
            return confirmed
        return None

    @asynccontextmanager
    async def fetching(self) -> AsyncIterator[None]:
        """Return a context in which fetches go on after their reader has its answer; its end cancels those still running."""
        yield
        fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        self.positions.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)

    async def _fetch(
        self,
        request: PartRequest,
        authorization: str | None,
        write_count: int,
        position: ServicePosition | None,
    ) -> UpstreamPart:
        confirmed = self._confirmed_documents.get(request)
        headers = {
            "Accept": "application/json",
            "Accept-Language": request.language,
            **dict(trace_headers()),
        }
        if position is not None:
            headers[AFTER_FIELD] = format_places({request.service: position.newest})
        if confirmed:
            headers["If-None-Match"] = confirmed.etag
        if authorization is not None and request.audience is not None:
            headers["Authorization"] = authorization
        try:
            status, response_headers, document = await self.upstreams.get_json(
                request.service, request.path, headers=headers, within_s=FETCH_TIMEOUT_S
            )
        except FETCH_ERRORS as error:
            if request.service not in self._failed_services:
                log.warning("part not fetched", upstream=request.service, reason=repr(error))
            self._failed_services.add(request.service)
            PART_FAILED.labels(GATEWAY, request.service).set(1)
            return self._answer_from_memory(request, self.upstreams.to_problem(request.service, error))
        if status == HTTPStatus.NOT_MODIFIED and confirmed:
            return self._remember(
                request,
                ConfirmedDocument(
                    confirmed.document, confirmed.etag, time.monotonic(), write_count, position
                ),
            )
        if status == HTTPStatus.OK and document is not None:
            return self._remember(
                request,
                ConfirmedDocument(
                    document, response_headers.get("etag", ""), time.monotonic(), write_count, position
                ),
            )
        if _is_refusal(status, document):
            self._slow_services.discard(request.service)
            self._silent_since.pop(request.service, None)
            return UpstreamPart(
                request.service, refused=UpstreamRefusal(status, document or {}, response_headers)
            )
        log.warning("part not usable", upstream=request.service, status=status)
        return self._answer_from_memory(request, UpstreamUnavailable(request.service))

    def _remember(self, request: PartRequest, confirmed: ConfirmedDocument) -> UpstreamPart:
        PART_CONFIRMED.labels(GATEWAY, request.service).set_to_current_time()
        PART_FAILED.labels(GATEWAY, request.service).set(0)
        self._failed_services.discard(request.service)
        self._silent_since.pop(request.service, None)
        newer = self._confirmed_documents.get(request)
        if newer is None or newer.write_count <= confirmed.write_count:
            self._confirmed_documents[request] = confirmed
        self._confirmed_documents.move_to_end(request)
        while len(self._confirmed_documents) > MAX_REMEMBERED_PARTS:
            self._confirmed_documents.popitem(last=False)
        self._slow_services.discard(request.service)
        return UpstreamPart(request.service, confirmed, fresh=True)

    def _answer_from_memory(self, request: PartRequest, problem: Problem) -> UpstreamPart:
        confirmed = self._confirmed_documents.get(request)
        if confirmed:
            self._confirmed_documents.move_to_end(request)
        return UpstreamPart(request.service, confirmed, problem=problem)


def _is_refusal(status: int, document: Mapping[str, Any] | None) -> bool:
    """Whether the service refused the request with a problem document that stays true."""
    client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return client_error and status not in TRANSIENT_STATUSES and document is not None and "code" in document
