"""The sealer: a task beside the requests that seals what was committed since it last looked."""

import asyncio

import structlog

from services.funding.journal import store
from services.funding.journal.rules import Block, seal
from shared.kit.clock import Clock
from shared.kit.database import Database
from shared.kit.resources import Resources
from shared.kit.service import BackgroundTask

MOST_IN_A_BLOCK = 500
"""A block is sealed in one transaction and within some tens of milliseconds; a larger backlog makes several."""

log = structlog.get_logger()


async def seal_next(database: Database, clock: Clock) -> Block | None:
    """Seal one block; None where there is nothing to seal, or where another process is at it."""
    async with database.writing() as session:
        if not await store.may_seal(session):
            return None
        previous = await store.last_block(session)
        after = previous.last_sequence if previous else 0
        entries = await store.entries_after(session, after, MOST_IN_A_BLOCK)
        if not entries:
            return None
        block = seal(previous, store.sequences(entries), store.fingerprints(entries), clock())
        await store.keep(session, block)
        return block


def sealing(every_seconds: float) -> BackgroundTask:
    """Seal now and then, without an end."""

    async def seal_now_and_then(resources: Resources) -> None:
        while True:
            await asyncio.sleep(every_seconds)
            try:
                while await seal_next(resources.get(Database), resources.clock):
                    pass
            except Exception as error:  # noqa: BLE001 (the next time tries again)
                log.warning("sealing failed", reason=str(error))

    return seal_now_and_then
