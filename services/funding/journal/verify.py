"""The check of the whole ledger: the chain of blocks, and every balance recomputed from entry one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.journal import store
from services.funding.journal.rules import faults_of
from services.funding.journal.sealer import MOST_IN_A_BLOCK
from services.funding.ledger import Amounts, Entry, Lot
from services.funding.models import LOTS
from services.funding.store import to_amounts, to_lot


@dataclass
class Findings:
    """What was looked at and what is wrong."""

    blocks: int = 0
    entries: int = 0
    unsealed: int = 0
    lots: int = 0
    head: str | None = None
    """Hash of the last block; noted elsewhere, it proves later that nothing before it was changed."""
    faults: list[str] = field(default_factory=list)


async def verify(session: AsyncSession, noted: str | None = None) -> Findings:
    """Check the ledger as one snapshot shows it; `noted` is a hash that must be in the chain."""
    findings, balances = Findings(), dict[Lot, Amounts]()
    previous, seen = None, 0
    while found := await store.blocks_after(session, previous.height if previous else 0, 100):
        for block in found:
            entries = [each async for each in _entries(session, seen, block.last_sequence)]
            _add_up(balances, entries)
            faults = faults_of(block, previous, store.sequences(entries), store.fingerprints(entries))
            findings.faults.extend(faults)
            findings.blocks += 1
            findings.entries += len(entries)
            noted = None if noted == block.hash else noted
            previous, seen, findings.head = block, block.last_sequence, block.hash
    if noted is not None:
        findings.faults.append(f"no block has the hash {noted}")
    async for entry in _entries(session, seen, None):
        _add_up(balances, [entry])
        findings.unsealed += 1
    findings.entries += findings.unsealed
    await _compare(session, balances, findings)
    return findings


async def _entries(session: AsyncSession, after: int, until: int | None) -> AsyncIterator[Entry]:
    while entries := await store.entries_after(session, after, MOST_IN_A_BLOCK, until=until):
        for entry in entries:
            yield entry
        after = store.sequences(entries)[-1]


def _add_up(balances: dict[Lot, Amounts], entries: list[Entry]) -> None:
    for entry in entries:
        for each in entry.postings:
            balances[each.lot] = balances.get(each.lot, Amounts()) + each.change


async def _compare(session: AsyncSession, balances: dict[Lot, Amounts], findings: Findings) -> None:
    for row in await session.execute(select(LOTS).order_by(LOTS.c.id)):
        findings.lots += 1
        expected = balances.get(to_lot(row), Amounts())
        if to_amounts(row) != expected:
            findings.faults.append(f"lot {row.id} does not hold the sum of its postings")
        if not expected.is_valid:
            findings.faults.append(f"the postings of lot {row.id} leave it below zero")
