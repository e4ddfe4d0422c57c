"""What people do with the ledger: they record entries and undo them, one in a request, as many as come in a transaction.

Faults of the body come first, then what the caller may, then what the lots hold. With `dry_run` everything is checked and
decided under the same locks, and nothing is added.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.consuming import name_consumers
from services.funding.entries.ledger_session import EntryOutcome, LedgerSession
from services.funding.entries.settling import considered, judge, keep
from services.funding.entries.validation import ENTRY_UNKNOWN, EntryCandidate, EntryRequest, ReversalRequest
from services.funding.ledger import Amounts, Balances, Entry, Lot
from services.funding.store import balances_of
from shared.kit.change_feed import Event
from shared.kit.clock import Clock
from shared.kit.problems import NotFound, Problem

TOLD = (
    "kind", "year", "to_year", "program", "component", "capital", "source", "unit", "to_component", "to_unit",
    "amount_vnd",
)  # fmt: skip
"""What the change feed says of an entry."""


class EntryNotFound(NotFound):
    """No entry has this id."""

    code = "entry_not_found"
    detail = ENTRY_UNKNOWN


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry and what its lots hold after it. `existing`: its voucher was recorded before, and is not twice."""

    entry: Entry
    balances: Mapping[Lot, Amounts]
    existing: bool = False
    unallocated_vnd: int | None = None
    project_room_vnd: int | None = None


async def record(
    session: AsyncSession, asked: Sequence[EntryRequest | ReversalRequest], *, dry_run: bool = False
) -> list[Recorded | Problem]:
    """Record entries in their order: each whole, or refused naming every fault, or refused for lack of money."""
    candidates = await considered(session, asked)
    bench = await judge(session, candidates)
    kept: Mapping[uuid.UUID | None, Entry] = {}
    if dry_run:
        for candidate, verdict in zip(candidates, bench.verdicts, strict=True):
            if isinstance(candidate, EntryCandidate) and verdict.problem is not None:
                await name_consumers(session, candidate, verdict.problem)
    else:
        kept = await _kept(session, bench, asked[0].context.clock)
    standing = await _standing(session, bench, kept)
    return [_recorded(each, kept, standing) for each in bench.verdicts]


async def _kept(
    session: AsyncSession, bench: LedgerSession, clock: Clock
) -> Mapping[uuid.UUID | None, Entry]:
    """Keep what was judged to be; gives the entries with their places in the ledger, by id."""
    done = await keep(session, bench, clock, _tell)
    if done.at is None:
        return {}
    pairs = zip(bench.kept, done.sequences, strict=True)
    return {each.entry.id: each.to_recorded(done.at, sequence) for each, sequence in pairs}


async def _standing(
    session: AsyncSession, bench: LedgerSession, kept: Mapping[uuid.UUID | None, Entry]
) -> Balances:
    """Read what the lots of entries that were there before hold now."""
    found = [each.entry for each in bench.verdicts if each.outcome == "existing" and each.entry]
    lots = {lot for each in found for lot in kept.get(each.id, each).lots}
    return await balances_of(session, lots) if lots else {}


def _recorded(
    verdict: EntryOutcome, kept: Mapping[uuid.UUID | None, Entry], standing: Balances
) -> Recorded | Problem:
    """Say what became of an entry; one that was there before, with its lots as they stand now."""
    if verdict.entry is None:
        assert verdict.problem is not None
        return verdict.problem
    entry = kept.get(verdict.entry.id)
    if verdict.outcome == "existing":
        entry = entry or verdict.entry
        its = {lot: balance for lot, balance in standing.items() if lot in entry.lots}
        return Recorded(entry, its, existing=True)
    entry = entry or replace(verdict.entry, id=None, postings=tuple(verdict.postings))
    return Recorded(
        entry,
        verdict.balances,
        unallocated_vnd=verdict.unallocated_vnd,
        project_room_vnd=verdict.project_room_vnd,
    )


def _tell(entries: Sequence[Entry]) -> list[Event]:
    return [_happening(each) for each in entries]


def _happening(entry: Entry) -> Event:
    data = {name: getattr(entry, name) for name in TOLD}
    if entry.reverses is not None:
        data["reverses"] = str(entry.reverses)
    return Event(f"{entry.kind}.recorded", f"entries/{entry.id}", data)
