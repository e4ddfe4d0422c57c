"""Evaluates entries in their order, each on the balances that the entries before it leave. Pure: it reads and writes no table.

The caller has locked what the entries change. The same procedure evaluates one entry or thousands, of one request or of many.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from services.funding import ledger_problems, rules
from services.funding.assignments import (
    add_posting,
    calculate_left_after_allocation,
    calculate_left_after_withdrawal,
    find_assigned_units,
    find_assignment_key,
)
from services.funding.dated_balances import DatedBalance, DatedBalances, Remainder
from services.funding.deadlines import calculate_payable
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.duplicates import (
    Fact,
    require_distinct,
    require_not_corrected,
    require_other_paper,
    require_same,
    require_uncorrected,
)
from services.funding.entries.locked_state import LockedState, Reversal
from services.funding.entries.outcomes import EntryOutcome
from services.funding.entry_kinds import INFLOW_KINDS, EntryKind
from services.funding.ledger import Amounts, Balances, Entry, Line, Lot, NewEntry, Posting
from services.funding.projects.rules import ProjectFunding, calculate_funding_after
from services.funding.recoveries.rules import (
    RecoveredAmounts,
    calculate_renewed,
    require_unrecovered,
    take_latest_first,
)
from services.funding.undone_entries import AlreadyCorrected, AlreadyReplaced, AlreadyReversed
from services.funding.voucher_keys import VoucherKey, find_book
from shared.kit.problems import Problem

NO_MONEY = DatedBalance()

OUTFLOW_RULES: Mapping[EntryKind, Callable[[Line, DatedBalances, date, int], list[Posting]]] = {
    EntryKind.COMMITMENT: rules.post_commitment,
    EntryKind.DISBURSEMENT: rules.post_disbursement,
    EntryKind.CONFIRMATION: rules.post_confirmation,
    EntryKind.CARRY_OVER: rules.post_carry_over,
    EntryKind.CANCELLATION: rules.post_cancellation,
    EntryKind.RETURN: rules.post_return,
}
"""The posting rules of the kinds that take money out of a line."""


class LedgerEvaluation:
    """The evaluation of the candidates of one transaction: outcomes in their order, entries to insert, and balances after them."""

    def __init__(self, state: LockedState) -> None:
        self.state = state
        self.outcomes: list[EntryOutcome] = []
        self.new_entries: list[NewEntry] = []
        self.changed_balances: dict[Lot, Amounts] = {}
        self.unused_vouchers: set[VoucherKey] = set()
        """Vouchers that were claimed for entries that are refused."""
        self._entries: dict[VoucherKey, Entry] = {}
        self._paper_years: set[int] = set()
        """The years of the papers of those entries."""
        self._replacements: dict[uuid.UUID, uuid.UUID | None] = dict(state.replacements.items())
        self._projects = dict(state.projects)
        self._assignments = {key: dict(assignment) for key, assignment in state.assignments.items()}
        self._reversals: dict[uuid.UUID | None, Reversal] = dict(state.reversals.items())
        self._recovered: dict[uuid.UUID | None, RecoveredAmounts] = dict(state.recovered.items())
        self._facts: dict[Fact, uuid.UUID | None] = dict(state.facts.in_effect)
        self._lines: dict[Line, dict[Lot, DatedBalance]] = {}
        for lot, balance in state.lots.balances.items():
            self._lines.setdefault(lot.line, {})[lot] = balance

    @property
    def missing_lots(self) -> list[Lot]:
        """Lots that receive money and have no row yet."""
        return [lot for lot in self.changed_balances if lot not in self.state.lots.ids]

    def evaluate(self, candidate: EntryCandidate | Problem) -> None:
        """Add the outcome of a candidate, and change the balances where it is recorded; a problem is refused as it is."""
        if isinstance(candidate, Problem):
            self.outcomes.append(EntryOutcome("refused", problem=candidate))
            return
        key = candidate.voucher_key
        recorded = self._find_recorded(key)
        try:
            outcome = _find_existing(candidate, recorded) if recorded else self._record(candidate)
        except Problem as problem:
            outcome = EntryOutcome("refused", problem=problem)
            if isinstance(problem, ledger_problems.InsufficientFunds):
                problem.balances = self._read_totals(problem.line)
            if recorded is None and key is not None and key not in self.state.undone:
                self.unused_vouchers.add(key)
        self.outcomes.append(outcome)

    @property
    def reassigned_vouchers(self) -> Mapping[VoucherKey, Entry]:
        """The new entries of vouchers whose earlier entries were undone."""
        return {key: self._entries[key] for key in self.state.undone if key in self._entries}

    def _require_new(self, candidate: EntryCandidate) -> None:
        """Raise where an entry replaces another one again, or may repeat one that was corrected or has another paper year."""
        key, replaces = candidate.voucher_key, candidate.entry.replaces
        if replaces is not None and replaces.entry in self._replacements:
            raise AlreadyReplaced(str(replaces.entry), str(self._replacements[replaces.entry]))
        if key is None:
            return
        undone = self.state.undone.get(key)
        if undone is not None:
            require_uncorrected(candidate.entry, undone, compare_day=candidate.has_requested_date)
        for other in self.state.adjacent.get(key, ()):
            require_other_paper(candidate.entry, other)
        for year in self._paper_years.intersection(key.adjacent_years):
            if (new := self._entries.get(key.in_year(year))) is not None:
                require_other_paper(candidate.entry, new)

    def _find_recorded(self, key: VoucherKey | None) -> Entry | None:
        return None if key is None else self.state.recorded.get(key) or self._entries.get(key)

    def _record(self, candidate: EntryCandidate) -> EntryOutcome:
        entry, fact = candidate.entry, candidate.fact
        for named_entry in (candidate.reversed_entry, candidate.recovered_entry):
            if named_entry is not None:
                self._require_unreversed(named_entry)
        if fact is not None:
            require_distinct(entry, self._facts.get(fact))
            if fact not in self._facts:
                corrected = self.state.facts.corrected.get(fact)
                require_not_corrected(entry, corrected, compare_day=candidate.has_requested_date)
        self._require_new(candidate)
        self.state.require_open(candidate)
        project = self._calculate_project_funding(candidate)
        unallocated_vnd = self._calculate_unallocated(candidate)
        postings = self._post(candidate)
        if candidate.takes_all:
            entry = replace(entry, amount_vnd=sum(posting.change.succeeded_in_vnd for posting in postings))
        after = self._apply(entry.effective_on, postings)
        if entry.against is not None:
            recovered = self._recovered.get(entry.against, RecoveredAmounts())
            self._recovered[entry.against] = recovered.add(entry.effective_on, postings)
        if project is not None:
            self._projects[project.code] = project
        self._remember(candidate, entry)
        self.new_entries.append(NewEntry(entry, postings))
        payable_vnd = project.calculate_payable_vnd(entry.year) if project is not None else None
        return EntryOutcome("recorded", entry, postings, None, after, unallocated_vnd, payable_vnd)

    def _remember(self, candidate: EntryCandidate, entry: Entry) -> None:
        """Keep what entries after this one are compared with."""
        if entry.replaces is not None:
            self._replacements[entry.replaces.entry] = entry.id
        if candidate.fact is not None:
            self._facts[candidate.fact] = entry.id
        if candidate.reversed_entry is not None:
            self._reversals[candidate.reversed_entry.id] = Reversal(entry.id, entry.kind)
        elif (key := candidate.voucher_key) is not None:
            self._entries[key] = entry
            self._paper_years.add(key.paper.year)
            self.unused_vouchers.discard(key)

    def _apply(self, day: date, postings: Sequence[Posting]) -> Balances:
        """Return the balances of the posted lots after the postings of a day; the assignments change with them."""
        dated = rules.apply_postings(
            {posting.lot: self._read_balance(posting.lot) for posting in postings}, day, postings
        )
        for lot, balance in dated.items():
            self._lines.setdefault(lot.line, {})[lot] = balance
        after = {lot: balance.total for lot, balance in dated.items()}
        self.changed_balances.update(after)
        for posting in postings if self._assignments else ():
            if (assignment := self._assignments.get(find_assignment_key(posting.lot.line))) is not None:
                add_posting(assignment, posting)
        return after

    def _post(self, candidate: EntryCandidate) -> list[Posting]:
        entry, line, day = candidate.entry, candidate.line, candidate.entry.effective_on
        if (original := candidate.reversed_entry) is not None:
            require_unrecovered(original, self._recovered.get(original.id, RecoveredAmounts()), day)
            balances = {lot: self._read_balance(lot) for lot in original.lots}
            return rules.post_reversal(original.kind, original.postings, balances, day)
        if (original := candidate.recovered_entry) is not None:
            return self._post_recovered(candidate, original)
        if entry.kind in INFLOW_KINDS:
            lot = Lot(line, entry.origin_year or line.year)
            return rules.post_inflow(entry.kind, lot, entry.amount_vnd)
        lots = self._lines.get(line, {})
        if entry.origin_year is not None:
            lots = {lot: lots[lot] for lot in lots if lot.origin_year == entry.origin_year}
        if candidate.to_line is not None and entry.kind is EntryKind.SUCCESSION:
            return _post_succession(candidate, candidate.to_line, lots)
        if candidate.to_line is not None:
            return rules.post_transfer(line, candidate.to_line, lots, day, entry.amount_vnd)
        return OUTFLOW_RULES[entry.kind](line, lots, day, entry.amount_vnd)

    def _post_recovered(self, candidate: EntryCandidate, original: Entry) -> list[Posting]:
        """Post what comes back of a payment, or is handed back of a recovery."""
        entry = candidate.entry
        recovered = self._recovered.get(original.id, RecoveredAmounts())
        shares = take_latest_first(original, recovered, entry.effective_on, entry.amount_vnd)
        book = find_book(original.kind, original.postings)
        if entry.kind is EntryKind.REMITTANCE:
            return rules.post_remittance(book, shares)
        is_open = entry.reopened_by is not None or self.state.find_closing_of(candidate) is None
        postings = {posting.lot: posting for posting in original.postings}
        return rules.post_recovery(
            book,
            [
                self._find_recovered_share(
                    candidate, postings[lot], amount_vnd, recovered.sum_of(lot), is_open=is_open
                )
                for lot, amount_vnd in shares
            ],
        )

    def _find_recovered_share(
        self,
        candidate: EntryCandidate,
        payment: Posting,
        amount_vnd: int,
        recovered_vnd: int,
        *,
        is_open: bool,
    ) -> rules.RecoveredShare:
        """Return what comes back to a lot of a payment, of which an amount came back before."""
        lot = payment.lot
        remainder = Remainder.from_amounts(self._read_balance(lot).total)
        payable_vnd = calculate_payable(
            candidate.context.deadlines,
            lot,
            self.state.payment_extensions.get(lot, ()),
            candidate.entry.effective_on,
            remainder.unconfirmed_vnd if payment.change.confirmed_vnd else remainder.left_vnd,
            amount_vnd,
        )
        payable_vnd = payable_vnd if is_open else 0
        renewed_vnd = calculate_renewed(payment, recovered_vnd, payable_vnd)
        return rules.RecoveredShare(lot, amount_vnd, amount_vnd - payable_vnd, renewed_vnd)

    def _calculate_project_funding(self, candidate: EntryCandidate) -> ProjectFunding | None:
        """Return the funding of the project of an entry after it; None where it names none, or where less is paid then."""
        if candidate.project is None:
            return None
        if (original := candidate.reversed_entry) is not None:
            return self._projects[candidate.project].add_payment(original.year, original.amount_vnd)
        return calculate_funding_after(self._projects, candidate.entry, f"{candidate.pointer}/project")

    def _require_unreversed(self, entry: Entry) -> None:
        reversal = self._reversals.get(entry.id)
        if reversal is None:
            return
        if reversal.kind is EntryKind.CORRECTION:
            raise AlreadyCorrected(str(entry.id), str(reversal.entry))
        raise AlreadyReversed(str(entry.id), str(reversal.entry))

    def _calculate_unallocated(self, candidate: EntryCandidate) -> int | None:
        """Return what is left to allocate of the assignment after an allocation, or a reversal that changes it; None for others."""
        entry, amount_vnd = candidate.reversed_entry or candidate.entry, candidate.assignment_use_vnd
        if not amount_vnd:
            return None
        context, line, day = candidate.context, candidate.line, entry.effective_on
        assignment, territory = self._assignments[find_assignment_key(line)], context.territory
        if candidate.reversed_entry is None:
            for unit_version in find_assigned_units(territory, assignment, line, day):
                # a district cannot allocate what a province was assigned
                context.require_version(entry.program, unit_version, day)
        calculate_left = (
            calculate_left_after_withdrawal
            if entry.kind is EntryKind.ASSIGNMENT
            else calculate_left_after_allocation
        )
        return calculate_left(territory, assignment, line, day, amount_vnd)

    def _read_totals(self, line: Line) -> Balances:
        return {lot: balance.total for lot, balance in self._lines.get(line, {}).items()}

    def _read_balance(self, lot: Lot) -> DatedBalance:
        return self._lines.get(lot.line, {}).get(lot, NO_MONEY)


def _post_succession(candidate: EntryCandidate, to_line: Line, balances: DatedBalances) -> list[Posting]:
    entry, line = candidate.entry, candidate.line
    amount_vnd = None if candidate.takes_all else entry.amount_vnd
    postings = rules.post_succession(line, to_line, balances, entry.effective_on, amount_vnd)
    if not postings:
        raise ledger_problems.NothingToSucceed(line)
    return postings


def _find_existing(candidate: EntryCandidate, recorded: Entry) -> EntryOutcome:
    require_same(candidate.entry, recorded, compare_day=candidate.has_requested_date)
    return EntryOutcome("existing", recorded)
