"""Reversals and corrections as clients request them, and whether they are valid by themselves. Pure."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.funding import fault_sentences as sentences
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.request_context import RequestContext
from services.funding.entries.requests import find_decision_fault
from services.funding.entries.validation import require_giver
from services.funding.entry_kinds import REVERSING_KINDS, EntryKind
from services.funding.ledger import Decision, Entry, Line, Voucher
from services.funding.undone_entries import ReversalNotReversible
from services.funding.units import find_last_day
from services.funding.voucher_keys import find_paper_kind, find_paper_year
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, make_fault, raise_if_any


@dataclass(frozen=True, slots=True)
class ReversalRequest:
    """The reversal or the correction of an entry as a client requests it. A correction has the day of the entry."""

    context: RequestContext
    kind: EntryKind
    reverses: uuid.UUID | None
    """The entry's id; None where it could not be read."""
    reason: str
    decision: Decision | None = None
    effective_on: date | None = None
    reopened_by: Decision | None = None
    shape_faults: Collection[Fault] = ()

    @property
    def named_entries(self) -> set[uuid.UUID]:
        """The ids of recorded entries that it names."""
        return {self.reverses} if self.reverses else set()

    @property
    def pointer(self) -> str:
        """The JSON pointer of the entry that the body names."""
        return "/corrects" if self.kind is EntryKind.CORRECTION else "/reverses"

    def find_effective_date(self, reversed_on: date) -> date:
        """Return the day of a correction, or the requested day of a reversal, by default today; not before the entry's."""
        if self.kind is EntryKind.CORRECTION:
            return reversed_on
        return self.effective_on or max(self.context.today, reversed_on)

    def find_faults(self, reversed_on: date | None) -> Iterator[Fault]:
        """Yield the faults of the dates; `reversed_on` is the day of the entry, None where there is no such entry."""
        today = self.context.today
        yield from find_decision_fault(self.decision, today)
        yield from find_decision_fault(self.reopened_by, today, "/reopened_by")
        if self.effective_on is None:
            return
        day = self.effective_on.isoformat()
        if self.effective_on > max(today, reversed_on or today):
            yield make_fault("/effective_on", "date_in_future", sentences.IN_FUTURE, day=day)
        if reversed_on is not None and self.effective_on < reversed_on:
            undone_on = reversed_on.isoformat()
            yield make_fault(
                "/effective_on", "date_before_entry", sentences.BEFORE_ENTRY, day=day, undone_on=undone_on
            )


def build_reversal(request: ReversalRequest, named_entries: Mapping[uuid.UUID, Entry]) -> EntryCandidate:
    """Return the reversal or correction that a request asks for; raise the problem for which it is refused.

    `named_entries` are the recorded entries that requests of the transaction name, by id.
    """
    context = request.context
    entry = named_entries.get(request.reverses) if request.reverses else None
    faults = list(request.shape_faults)
    if entry is None and request.reverses:
        faults.append(
            make_fault(request.pointer, "entry_unknown", sentences.ENTRY_UNKNOWN, entry=request.reverses)
        )
    raise_if_any([*faults, *request.find_faults(entry.effective_on if entry else None)])
    assert entry is not None
    if entry.kind in REVERSING_KINDS:
        raise ReversalNotReversible(str(request.reverses))
    for line in {lot.line for lot in entry.lots}:
        context.require_version(entry.program, (line.unit, line.unit_since), entry.effective_on)
    line = entry.lots[0].line
    require_giver(context, entry.kind, line, find_unit_day(context, line, entry))
    reversal = replace(
        entry,
        kind=request.kind,
        voucher=entry.voucher and _state_paper(entry, entry.voucher),
        postings=(),
        decision=request.decision,
        effective_on=request.find_effective_date(entry.effective_on),
        note=request.reason,
        client_id=context.caller.client_id,
        recorded_at=context.now,
        reverses=request.reverses,
        id=uuid7(context.now),
        sequence=None,
        batch=None,
        distinct_from=None,
        recovered_vnd=0,
        replaces=None,
        reopened_by=request.reopened_by,
    )
    return EntryCandidate(context, reversal, line, reversed_entry=entry)


def _state_paper(entry: Entry, voucher: Voucher) -> Voucher:
    """Return the voucher of an entry with its kind and year, which another entry of the paper may not follow from itself."""
    return replace(voucher, kind=find_paper_kind(entry.kind, voucher), year=find_paper_year(entry, voucher))


def find_unit_day(context: RequestContext, line: Line, entry: Entry) -> date:
    """Return the day of an entry, or the last one of a unit of its lots where that ended before."""
    return find_last_day(context.territory, (line.unit, line.unit_since), entry.effective_on)
