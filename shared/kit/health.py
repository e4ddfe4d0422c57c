"""The health of a process: `/livez` (it runs), `/readyz` (it can serve, and in what state its parts are), `/metrics`."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from shared.kit.change_feed import MOST_BEHIND, is_accepted, read_newest_change
from shared.kit.database import Database, run_sql
from shared.kit.identity import Anyone
from shared.kit.problems import Unavailable
from shared.kit.resources import CurrentResources, Resources
from shared.kit.routes import OperationRoute
from shared.kit.stopping import StopNotice
from shared.kit.storage import Storage, StorageFull

READY_WITHIN_S = 2
NO_TIME = timedelta()

DATABASE_UP = Gauge("ntp_database_up", "1 while the process reaches its database, else 0", ("service",))
CLOCK_BEHIND = Gauge(
    "ntp_clock_behind_seconds",
    "Seconds that the clock is behind the newest change, 0 where it is not; over 60 writers are refused",
    ("service",),
)

BUILD_INFO = Gauge("ntp_build_info", "1; the label is the version that runs", ("service", "version"))
POOL_CONNECTIONS = Gauge(
    "ntp_pool_connections", "Database connections of the process by state: in_use, free", ("service", "state")
)
LOCK_WAITS = Gauge("ntp_lock_waits", "Statements of the service that wait for a lock now", ("service",))

COUNT_LOCK_WAITS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND wait_event_type = 'Lock'
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state of the parts that a process needs."""

    database_up: bool
    clock_behind: timedelta = NO_TIME
    """How far the newest change is ahead of the clock."""
    clock_accepted: bool = False
    """Whether an operator accepted that, so that writers go on."""
    storage_full: bool = False

    def list_parts(self) -> dict[str, str]:
        """Return the state of each part by its name."""
        storage = {"storage": "full" if self.storage_full else "free"}
        if not self.database_up:
            return {"database": "away", **storage}
        behind = "accepted" if self.clock_accepted else "behind"
        clock = behind if self.clock_behind > MOST_BEHIND else "right"
        return {"database": "ready", "clock": clock, **storage}


async def probe_readiness(name: str, resources: Resources) -> Readiness:
    """Ask the database for the newest change, look at the disk, and show in the metrics what follows."""
    storage_full = resources.get(Storage).is_full()
    try:
        async with asyncio.timeout(READY_WITHIN_S), resources.get(Database).reading() as session:
            _, newest = await read_newest_change(session)
            behind = max(newest - resources.clock(), NO_TIME) if newest is not None else NO_TIME
            ((lock_waits,),) = await run_sql(session, COUNT_LOCK_WAITS)
            LOCK_WAITS.labels(name).set(lock_waits)
            accepted = newest is not None and behind > MOST_BEHIND and await is_accepted(session, newest)
            readiness = Readiness(True, behind, accepted, storage_full)
    except Exception as error:  # noqa: BLE001 (whatever it is, the database does not serve)
        log.debug("database not ready", reason=str(error))
        readiness = Readiness(database_up=False, storage_full=storage_full)
    in_use, free = resources.get(Database).count_connections()
    POOL_CONNECTIONS.labels(name, "in_use").set(in_use)
    POOL_CONNECTIONS.labels(name, "free").set(free)
    DATABASE_UP.labels(name).set(readiness.database_up)
    CLOCK_BEHIND.labels(name).set(readiness.clock_behind.total_seconds())
    return readiness


def health_router(name: str, *, instance: str = "", needs_database: bool, serves_metrics: bool) -> APIRouter:
    """Return the routes of a process; one that serves without its database is ready, and names the part.

    The answers name the instance where several processes serve the same.
    """
    process = {"service": name, **({"instance": instance} if instance else {})}
    router = APIRouter(tags=["health"], route_class=OperationRoute)

    @router.get("/livez", summary="Is the process alive", include_in_schema=False)
    async def livez(_: Anyone) -> dict[str, str]:
        return {**process, "state": "alive"}

    @router.get("/readyz", summary="Can it serve", include_in_schema=False)
    async def readyz(_: Anyone, resources: CurrentResources) -> dict[str, Any]:
        if resources.get(StopNotice).begun:
            raise Unavailable(parts={"process": "stopping"}, headers={"Retry-After": "1"})
        readiness = await probe_readiness(name, resources)
        if needs_database and not readiness.database_up:
            raise (
                StorageFull
                if readiness.storage_full
                else Unavailable(parts=readiness.list_parts(), headers={"Retry-After": "1"})
            )
        return {**process, "state": "ready", "parts": readiness.list_parts()}

    if serves_metrics:

        @router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
        async def metrics(_: Anyone, resources: CurrentResources) -> Response:
            await probe_readiness(name, resources)
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
