"""Entries without faults, which the ledger may still refuse. Pure."""

from dataclasses import dataclass
from functools import cached_property

from services.funding.assignments import calculate_allocated
from services.funding.entries.duplicates import Fact, find_fact
from services.funding.entries.request_context import RequestContext
from services.funding.entry_kinds import ALLOCATION_KINDS, INFLOW_KINDS, EntryKind
from services.funding.ledger import Entry, Line
from services.funding.voucher_keys import VoucherKey, find_book, find_voucher_key


@dataclass(frozen=True)
class EntryCandidate:
    """An entry without faults, which the ledger may still refuse. Its keys are calculated once."""

    context: RequestContext
    entry: Entry
    line: Line
    to_line: Line | None = None
    """The line that receives the money of a sub-allocation or a transfer."""
    has_requested_date: bool = False
    """Whether the client named the day on which it takes effect."""
    pointer: str = ""
    reversed_entry: Entry | None = None
    """The entry that a reversal or a correction undoes."""
    recovered_entry: Entry | None = None
    """The payment that a recovery lowers, or the recovery whose money a remittance hands back."""
    takes_all: bool = False
    """Whether a succession moves all that is unspent; its amount follows from the balances then."""

    @cached_property
    def lines(self) -> set[Line]:
        """The lines that the entry can change."""
        named_entry = self.reversed_entry or self.recovered_entry
        if named_entry is not None:
            return {lot.line for lot in named_entry.lots}
        if self.entry.kind is EntryKind.CARRY_OVER:
            return {self.line, self.line._replace(year=self.line.year + 1)}
        return {self.line} if self.to_line is None else {self.line, self.to_line}

    @cached_property
    def voucher_key(self) -> VoucherKey | None:
        """The key of the entry by its voucher; None without one, and for a reversal or correction."""
        if self.reversed_entry is not None:
            return None
        original = self.recovered_entry
        book = find_book(original.kind, original.postings) if original else None
        return find_voucher_key(self.entry, self.line, book)

    @property
    def project(self) -> str | None:
        """The project whose payments the entry changes, and which is locked for it."""
        original = self.reversed_entry
        if original is not None and original.kind is not EntryKind.RECOVERY:
            return None  # less is paid for it then
        return self.entry.project

    @property
    def needs_assignment_lock(self) -> bool:
        """Whether the assignment of its line must be locked."""
        if self.reversed_entry is not None:
            return self.reversed_entry.kind in {EntryKind.ASSIGNMENT, EntryKind.CANCELLATION}
        return self.entry.kind in INFLOW_KINDS

    @property
    def assignment_use_vnd(self) -> int:
        """What it takes out of an assignment, in đồng; 0 where no assignment limits it."""
        original = self.reversed_entry
        if original is None:
            return self.entry.amount_vnd if self.entry.kind in ALLOCATION_KINDS else 0
        if original.kind is EntryKind.CANCELLATION:
            return -sum(calculate_allocated(posting) for posting in original.postings)
        return original.amount_vnd if original.kind is EntryKind.ASSIGNMENT else 0

    @cached_property
    def fact(self) -> Fact | None:
        """The key of the entry; None where its voucher identifies it, for a reversal, and where its amount is still open."""
        if self.takes_all:
            return None
        return find_fact(self.entry, self.line.unit_since)
