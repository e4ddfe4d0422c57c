"""The background task that seals the entries that were recorded since the last block."""

import asyncio

import structlog
from prometheus_client import Gauge

from services.funding.journal import store
from services.funding.journal.rules import Block, seal
from shared.kit.clock import Clock
from shared.kit.database import Database
from shared.kit.resources import Resources
from shared.kit.service import BackgroundTask

MAX_BLOCK_ENTRIES = 500
"""Sealed in one transaction of some tens of milliseconds; more entries make several blocks."""

SEALED_AT = Gauge(
    "ntp_journal_sealed_timestamp_seconds",
    "Unix time when every entry of the ledger was last sealed",
    ("service",),
)

log = structlog.get_logger()


async def seal_next(database: Database, clock: Clock) -> Block | None:
    """Seal one block; None where there is nothing to seal, or while another process seals."""
    async with database.writing() as session:
        if not await store.try_lock_journal(session):
            return None
        previous = await store.find_last_block(session)
        after = previous.last_sequence if previous else 0
        entries = await store.read_entries_after(session, after, MAX_BLOCK_ENTRIES)
        if not entries:
            return None
        sequences, fingerprints = store.list_sequences(entries), store.fingerprint_entries(entries)
        block = seal(previous, sequences, fingerprints, clock())
        await store.insert_block(session, block)
        return block


def seal_repeatedly(every_seconds: float) -> BackgroundTask:
    """Return the task that seals new entries every so many seconds until the service stops."""

    async def seal_new_entries(resources: Resources) -> None:
        while True:
            await asyncio.sleep(every_seconds)
            try:
                while await seal_next(resources.get(Database), resources.clock):
                    pass
                SEALED_AT.labels("funding").set_to_current_time()
            except Exception as error:  # noqa: BLE001 (it tries again the next time)
                log.warning("sealing the journal failed", reason=str(error))

    return seal_new_entries
