"""The positions of the services: how far the change feed of each is, fetched for each read of a composed answer.

A part that was read at a position is fresh while its service is still there, whichever gateway a write went through
(see ADR 0031). Reads that wait at the same time share one request; it begins after they came.
"""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

import aiohttp

from gateway.headers import trace_headers
from gateway.upstreams import Upstreams
from shared.kit.health import POSITION_PATH
from shared.kit.shared_reading import SharedReading

ANSWER_WITHIN_S = 3.0


class ServicePosition(NamedTuple):
    """The position of a service, and the sequence of its newest change."""

    text: str
    newest: int


class PositionFetcher:
    """Fetches the positions of services."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._readings: dict[str, SharedReading[ServicePosition | None]] = {}

    async def fetch(self, service: str, within_s: float) -> ServicePosition | None:
        """Return the position by a request that begins after this call; None where the service does not tell it in time."""
        if service not in self._readings:
            self._readings[service] = SharedReading(partial(self._request, service))
        task = self._readings[service].start()
        done, _ = await asyncio.wait({task}, timeout=within_s)
        return task.result() if done and not task.cancelled() else None

    def cancel(self) -> None:
        """Cancel the requests that still run."""
        for reading in self._readings.values():
            reading.cancel()

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
