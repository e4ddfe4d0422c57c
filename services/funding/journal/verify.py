"""Verifies the whole ledger: the chain of blocks, and every balance recomputed from the first entry on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.journal import store
from services.funding.journal.rules import find_faults
from services.funding.journal.sealer import MAX_BLOCK_ENTRIES
from services.funding.ledger import Amounts, Entry, Lot
from services.funding.models import LOTS

BLOCKS_PER_PAGE = 100


@dataclass
class Findings:
    """The blocks that were verified, and the faults that were found."""

    blocks: int = 0
    entries: int = 0
    unsealed: int = 0
    lots: int = 0
    head: str | None = None
    """Hash of the last block; noted elsewhere, it proves later that nothing before it was changed."""
    faults: list[str] = field(default_factory=list)


async def verify(session: AsyncSession, noted: str | None = None) -> Findings:
    """Verify the ledger in one snapshot; `noted` is a hash that must be in the chain."""
    findings, balances = Findings(), dict[Lot, Amounts]()
    previous, sealed_until = None, 0
    while blocks := await store.read_blocks_after(
        session, previous.height if previous else 0, BLOCKS_PER_PAGE
    ):
        for block in blocks:
            entries = [entry async for entry in _read_entries(session, sealed_until, block.last_sequence)]
            _add_postings(balances, entries)
            sequences, fingerprints = store.list_sequences(entries), store.fingerprint_entries(entries)
            findings.faults.extend(find_faults(block, previous, sequences, fingerprints))
            findings.blocks += 1
            findings.entries += len(entries)
            noted = None if noted == block.hash else noted
            previous, sealed_until, findings.head = block, block.last_sequence, block.hash
    if noted is not None:
        findings.faults.append(f"no block has the hash {noted}")
    async for entry in _read_entries(session, sealed_until, None):
        _add_postings(balances, [entry])
        findings.unsealed += 1
    findings.entries += findings.unsealed
    await _compare_lots(session, balances, findings)
    return findings


async def _read_entries(session: AsyncSession, after: int, until: int | None) -> AsyncIterator[Entry]:
    while entries := await store.read_entries_after(session, after, MAX_BLOCK_ENTRIES, until=until):
        for entry in entries:
            yield entry
        after = store.list_sequences(entries)[-1]


def _add_postings(balances: dict[Lot, Amounts], entries: list[Entry]) -> None:
    for entry in entries:
        for posting in entry.postings:
            balances[posting.lot] = balances.get(posting.lot, Amounts()) + posting.change


async def _compare_lots(session: AsyncSession, balances: dict[Lot, Amounts], findings: Findings) -> None:
    for row in await session.execute(select(LOTS).order_by(LOTS.c.id)):
        findings.lots += 1
        expected = balances.get(Lot.from_row(row), Amounts())
        if Amounts.from_row(row) != expected:
            findings.faults.append(f"lot {row.id} does not hold the sum of its postings")
        if not expected.is_valid:
            findings.faults.append(f"the postings of lot {row.id} leave it below zero")
