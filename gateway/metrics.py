"""A listener of its own for the metrics, on a port that the public does not reach."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from prometheus_client import start_http_server

from shared.kit.health import probe_readiness
from shared.kit.resources import Resources

PROBE_EVERY_S = 5.0
"""The listener answers in a thread, which cannot ask the database: it shows what was read so long ago at most."""

log = structlog.get_logger()


def make_metrics_listener(host: str, port: int) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Return the lifespan that serves `/metrics` at an address. One that is taken is logged, and stops no gateway."""

    @asynccontextmanager
    async def listen() -> AsyncIterator[None]:
        try:
            server, thread = start_http_server(port, host)
        except OSError as error:
            log.error("the metrics are not served", port=port, reason=str(error))  # noqa: TRY400 (no crash)
            yield
            return
        yield
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        await asyncio.to_thread(thread.join)

    return listen


async def probe_repeatedly(resources: Resources) -> None:
    """Read the state of the database, the clock, the disk and the pool for the listener, which only shows them."""
    while True:
        await probe_readiness("gateway", resources)
        await asyncio.sleep(PROBE_EVERY_S)
