"""Records entries and reversals: one of a request, and as many in a transaction as arrive together.

Whatever it changes is locked in the order of ADR 0011, whether one entry is recorded or thousands; each kind is sorted, and
the change feed is last. Faults of a body are reported before missing rights, and these before missing money.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.assignments import find_assignment_key
from services.funding.closed_years.rules import Closing, find_closing, is_overdue
from services.funding.closed_years.store import lock_years_shared
from services.funding.entries import claims, ledger_rows
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.evaluation import LedgerEvaluation, LockedState, needs_assignment_lock
from services.funding.entries.outcomes import EntryOutcome
from services.funding.entries.recoveries import RecoveryRequest, build_recovery
from services.funding.entries.requests import EntryRequest
from services.funding.entries.reversals import ReversalRequest, build_reversal
from services.funding.entries.shortage import name_consumers, name_remainders
from services.funding.entries.store import find_entries, find_latest_entries, find_recovered, find_reversals
from services.funding.entries.validation import EntryValidator
from services.funding.entry_kinds import INFLOW_KINDS, RECOVERABLE_KINDS, EntryKind
from services.funding.fault_sentences import ENTRY_UNKNOWN
from services.funding.ledger import Balances, Entry
from services.funding.projects.store import lock_projects
from services.funding.store import read_balances
from services.funding.voucher_keys import VoucherKey
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.clock import Clock
from shared.kit.concurrency import iterate_cooperatively
from shared.kit.problems import NotFound, Problem

EVENT_FIELDS = (
    "kind", "year", "to_year", "program", "component", "capital", "source", "unit", "to_component", "to_unit",
    "amount_vnd",
)  # fmt: skip
"""The fields of an entry in its event of the change feed."""

LedgerRequest = EntryRequest | ReversalRequest | RecoveryRequest

MakeEvents = Callable[[Sequence[Entry]], Sequence[Event]]


class EntryNotFound(NotFound):
    """No entry has this id."""

    code = "entry_not_found"
    detail = ENTRY_UNKNOWN


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """An entry and the balances of its lots after it. `existing`: its voucher was recorded before."""

    entry: Entry
    balances: Balances
    existing: bool = False
    unallocated_vnd: int | None = None
    project_room_vnd: int | None = None
    closing_overdue: bool = False
    """Whether its year is not closed although the settlement day is over."""


async def record_entries(
    session: AsyncSession,
    requests: Sequence[LedgerRequest],
    clock: Clock,
    *,
    dry_run: bool = False,
) -> list[RecordedEntry | Problem]:
    """Record entries in their order; return for each what was recorded, or why it was refused.

    A dry run evaluates everything under the same locks and inserts nothing.
    """
    candidates = await _validate(session, requests)
    evaluation = await lock_and_evaluate(session, candidates)
    if dry_run:
        await _explain_refusals(session, candidates, evaluation)
        recorded: Mapping[uuid.UUID | None, Entry] = {}
    else:
        recorded = await insert_and_publish(session, evaluation, clock, make_events)
    balances = await _read_existing_balances(session, evaluation, recorded)
    return [
        _to_result(candidate, outcome, recorded, balances, evaluation.state.closings)
        for candidate, outcome in zip(candidates, evaluation.outcomes, strict=True)
    ]


async def _validate(
    session: AsyncSession, requests: Sequence[LedgerRequest]
) -> list[EntryCandidate | Problem]:
    """Validate each request by itself."""
    ids = {entry_id for request in requests for entry_id in request.named_entries}
    named_entries = await find_entries(session, ids) if ids else {}
    validator = EntryValidator(named_entries)
    return [validate_request(request, validator, named_entries) for request in requests]


def validate_request(
    request: LedgerRequest, validator: EntryValidator, named_entries: Mapping[uuid.UUID, Entry]
) -> EntryCandidate | Problem:
    """Return the entry that a request asks for, or why it is refused; `named_entries` are those that requests name."""
    try:
        match request:
            case EntryRequest():
                return validator.validate(request)
            case ReversalRequest():
                return build_reversal(request, named_entries)
            case RecoveryRequest():
                candidate = build_recovery(request, named_entries)
                return replace(candidate, entry=validator.share_id(candidate.entry, candidate.voucher_key))
    except Problem as problem:
        return problem


async def lock_and_evaluate(
    session: AsyncSession, candidates: Sequence[EntryCandidate | Problem]
) -> LedgerEvaluation:
    """Lock what the candidates change, and evaluate them in their order; create the lots that they are the first to use."""
    new = [candidate for candidate in candidates if isinstance(candidate, EntryCandidate)]
    state = await _lock(session, new)
    evaluation = await _evaluate(candidates, state)
    while (
        missing := evaluation.missing_lots
    ):  # another transaction may have created one meanwhile: evaluate on its balance
        created = await ledger_rows.create_lots(session, missing, _find_first_day(new))
        state = replace(state, lots=state.lots | created)
        evaluation = await _evaluate(candidates, state)
    await name_remainders(session, candidates, evaluation.outcomes)
    return evaluation


async def _lock(session: AsyncSession, candidates: Sequence[EntryCandidate]) -> LockedState:
    """Lock years, vouchers, projects, assignments and lots, and read them.

    Entries that state the same fact lock the same assignment or the same lots, so those found under the locks are all there are.
    """
    years = {line.year for candidate in candidates for line in candidate.lines}
    closings = await lock_years_shared(session, years) if years else []
    recorded = await _claim_vouchers(session, candidates)
    new = [
        candidate
        for candidate in candidates
        if candidate.voucher_key is None or candidate.voucher_key not in recorded
    ]
    codes = {candidate.project for candidate in new if candidate.project}
    assignment_keys = {
        find_assignment_key(candidate.line) for candidate in new if needs_assignment_lock(candidate)
    }
    lines = {line for candidate in new for line in candidate.lines}
    undone = [candidate.reversed_entry for candidate in new if candidate.reversed_entry]
    changed_entries = [
        *undone,
        *(candidate.recovered_entry for candidate in new if candidate.recovered_entry),
    ]
    projects = await lock_projects(session, codes) if codes else {}
    assignments = await ledger_rows.lock_assignments(session, assignment_keys) if assignment_keys else {}
    lots = await ledger_rows.lock_lots(session, lines, _find_first_day(new)) if lines else ledger_rows.NO_LOTS
    reversals = await find_reversals(session, changed_entries) if changed_entries else {}
    may_be_recovered = [entry for entry in changed_entries if entry.kind in RECOVERABLE_KINDS]
    recovered = await find_recovered(session, may_be_recovered) if may_be_recovered else {}
    facts = {fact for candidate in new if (fact := candidate.fact) is not None}
    latest_entries = await find_latest_entries(session, facts) if facts else {}
    return LockedState(recorded, reversals, recovered, latest_entries, projects, assignments, lots, closings)


def _find_first_day(candidates: Sequence[EntryCandidate]) -> date | None:
    """Return the first day on which money is taken from a lot; None where it only comes in."""
    days = (candidate.entry.effective_on for candidate in candidates)
    takes_money = any(candidate.entry.kind not in INFLOW_KINDS for candidate in candidates)
    return min(days) if takes_money else None


async def _claim_vouchers(
    session: AsyncSession, candidates: Sequence[EntryCandidate]
) -> Mapping[VoucherKey, Entry]:
    """Claim the vouchers of new entries; return the entries of those that were recorded before and are in effect."""
    claimed = {
        key: (candidate.entry.voucher, candidate.entry.id)
        for candidate in candidates
        if (key := candidate.voucher_key) and candidate.entry.voucher and candidate.entry.id
    }
    claimed_before = await claims.claim_vouchers(session, claimed) if claimed else {}
    if not claimed_before:
        return {}
    entries = await find_entries(session, claimed_before.values())
    recorded = {
        key: entries[entry_id] for key, entry_id in claimed_before.items() if entries[entry_id].is_in_effect
    }
    free = {key: claimed[key] for key in claimed_before if key not in recorded}
    if free:
        await claims.reassign_vouchers(session, free)
    return recorded


async def _evaluate(candidates: Sequence[EntryCandidate | Problem], state: LockedState) -> LedgerEvaluation:
    evaluation = LedgerEvaluation(state)
    async for candidate in iterate_cooperatively(candidates):
        evaluation.evaluate(candidate)
    return evaluation


async def insert_and_publish(
    session: AsyncSession, evaluation: LedgerEvaluation, clock: Clock, make_events: MakeEvents
) -> dict[uuid.UUID | None, Entry]:
    """Write balances and, in commit order, entries and their events; return the recorded entries by id."""
    if evaluation.unused_vouchers:
        await claims.release_vouchers(session, evaluation.unused_vouchers)
    if not evaluation.new_entries:
        return {}
    lot_ids = evaluation.state.lots.ids
    await ledger_rows.update_balances(session, lot_ids, evaluation.changed_balances)
    recorded_at = await lock_feed(session, clock)
    sequences = await ledger_rows.insert_entries(session, evaluation.new_entries, lot_ids, recorded_at)
    await publish_events(session, recorded_at, make_events([new.entry for new in evaluation.new_entries]))
    pairs = zip(evaluation.new_entries, sequences, strict=True)
    return {new.entry.id: new.to_recorded(recorded_at, sequence) for new, sequence in pairs}


async def _explain_refusals(
    session: AsyncSession, candidates: Sequence[EntryCandidate | Problem], evaluation: LedgerEvaluation
) -> None:
    for candidate, outcome in zip(candidates, evaluation.outcomes, strict=True):
        if isinstance(candidate, EntryCandidate) and outcome.problem is not None:
            await name_consumers(session, candidate, outcome.problem)


async def _read_existing_balances(
    session: AsyncSession, evaluation: LedgerEvaluation, recorded: Mapping[uuid.UUID | None, Entry]
) -> Balances:
    """Read the present balances of the lots of entries that were recorded before."""
    entries = [
        outcome.entry for outcome in evaluation.outcomes if outcome.status == "existing" and outcome.entry
    ]
    lots = {lot for entry in entries for lot in recorded.get(entry.id, entry).lots}
    return await read_balances(session, lots) if lots else {}


def _to_result(
    candidate: EntryCandidate | Problem,
    outcome: EntryOutcome,
    recorded: Mapping[uuid.UUID | None, Entry],
    existing_balances: Balances,
    closings: Sequence[Closing],
) -> RecordedEntry | Problem:
    if isinstance(candidate, Problem) or outcome.entry is None:
        assert outcome.problem is not None
        return outcome.problem
    overdue = _is_closing_overdue(candidate, closings)
    entry = recorded.get(outcome.entry.id)
    if outcome.status == "existing":
        entry = entry or outcome.entry
        balances = {lot: balance for lot, balance in existing_balances.items() if lot in entry.lots}
        return RecordedEntry(entry, balances, existing=True, closing_overdue=overdue)
    return RecordedEntry(
        entry or replace(outcome.entry, id=None, postings=tuple(outcome.postings)),
        outcome.balances,
        unallocated_vnd=outcome.unallocated_vnd,
        project_room_vnd=outcome.project_room_vnd,
        closing_overdue=overdue,
    )


def _is_closing_overdue(candidate: EntryCandidate, closings: Sequence[Closing]) -> bool:
    context, line = candidate.context, candidate.line
    closing = find_closing(closings, context.territory, line.year, (line.unit, line.unit_since))
    return is_overdue(context.deadlines, line.year, context.today, is_closed=closing is not None)


def make_events(entries: Sequence[Entry]) -> list[Event]:
    """Return an event for each entry."""
    return [_to_event(entry) for entry in entries]


def _to_event(entry: Entry) -> Event:
    data = {name: getattr(entry, name) for name in EVENT_FIELDS}
    if entry.reverses is not None:
        data["corrects" if entry.kind is EntryKind.CORRECTION else "reverses"] = str(entry.reverses)
    elif entry.against is not None:
        data["remits" if entry.kind is EntryKind.REMITTANCE else "recovers"] = str(entry.against)
    return Event(f"{entry.kind}.recorded", f"entries/{entry.id}", data)
