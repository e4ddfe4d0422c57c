"""The rows that are read under the locks of a transaction before its entries are evaluated. Pure."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.funding.assignments import AssignmentBalance, AssignmentKey
from services.funding.closed_years.rules import (
    Closing,
    FormerVersions,
    ReopeningTooOld,
    SettlementExtension,
    YearClosed,
    find_closing_of_money,
)
from services.funding.dated_balances import LockedLots
from services.funding.deadlines import Extension
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.duplicates import LatestEntries
from services.funding.entry_kinds import EntryKind
from services.funding.ledger import Entry, Line, Lot
from services.funding.projects.rules import ProjectFunding
from services.funding.recoveries.rules import RecoveredAmounts
from services.funding.voucher_keys import VoucherKey
from shared.territory.tree import Territory

COMES_BACK_KINDS = frozenset({EntryKind.RECOVERY, EntryKind.REMITTANCE})
"""Kinds that may change a closed year without the decision that reopens it, after the day of its closing."""


class Reversal(NamedTuple):
    """A reversal or a correction that is recorded."""

    entry: uuid.UUID | None
    kind: EntryKind


@dataclass(frozen=True)
class LockedState:
    """The rows that were read under the locks before anything is evaluated."""

    recorded: Mapping[VoucherKey, Entry] = field(default_factory=dict)
    """The entries of vouchers that were recorded before."""
    undone: Mapping[VoucherKey, Entry] = field(default_factory=dict)
    """The entries of vouchers that were recorded before and were reversed or corrected."""
    adjacent: Mapping[VoucherKey, Sequence[Entry]] = field(default_factory=dict)
    """The entries in effect of papers that differ in the year alone, of the year before or after."""
    replacements: Mapping[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    """The entry in effect that replaces another one, by the id of that one."""
    reversals: Mapping[uuid.UUID, Reversal] = field(default_factory=dict)
    """Recorded reversals and corrections, by the id of the entry that is to be undone."""
    recovered: Mapping[uuid.UUID, RecoveredAmounts] = field(default_factory=dict)
    """Amounts recovered of payments and handed back of recoveries, by the id of the entry."""
    facts: LatestEntries = field(default_factory=lambda: LatestEntries({}, {}))
    """Recorded entries that state the same fact as a candidate."""
    projects: Mapping[str, ProjectFunding] = field(default_factory=dict)
    assignments: Mapping[AssignmentKey, AssignmentBalance] = field(default_factory=dict)
    lots: LockedLots = field(default_factory=lambda: LockedLots({}, {}))
    payment_extensions: Mapping[Lot, Sequence[Extension]] = field(default_factory=dict)
    """Last days of payment that carry-overs set, of the lots to which money comes back after the legal day."""
    closings: Sequence[Closing] = ()
    """Of the years of the lines."""
    late_years: Collection[int] = ()
    """Those of the years whose settlement day by law is over."""
    extensions: Sequence[SettlementExtension] = ()
    """Of those years."""
    former_versions: FormerVersions = field(default_factory=dict)
    """Of those years, where they are closed for some units and money passed on."""

    def find_closing(self, territory: Territory, line: Line) -> Closing | None:
        """Return the closing of the year of a line; None where it is open."""
        if not self.closings:
            return None
        version = (line.unit, line.unit_since)
        return find_closing_of_money(self.closings, territory, line.year, version, self.former_versions)

    def find_closing_of(self, candidate: EntryCandidate) -> Closing | None:
        """Return the closing of the first year of a candidate that is closed."""
        for line in sorted(candidate.lines, key=lambda line: line.year) if self.closings else ():
            closing = self.find_closing(candidate.context.territory, line)
            if closing is not None:
                return closing
        return None

    def require_open(self, candidate: EntryCandidate) -> None:
        """Raise `YearClosed` or `ReopeningTooOld` where a year of an entry is closed and it names no later decision that reopens it.

        A succession reopens nothing: it passes on what is left, and changes no figure of the year on one map. Money that comes
        back after the closing reopens nothing either: it cannot be paid again, but is handed back. Nor does undoing what came
        back in this way, unless a later closing froze it.
        """
        entry = candidate.entry
        closing = None if entry.kind is EntryKind.SUCCESSION else self.find_closing_of(candidate)
        if closing is None:
            return
        if entry.reopened_by is not None:
            if entry.reopened_by.date < closing.decision.date:
                raise ReopeningTooOld(closing, entry.reopened_by)
        elif not (_comes_back_after(closing, entry) or _undoes_what_came_back_after(closing, candidate)):
            raise YearClosed(closing)


def _comes_back_after(closing: Closing, entry: Entry) -> bool:
    return entry.kind in COMES_BACK_KINDS and entry.effective_on > closing.closed_on


def _undoes_what_came_back_after(closing: Closing, candidate: EntryCandidate) -> bool:
    """Whether an entry undoes money that came back after a closing, and that was recorded since without reopening the year."""
    undone = candidate.reversed_entry
    return (
        undone is not None
        and undone.reopened_by is None
        and (undone.sequence or 0) > closing.sequence
        and _comes_back_after(closing, undone)
    )
