"""One part of the overview: fetched, shared by whoever asks at the moment, and remembered.

A part that was confirmed a moment ago is said again, unless a request that may have changed it went through this door
since: whoever writes through the gateway reads what it wrote. Otherwise a service that is well is waited for until the
deadline. One whose last answer did not come in time is asked again by
the next read, in the background: that read waits a moment in case it is back, and otherwise says what is remembered.
So a service that hangs slows one read and not every one, and one that is back is seen by the next read.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog

from gateway.headers import trace_headers
from gateway.upstreams import Upstreams, UpstreamUnavailable
from shared.kit.problems import Problem

SILENT_SERVICE_WAIT_S = 0.1
"""How long a read waits for a service that was silent last time: enough for one that is back."""

FRESH_FOR_S = 0.25
"""How long a part needs no asking again. Four rounds a second instead of one a read: what many readers at once cost."""

FETCH_TIMEOUT_S = 3.0
"""How long a fetch may go on in the background; the next one begins after it, so a part heals within five seconds."""

MAX_LAST_KNOWN = 2000
"""Last known parts kept, the least recently used forgotten first; a part is about ten kilobytes."""

TRANSIENT_STATUSES = frozenset({408, 425, 429})
"""Client errors that speak of the moment and not of the question."""

FETCH_ERRORS = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""No connection, no answer in time, no JSON."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PartRequest:
    """What is asked of a service, and for whom: None is everybody, a caller's answer is that caller's alone."""

    service: str
    path: str
    language: str
    asker: Hashable | None


@dataclass(frozen=True, slots=True)
class LastKnown:
    """What a service said, and when it last confirmed it (this process's monotonic clock)."""

    said: Mapping[str, Any]
    tag: str
    confirmed_at: float
    touches: int
    """How many writes had gone through to the service when it was asked."""


@dataclass(frozen=True, slots=True)
class UpstreamRefusal:
    """The service understood, and said no: a 4xx document that is passed on."""

    status: int
    document: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UpstreamPart:
    """What can be said for a service now."""

    service: str
    known: LastKnown | None = None
    fresh: bool = False
    refused: UpstreamRefusal | None = None
    problem: Problem | None = None

    @property
    def state(self) -> str:
        """Fresh, stale or unavailable."""
        if self.fresh:
            return "fresh"
        return "stale" if self.known else "unavailable"

    def age_seconds(self, now: float) -> int | None:
        """Whole seconds since the service last confirmed it; None when it was never seen."""
        if self.known is None:
            return None
        return 0 if self.fresh else max(0, int(now - self.known.confirmed_at))


@dataclass
class PartFetcher:
    """Fetches the parts of all services and remembers the last known ones."""

    upstreams: Upstreams
    within_s: float
    _remembered: OrderedDict[PartRequest, LastKnown] = field(default_factory=OrderedDict)
    _flights: dict[tuple[PartRequest, int], asyncio.Task[UpstreamPart]] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)
    _down: set[str] = field(default_factory=set)
    """Services whose last fetch failed: said once in the log, and not at every read."""

    async def read(self, question: PartRequest, authorization: str | None) -> UpstreamPart:
        """Give the part: the answer of a fetch if it comes in time, else what is remembered."""
        touches = self.upstreams.touches(question.service)
        known = self._remembered.get(question)
        if known and known.touches == touches and time.monotonic() - known.confirmed_at < FRESH_FOR_S:
            return UpstreamPart(question.service, known, fresh=True)
        flight = self._flights.get((question, touches))
        if flight is None:
            flight = asyncio.create_task(self._fetch(question, authorization, touches))
            self._flights[question, touches] = flight
            flight.add_done_callback(lambda _: self._flights.pop((question, touches), None))
        patience = SILENT_SERVICE_WAIT_S if question.service in self._silent else self.within_s
        done, _ = await asyncio.wait({flight}, timeout=patience)
        if done:
            return flight.result()
        self._silent.add(question.service)
        return self._last_known(question, UpstreamUnavailable(question.service))

    async def close(self) -> None:
        """End what is still being fetched."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _fetch(self, question: PartRequest, authorization: str | None, touches: int) -> UpstreamPart:
        known = self._remembered.get(question)
        headers = {
            "Accept": "application/json",
            "Accept-Language": question.language,
            **dict(trace_headers()),
        }
        if known:
            headers["If-None-Match"] = known.tag
        if authorization is not None and question.asker is not None:
            headers["Authorization"] = authorization
        try:
            status, fields, said = await self.upstreams.json(
                question.service, question.path, headers=headers, within_s=FETCH_TIMEOUT_S
            )
        except FETCH_ERRORS as error:
            if question.service not in self._down:
                log.warning("part not fetched", upstream=question.service, reason=repr(error))
            self._down.add(question.service)
            return self._last_known(question, self.upstreams.problem(question.service, error))
        if status == HTTPStatus.NOT_MODIFIED and known:
            return self._confirmed(question, LastKnown(known.said, known.tag, time.monotonic(), touches))
        if status == HTTPStatus.OK and said is not None:
            return self._confirmed(
                question, LastKnown(said, fields.get("etag", ""), time.monotonic(), touches)
            )
        if _is_refusal(status, said):
            self._silent.discard(question.service)
            return UpstreamPart(question.service, refused=UpstreamRefusal(status, said or {}, fields))
        log.warning("part not usable", upstream=question.service, status=status)
        return self._last_known(question, UpstreamUnavailable(question.service))

    def _confirmed(self, question: PartRequest, known: LastKnown) -> UpstreamPart:
        self._down.discard(question.service)
        newer = self._remembered.get(question)
        if newer is None or newer.touches <= known.touches:
            self._remembered[question] = known
        self._remembered.move_to_end(question)
        while len(self._remembered) > MAX_LAST_KNOWN:
            self._remembered.popitem(last=False)
        self._silent.discard(question.service)
        return UpstreamPart(question.service, known, fresh=True)

    def _last_known(self, question: PartRequest, problem: Problem) -> UpstreamPart:
        known = self._remembered.get(question)
        if known:
            self._remembered.move_to_end(question)
        return UpstreamPart(question.service, known, problem=problem)


def _is_refusal(status: int, said: Mapping[str, Any] | None) -> bool:
    """Whether the service understood the question and said no, as a problem."""
    client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return client_error and status not in TRANSIENT_STATUSES and said is not None and "code" in said
