"""The background task that forgets answers under old Idempotency-Keys: in pieces, at the start and then every hour."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from shared.kit.database import Database, run_sql
from shared.kit.idempotency import prune_answers
from shared.kit.resources import Resources

PRUNE_EVERY_S = 3600
FIRST_AFTER_S = 5
"""Seconds after the start: the first requests come first."""

PIECE = 10_000
"""Answers that one transaction forgets, in some tenths of a second; a larger one would hold up the disk."""

PAUSE_S = 0.5
"""Between two pieces, so that a long backlog leaves room for requests: still seventy million answers a day."""

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '/pruning', 0))"

PRUNED = Counter("ntp_pruned_answers_total", "Answers forgotten after their days", ("service",))
PRUNED_AT = Gauge(
    "ntp_pruned_timestamp_seconds", "Unix time when no answer was left that was to be forgotten", ("service",)
)

log = structlog.get_logger()


async def prune_all(service: str, resources: Resources, keep: timedelta) -> int:
    """Forget every answer that is older than `keep`, piece by piece; return how many."""
    total = 0
    while True:
        async with resources.get(Database).writing() as session:
            ((is_first,),) = await run_sql(session, TRY_LOCK)
            if not is_first:
                return total  # another instance prunes
            pruned = await prune_answers(session, resources.clock() - keep, limit=PIECE)
        PRUNED.labels(service).inc(pruned)
        total += pruned
        if pruned < PIECE:
            PRUNED_AT.labels(service).set_to_current_time()
            return total
        await asyncio.sleep(PAUSE_S)


def make_pruning_task(service: str, keep: timedelta) -> Callable[[Resources], Coroutine[Any, Any, None]]:
    """Return the task of a service."""

    async def prune_repeatedly(resources: Resources) -> None:
        await asyncio.sleep(FIRST_AFTER_S)
        while True:
            try:
                pruned = await prune_all(service, resources, keep)
                write = log.info if pruned else log.debug
                write("idempotency keys pruned", pruned=pruned)
            except Exception as error:  # noqa: BLE001 (the next hour tries again)
                log.warning("idempotency keys not pruned", reason=str(error))
            await asyncio.sleep(PRUNE_EVERY_S)

    return prune_repeatedly
