"""Recoveries and remittances as clients request them, and whether they are valid by themselves. Pure."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.funding import fault_sentences as sentences
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.request_context import RequestContext
from services.funding.entries.requests import find_decision_fault, find_reference_faults
from services.funding.entry_kinds import PAYMENT_KINDS, EntryKind
from services.funding.ledger import Decision, Entry, EntryReference, Voucher
from services.funding.undone_entries import require_replaceable
from services.funding.voucher_keys import find_book
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, make_fault, raise_if_any


@dataclass(frozen=True, slots=True)
class RecoveryRequest:
    """A recovery of a payment, or a remittance of recovered money, as a client requests it."""

    context: RequestContext
    kind: EntryKind
    against: uuid.UUID | None
    """The id of the payment or recovery; None where it could not be read."""
    amount_vnd: int | None
    voucher: Voucher | None = None
    decision: Decision | None = None
    effective_on: date | None = None
    note: str | None = None
    distinct_from: EntryReference | None = None
    replaces: EntryReference | None = None
    reopened_by: Decision | None = None
    unread: frozenset[str] = frozenset()
    """The fields that could not be read."""
    shape_faults: Collection[Fault] = ()
    batch: uuid.UUID | None = None
    pointer: str = ""
    """The JSON pointer of the request in the body."""

    @property
    def named_entries(self) -> set[uuid.UUID]:
        """The ids of recorded entries that it names."""
        references = {reference.entry for reference in (self.distinct_from, self.replaces) if reference}
        return references | {self.against} if self.against else references

    @property
    def entry_pointer(self) -> str:
        """The JSON pointer of the payment or recovery that the request names."""
        return "/remits" if self.kind is EntryKind.REMITTANCE else "/recovers"

    def find_effective_date(self, paid_on: date) -> date:
        """Return the requested day, else today; not before the day of the payment or recovery."""
        return self.effective_on or max(self.context.today, paid_on)

    def find_faults(self, named_entries: Mapping[uuid.UUID, Entry]) -> Iterator[Fault]:
        """Yield the faults of meaning."""
        entry = named_entries.get(self.against) if self.against else None
        yield from self._find_entry_faults(entry, named_entries)
        if not (self.decision or self.voucher or self.unread & {"decision", "voucher"}):
            yield make_fault("/voucher", "paper_missing", sentences.PAPER_MISSING)
        yield from find_decision_fault(self.decision, self.context.today)
        yield from find_decision_fault(self.reopened_by, self.context.today, "/reopened_by")
        if self.effective_on is None:
            return
        day = self.effective_on.isoformat()
        if self.effective_on > self.context.today:
            yield make_fault("/effective_on", "date_in_future", sentences.IN_FUTURE, day=day)
        if entry is not None and self.effective_on < entry.effective_on:
            paid_on = entry.effective_on.isoformat()
            yield make_fault(
                "/effective_on", "date_before_entry", sentences.BEFORE_PAYMENT, day=day, paid_on=paid_on
            )

    def _find_entry_faults(
        self, entry: Entry | None, named_entries: Mapping[uuid.UUID, Entry]
    ) -> Iterator[Fault]:
        """Yield that a named entry does not exist, or is no payment or recovery."""
        if entry is None and self.against is not None:
            yield make_fault(
                self.entry_pointer, "entry_unknown", sentences.ENTRY_UNKNOWN, entry=str(self.against)
            )
        if entry is not None and self.kind is EntryKind.RECOVERY and entry.kind not in PAYMENT_KINDS:
            yield make_fault(
                self.entry_pointer, "not_a_payment", sentences.NOT_A_PAYMENT, entry=str(self.against)
            )
        if entry is not None and self.kind is EntryKind.REMITTANCE and entry.kind is not EntryKind.RECOVERY:
            yield make_fault(
                self.entry_pointer, "not_a_recovery", sentences.NOT_A_RECOVERY, entry=str(self.against)
            )
        yield from find_reference_faults(named_entries, self.distinct_from, self.replaces)


def build_recovery(request: RecoveryRequest, named_entries: Mapping[uuid.UUID, Entry]) -> EntryCandidate:
    """Return the recovery or remittance that a request asks for; raise the problem for which it is refused.

    `named_entries` are the recorded entries that requests of the transaction name, by id.
    """
    context = request.context
    located = (
        replace(fault, pointer=f"{request.pointer}{fault.pointer}")
        for fault in request.find_faults(named_entries)
    )
    raise_if_any([*request.shape_faults, *located])
    assert request.against is not None
    assert request.amount_vnd is not None
    entry = named_entries[request.against]
    line = entry.lots[0].line
    context.require_version(entry.program, (line.unit, line.unit_since), entry.effective_on)
    require_replaceable(request.kind, named_entries.get(request.replaces.entry) if request.replaces else None)
    book = find_book(entry.kind, entry.postings)
    recovery = replace(
        entry,
        kind=request.kind,
        to_year=None,
        origin_year=None,
        amount_vnd=request.amount_vnd,
        decision=request.decision,
        voucher=request.voucher,
        effective_on=request.find_effective_date(entry.effective_on),
        note=request.note,
        client_id=context.caller.client_id,
        recorded_at=context.now,
        postings=(),
        id=uuid7(context.now),
        sequence=None,
        reversed_by=None,
        corrected_by=None,
        recovered_vnd=0,
        in_kind=None,
        batch=request.batch,
        project=entry.project if request.kind is EntryKind.RECOVERY and book == "agency" else None,
        against=request.against,
        distinct_from=request.distinct_from,
        replaces=request.replaces,
        reopened_by=request.reopened_by,
    )
    return EntryCandidate(
        context,
        recovery,
        line,
        has_requested_date=request.effective_on is not None,
        pointer=request.pointer,
        recovered_entry=entry,
    )
