"""The positions of the services: how far the change feed of each is, fetched for each read of a composed answer.

A part that was read at a position is fresh while its service is still there, whichever gateway a write went through
(see ADR 0031). Reads that wait at the same time share one round of requests, one to each service; it begins after they came.
"""

import asyncio
from collections.abc import Collection, Mapping
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

import aiohttp

from gateway.headers import trace_headers
from gateway.upstreams import Upstreams
from shared.kit.position_middleware import POSITION_PATH
from shared.kit.shared_reading import SharedReading

ANSWER_WITHIN_S = 3.0

ROUND_S = 0.05
"""Seconds that the next round waits for services that have not answered yet: a hanging one delays the others by no more."""


class ServicePosition(NamedTuple):
    """The position of a service, and the sequence of its newest change."""

    text: str
    newest: int


class PositionFetcher:
    """Fetches the positions of services."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._readings: dict[str, SharedReading[ServicePosition | None]] = {}
        self._requested: set[str] = set()
        """The services of the round that comes next."""
        self._round = SharedReading(self._run_round)

    async def fetch(self, services: Collection[str], within_s: float) -> Mapping[str, ServicePosition | None]:
        """Return the positions by requests that begin after this call; None of a service that does not tell it in time."""
        self._requested.update(services)
        deadline = asyncio.get_running_loop().time() + within_s
        begun = self._round.start()
        await asyncio.wait({begun}, timeout=within_s)
        if not begun.done() or begun.cancelled():
            return dict.fromkeys(services)
        tasks = {service: begun.result()[service] for service in services}
        waiting = [task for task in tasks.values() if not task.done()]
        if waiting:
            await asyncio.wait(waiting, timeout=max(deadline - asyncio.get_running_loop().time(), 0))
        return {
            service: task.result() if task.done() and not task.cancelled() else None
            for service, task in tasks.items()
        }

    def cancel(self) -> None:
        """Cancel the requests that still run."""
        self._round.cancel()
        for reading in self._readings.values():
            reading.cancel()

    async def _run_round(self) -> Mapping[str, asyncio.Task[ServicePosition | None]]:
        """Request the positions that readers wait for, and wait for the services that answer soon."""
        services, self._requested = self._requested, set()
        tasks = {service: self._find_reading(service).start() for service in services}
        await asyncio.wait(tasks.values(), timeout=ROUND_S)
        return tasks

    def _find_reading(self, service: str) -> SharedReading[ServicePosition | None]:
        if service not in self._readings:
            self._readings[service] = SharedReading(partial(self._request, service))
        return self._readings[service]

    async def _request(self, service: str) -> ServicePosition | None:
        try:
            status, _, document = await self._upstreams.get_json(
                service, POSITION_PATH, headers=dict(trace_headers()), within_s=ANSWER_WITHIN_S
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None
        if status != HTTPStatus.OK or document is None or "position" not in document:
            return None
        return ServicePosition(str(document["position"]), int(document["newest"]))
