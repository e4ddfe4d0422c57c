"""Locks what the entries of a transaction change, in the order of ADR 0011, and reads it under the locks."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.assignments import find_assignment_key
from services.funding.closed_years.rules import Closing, FormerVersions, is_overdue
from services.funding.closed_years.store import (
    lock_years_shared,
    read_former_versions,
)
from services.funding.dated_balances import LockedLots
from services.funding.deadlines import Extension, find_deadline
from services.funding.entries import claims, ledger_rows
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.duplicates import LatestEntries
from services.funding.entries.locked_state import LockedState
from services.funding.entries.store import find_entries, find_latest_entries, find_recovered, find_reversals
from services.funding.entry_kinds import INFLOW_KINDS, RECOVERABLE_KINDS, EntryKind
from services.funding.lapses.store import read_extensions
from services.funding.ledger import Entry, Lot
from services.funding.projects.store import lock_projects
from services.funding.store import LedgerFilter
from services.funding.voucher_keys import VoucherKey


async def lock(session: AsyncSession, candidates: Sequence[EntryCandidate]) -> LockedState:
    """Lock years, vouchers, projects, assignments and lots, and read them.

    Entries that state the same fact lock the same assignment or the same lots, so those found under the locks are all there are.
    """
    years = {line.year for candidate in candidates for line in candidate.lines}
    if years:
        await lock_years_shared(session, years)
    claimed = await _claim_vouchers(session, candidates)
    new = [
        candidate
        for candidate in candidates
        if candidate.voucher_key is None or candidate.voucher_key not in claimed.recorded
    ]
    codes = {candidate.project for candidate in new if candidate.project}
    assignment_keys = {
        find_assignment_key(candidate.line) for candidate in new if candidate.needs_assignment_lock
    }
    lines = {line for candidate in new for line in candidate.lines}
    undone = [candidate.reversed_entry for candidate in new if candidate.reversed_entry]
    changed_entries = [
        *undone,
        *(candidate.recovered_entry for candidate in new if candidate.recovered_entry),
    ]
    replaced = {reference.entry for candidate in new if (reference := candidate.entry.replaces)}
    projects = await lock_projects(session, codes) if codes else {}
    replacements = await ledger_rows.lock_replaced(session, replaced) if replaced else {}
    assignments = await ledger_rows.lock_assignments(session, assignment_keys) if assignment_keys else {}
    lots = await ledger_rows.lock_lots(session, lines, find_first_day(new)) if lines else ledger_rows.NO_LOTS
    reversals = await find_reversals(session, changed_entries) if changed_entries else {}
    may_be_recovered = [entry for entry in changed_entries if entry.kind in RECOVERABLE_KINDS]
    recovered = await find_recovered(session, may_be_recovered) if may_be_recovered else {}
    facts = {fact for candidate in new if (fact := candidate.fact) is not None}
    latest_entries = await find_latest_entries(session, facts) if facts else LatestEntries({}, {})
    keys = [key for candidate in new if (key := candidate.voucher_key) is not None]
    late = _find_late_years(candidates)
    rows = await claims.read_years_and_adjacent(session, years, late, keys)
    former = await read_former(session, rows.closings, lots)
    return LockedState(
        recorded=claimed.recorded,
        undone=claimed.undone,
        adjacent=await _find_entries_in_effect(session, rows.adjacent),
        replacements=replacements,
        reversals=reversals,
        recovered=recovered,
        facts=latest_entries,
        projects=projects,
        assignments=assignments,
        lots=lots,
        payment_extensions=await _read_payment_extensions(session, new),
        closings=rows.closings,
        extensions=rows.extensions,
        late_years=late,
        former_versions=former,
    )


async def read_former(session: AsyncSession, closings: Sequence[Closing], lots: LockedLots) -> FormerVersions:
    """Return the units from which money of closed years passed on, where some of the lots took such money over."""
    years = {closing.year for closing in closings}
    took_over = any(
        balance.total.succeeded_in_vnd and lot.line.year in years for lot, balance in lots.balances.items()
    )
    return await read_former_versions(session, years) if took_over else {}


async def _read_payment_extensions(
    session: AsyncSession, candidates: Sequence[EntryCandidate]
) -> Mapping[Lot, Sequence[Extension]]:
    """Return the last days of payment that carry-overs set for the lots to which money comes back after the legal day."""
    late = [
        lot
        for candidate in candidates
        if candidate.entry.kind is EntryKind.RECOVERY and candidate.recovered_entry
        for lot in candidate.recovered_entry.lots
        if lot.origin_year < lot.line.year
        and candidate.entry.effective_on > find_deadline(candidate.context.deadlines, lot).paid_by
    ]
    extensions: dict[Lot, Sequence[Extension]] = {}
    for year in sorted({lot.line.year for lot in late}):
        units = {(lot.line.unit, lot.line.unit_since) for lot in late if lot.line.year == year}
        extensions |= await read_extensions(session, LedgerFilter(year, unit_versions=units))
    return extensions


def _find_late_years(candidates: Sequence[EntryCandidate]) -> set[int]:
    """Return the years of entries whose settlement day by law is over."""
    contexts = {candidate.line.year: candidate.context for candidate in candidates}
    return {
        year
        for year, context in contexts.items()
        if is_overdue(context.deadlines, year, context.today, is_closed=False)
    }


def find_first_day(candidates: Sequence[EntryCandidate]) -> date | None:
    """Return the first day on which money is taken from a lot; None where it only comes in."""
    days = (candidate.entry.effective_on for candidate in candidates)
    takes_money = any(candidate.entry.kind not in INFLOW_KINDS for candidate in candidates)
    return min(days) if takes_money else None


class ClaimedVouchers(NamedTuple):
    """The entries of vouchers that were recorded before: those in effect, and those that were reversed or corrected."""

    recorded: Mapping[VoucherKey, Entry]
    undone: Mapping[VoucherKey, Entry]


async def _claim_vouchers(session: AsyncSession, candidates: Sequence[EntryCandidate]) -> ClaimedVouchers:
    """Claim the vouchers of new entries; return the entries of those that were recorded before."""
    claimed = {
        key: (candidate.entry.voucher, candidate.entry.id)
        for candidate in candidates
        if (key := candidate.voucher_key) and candidate.entry.voucher and candidate.entry.id
    }
    claimed_before = await claims.claim_vouchers(session, claimed) if claimed else {}
    if not claimed_before:
        return ClaimedVouchers({}, {})
    entries_by_id = await find_entries(session, claimed_before.values())
    entries = {key: entries_by_id[entry_id] for key, entry_id in claimed_before.items()}
    return ClaimedVouchers(
        {key: entry for key, entry in entries.items() if entry.is_in_effect},
        {key: entry for key, entry in entries.items() if not entry.is_in_effect},
    )


async def _find_entries_in_effect(
    session: AsyncSession, entry_ids: Mapping[VoucherKey, Sequence[uuid.UUID]]
) -> Mapping[VoucherKey, Sequence[Entry]]:
    """Return the recorded entries of these ids that are in effect, by the same key."""
    if not entry_ids:
        return {}
    entries = await find_entries(session, {entry_id for of_key in entry_ids.values() for entry_id in of_key})
    return {
        key: [
            entries[entry_id] for entry_id in of_key if entry_id in entries and entries[entry_id].is_in_effect
        ]
        for key, of_key in entry_ids.items()
    }
