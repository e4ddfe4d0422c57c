"""The positions of the services: how far the change feed of each is, fetched for each read of a composed answer.

A part that was read at a position is fresh while its service is still there, whichever gateway a write went through
(see ADR 0031). Reads that wait at the same time share one request; it begins after they came.
"""

import asyncio
from http import HTTPStatus
from typing import NamedTuple

import aiohttp

from gateway.headers import trace_headers
from gateway.upstreams import Upstreams
from shared.kit.health import POSITION_PATH

ANSWER_WITHIN_S = 3.0


class ServicePosition(NamedTuple):
    """The position of a service, and the sequence of its newest change."""

    text: str
    newest: int


class PositionFetcher:
    """Fetches the positions of services."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._running: dict[str, asyncio.Task[ServicePosition | None]] = {}
        self._next: dict[str, asyncio.Task[ServicePosition | None]] = {}

    async def fetch(self, service: str, within_s: float) -> ServicePosition | None:
        """Return the position by a request that begins after this call; None where the service does not tell it in time."""
        if service not in self._next:
            self._next[service] = asyncio.create_task(self._fetch_after(service, self._running.get(service)))
        task = self._next[service]
        done, _ = await asyncio.wait({task}, timeout=within_s)
        return task.result() if done and not task.cancelled() else None

    def cancel(self) -> None:
        """Cancel the requests that still run."""
        for task in (*self._running.values(), *self._next.values()):
            task.cancel()

    async def _fetch_after(
        self, service: str, running: "asyncio.Task[ServicePosition | None] | None"
    ) -> ServicePosition | None:
        if running is not None:
            await asyncio.wait([running])
        self._running[service] = self._next.pop(service)
        try:
            status, _, document = await self._upstreams.get_json(
                service, POSITION_PATH, headers=dict(trace_headers()), within_s=ANSWER_WITHIN_S
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None
        if status != HTTPStatus.OK or document is None or "position" not in document:
            return None
        return ServicePosition(str(document["position"]), int(document["newest"]))
