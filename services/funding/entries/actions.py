"""Records entries and reversals: one of a request, and as many in a transaction as arrive together.

Whatever it changes is locked in the order of ADR 0011, whether one entry is recorded or thousands; each kind is sorted, and
the change feed is last. Faults of a body are reported before missing rights, and these before missing money.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.closed_years.rules import is_extended
from services.funding.entries import claims, ledger_rows
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.evaluation import LedgerEvaluation
from services.funding.entries.locked_state import LockedState
from services.funding.entries.locking import find_first_day, lock, read_former
from services.funding.entries.outcomes import EntryOutcome
from services.funding.entries.recoveries import RecoveryRequest, build_recovery
from services.funding.entries.requests import EntryRequest
from services.funding.entries.reversals import ReversalRequest, build_reversal
from services.funding.entries.shortage import name_consumers, name_remainders
from services.funding.entries.store import find_entries
from services.funding.entries.validation import EntryValidator
from services.funding.entry_kinds import EntryKind
from services.funding.fault_sentences import ENTRY_UNKNOWN
from services.funding.ledger import Balances, Entry, NewEntry
from services.funding.store import read_balances
from shared.kit.change_feed import Event, lock_feed
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
class InsertedEntries:
    """Entries that were inserted together, in commit order."""

    new_entries: Sequence[NewEntry] = ()
    sequences: Sequence[int] = ()
    recorded_at: datetime | None = None

    def to_entries(self) -> dict[uuid.UUID | None, Entry]:
        """Return the entries as they are recorded, by id."""
        if self.recorded_at is None:
            return {}
        pairs = zip(self.new_entries, self.sequences, strict=True)
        return {new.entry.id: new.to_recorded(self.recorded_at, sequence) for new, sequence in pairs}


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
        recorded = (await insert_and_publish(session, evaluation, clock, make_events)).to_entries()
    balances = await _read_existing_balances(session, evaluation, recorded)
    return [
        _to_result(candidate, outcome, recorded, balances, evaluation.state)
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
    state = await lock(session, new)
    evaluation = await _evaluate(candidates, state)
    while (
        missing := evaluation.missing_lots
    ):  # another transaction may have created one meanwhile: evaluate on its balance
        created = await ledger_rows.create_lots(session, missing, find_first_day(new))
        lots = state.lots | created
        former = await read_former(session, state.closings, lots)
        state = replace(state, lots=lots, former_versions=former)
        evaluation = await _evaluate(candidates, state)
    await name_remainders(session, candidates, evaluation.outcomes)
    return evaluation


async def _evaluate(candidates: Sequence[EntryCandidate | Problem], state: LockedState) -> LedgerEvaluation:
    evaluation = LedgerEvaluation(state)
    async for candidate in iterate_cooperatively(candidates):
        evaluation.evaluate(candidate)
    return evaluation


async def insert_and_publish(
    session: AsyncSession, evaluation: LedgerEvaluation, clock: Clock, make_events: MakeEvents
) -> InsertedEntries:
    """Write balances and, in commit order, entries and their events; return what was inserted."""
    if evaluation.unused_vouchers:
        await claims.release_vouchers(session, evaluation.unused_vouchers)
    if reassigned := evaluation.reassigned_vouchers:
        await claims.reassign_vouchers(
            session,
            {
                key: (entry.voucher, entry.id)
                for key, entry in reassigned.items()
                if entry.voucher and entry.id
            },
        )
    if not evaluation.new_entries:
        return InsertedEntries()
    lot_ids = evaluation.state.lots.ids
    events = make_events([new.entry for new in evaluation.new_entries])
    recorded_at = await lock_feed(session, clock)
    sequences = await ledger_rows.write_entries(session, evaluation.new_entries, lot_ids, recorded_at, events)
    return InsertedEntries(evaluation.new_entries, sequences, recorded_at)


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
    state: LockedState,
) -> RecordedEntry | Problem:
    if isinstance(candidate, Problem) or outcome.entry is None:
        assert outcome.problem is not None
        return outcome.problem
    overdue = is_closing_overdue(candidate, state)
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


def is_closing_overdue(candidate: EntryCandidate, state: LockedState) -> bool:
    """Whether the settlement day of an entry's year is over and the year is not closed."""
    context, line = candidate.context, candidate.line
    if line.year not in state.late_years:
        return False
    if state.find_closing(context.territory, line) is not None:
        return False
    version = (line.unit, line.unit_since)
    return not is_extended(state.extensions, context.territory, line.year, version, context.today)


def is_any_closing_overdue(candidates: Iterable[EntryCandidate | Problem], state: LockedState) -> bool:
    """Whether the closing of the year of any of some entries is overdue."""
    by_line = {candidate.line: candidate for candidate in candidates if isinstance(candidate, EntryCandidate)}
    return any(is_closing_overdue(candidate, state) for candidate in by_line.values())


def make_events(entries: Sequence[Entry]) -> list[Event]:
    """Return an event for each entry."""
    return [_to_event(entry) for entry in entries]


def _to_event(entry: Entry) -> Event:
    data = {name: getattr(entry, name) for name in EVENT_FIELDS}
    if entry.decision is not None:
        data["decision"] = {"number": entry.decision.number, "date": entry.decision.date.isoformat()}
    if entry.reverses is not None:
        data["corrects" if entry.kind is EntryKind.CORRECTION else "reverses"] = str(entry.reverses)
    elif entry.against is not None:
        data["remits" if entry.kind is EntryKind.REMITTANCE else "recovers"] = str(entry.against)
    return Event(f"{entry.kind}.recorded", f"entries/{entry.id}", data)
