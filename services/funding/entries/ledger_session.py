"""The bench: entries judged in their order, each on the balances that the ones before it leave. Nothing is read or kept.

Whoever calls has locked what the entries touch. One entry or thousands, of one request or of many: the procedure is this.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.funding import rules
from services.funding.assignments.actions import holders, require_not_allocated, require_room
from services.funding.assignments.rules import PlanKey, Planned, note, out_of_plan, plan_of
from services.funding.entries.validation import EntryCandidate
from services.funding.entries.vouchers import VoucherUsed, differences
from services.funding.ledger import (
    ALLOCATION_KINDS,
    INFLOW_KINDS,
    Amounts,
    Balances,
    Entry,
    EntryKind,
    Line,
    Lot,
    NewEntry,
    Posting,
    Voucher,
)
from services.funding.projects.payments import paid_for
from services.funding.projects.rules import Account
from services.funding.store import Holding
from shared.kit.cooperative import iterate_cooperatively
from shared.kit.problems import Problem

Outcome = Literal["recorded", "existing", "refused"]

EMPTY = Amounts()

TAKES: Mapping[EntryKind, Callable[[Line, Balances, int], list[Posting]]] = {
    EntryKind.COMMITMENT: rules.post_commitment,
    EntryKind.DISBURSEMENT: rules.post_disbursement,
    EntryKind.CONFIRMATION: rules.post_confirmation,
    EntryKind.CARRY_OVER: rules.post_carry_over,
    EntryKind.CANCELLATION: rules.post_cancellation,
    EntryKind.RETURN: rules.post_return,
}
"""What takes money out of a line."""


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """What became of one entry. `existing`: its voucher was recorded before, and is not twice."""

    outcome: Outcome
    entry: Entry | None = None
    """Without its postings where it is recorded now."""
    postings: Sequence[Posting] = ()
    problem: Problem | None = None
    balances: Mapping[Lot, Amounts] = field(default_factory=dict)
    """What the lots that it touched hold after it."""
    unallocated_vnd: int | None = None
    project_room_vnd: int | None = None


@dataclass(frozen=True)
class LockedState:
    """What was found under lock before anything was judged."""

    standing: Mapping[Voucher, Entry] = field(default_factory=dict)
    """The entries of vouchers that were used before."""
    undone: Mapping[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    """The reversals of entries whose undoing is asked for."""
    projects: Mapping[str, Account] = field(default_factory=dict)
    plans: Mapping[PlanKey, Planned] = field(default_factory=dict)
    holding: Holding = field(default_factory=lambda: Holding({}, {}))


class LedgerSession:
    """What the judging leaves: verdicts in order, entries to keep, balances after them."""

    def __init__(self, ground: LockedState) -> None:
        self.ground = ground
        self.verdicts: list[EntryOutcome] = []
        self.kept: list[NewEntry] = []
        self.touched: dict[Lot, Amounts] = {}
        self.unused: set[Voucher] = set()
        """Vouchers that were claimed for entries that are refused."""
        self._by_voucher: dict[Voucher, Entry] = {}
        self._projects = dict(ground.projects)
        self._plans = {key: dict(planned) for key, planned in ground.plans.items()}
        self._undone = dict(ground.undone)
        self._lines: dict[Line, dict[Lot, Amounts]] = {}
        for lot, balance in ground.holding.balances.items():
            self._lines.setdefault(lot.line, {})[lot] = balance

    @property
    def missing(self) -> list[Lot]:
        """Lots that received money and are not there yet."""
        return [lot for lot in self.touched if lot not in self.ground.holding.ids]

    def judge(self, candidate: EntryCandidate) -> None:
        """Give one verdict, and let the entry take effect on the balances where it may."""
        voucher = None if candidate.reversed_entry else candidate.entry.voucher
        known = self._known(voucher)
        try:
            verdict = self._existing(candidate, known) if known else self._take_effect(candidate)
        except Problem as problem:
            verdict = EntryOutcome("refused", problem=problem)
            if known is None and voucher is not None:
                self.unused.add(voucher)
        self.verdicts.append(verdict)

    def refuse(self, problem: Problem) -> None:
        """Give the verdict on what was refused by itself."""
        self.verdicts.append(EntryOutcome("refused", problem=problem))

    def _known(self, voucher: Voucher | None) -> Entry | None:
        if voucher is None:
            return None
        return self.ground.standing.get(voucher) or self._by_voucher.get(voucher)

    @staticmethod
    def _existing(candidate: EntryCandidate, known: Entry) -> EntryOutcome:
        """Answer a voucher that was recorded before by its entry, or refuse another content under it."""
        differs = differences(candidate.entry, known, dated=candidate.dated)
        if differs:
            assert known.voucher is not None
            raise VoucherUsed(known.voucher, known, differs)
        return EntryOutcome("existing", known)

    def _take_effect(self, candidate: EntryCandidate) -> EntryOutcome:
        entry = candidate.entry
        account = None
        if candidate.reversed_entry is not None:
            self._require_standing(candidate.reversed_entry)
        else:
            account = paid_for(self._projects, entry, f"{candidate.pointer}/project")
        unallocated = self._unallocated(candidate)
        postings = self._postings(candidate)
        after = rules.apply_postings({each.lot: self._balance(each.lot) for each in postings}, postings)
        for lot, balance in after.items():
            self._lines.setdefault(lot.line, {})[lot] = balance
        self.touched.update(after)
        if account is not None:
            self._projects[account.code] = account
        for each in postings if self._plans else ():
            if (planned := self._plans.get(plan_of(each.lot.line))) is not None:
                note(planned, each)
        if candidate.reversed_entry and candidate.reversed_entry.id and entry.id:
            self._undone[candidate.reversed_entry.id] = entry.id
        self.kept.append(NewEntry(entry, postings))
        if entry.voucher is not None and not candidate.reversed_entry:
            self._by_voucher[entry.voucher] = entry
            self.unused.discard(entry.voucher)
        room = account.room_vnd(entry.year) if account is not None else None
        return EntryOutcome("recorded", entry, postings, None, after, unallocated, room)

    def _postings(self, candidate: EntryCandidate) -> list[Posting]:
        entry, line = candidate.entry, candidate.line
        if candidate.reversed_entry is not None:
            return self._opposite(candidate.reversed_entry)
        if entry.kind in INFLOW_KINDS:
            return rules.post_inflow(entry.kind, Lot(line, entry.origin_year or line.year), entry.amount_vnd)
        lots = self._lines.get(line, {})
        if entry.origin_year is not None:
            lots = {lot: lots[lot] for lot in lots if lot.origin_year == entry.origin_year}
        if candidate.to is not None:
            return rules.post_transfer(line, candidate.to, lots, entry.amount_vnd)
        return TAKES[entry.kind](line, lots, entry.amount_vnd)

    def _opposite(self, found: Entry) -> list[Posting]:
        return rules.post_reversal(
            found.kind, found.postings, {lot: self._balance(lot) for lot in found.lots}
        )

    def _require_standing(self, found: Entry) -> None:
        """Refuse to undo an entry twice."""
        assert found.id is not None
        reversed_by = self._undone.get(found.id)
        if reversed_by is not None:
            raise rules.AlreadyReversed(str(found.id), str(reversed_by))

    def _unallocated(self, candidate: EntryCandidate) -> int | None:
        """Hold an allocation, or the undoing of an assignment or a cut, to what was assigned and what is allocated."""
        asked_vnd, entry = _out_of_plan(candidate), candidate.reversed_entry or candidate.entry
        if not asked_vnd:
            return None
        require = require_not_allocated if entry.kind is EntryKind.ASSIGNMENT else require_room
        planned, context = self._plans[plan_of(candidate.line)], candidate.context
        place = (context.territory, planned, candidate.line, entry.effective_on)
        if candidate.reversed_entry is None:
            for holder in holders(*place):  # what a province was assigned is not a district's to allocate
                context.require(entry.program, holder, entry.effective_on)
        return require(*place, asked_vnd)

    def _balance(self, lot: Lot) -> Amounts:
        return self._lines.get(lot.line, {}).get(lot, EMPTY)


def _out_of_plan(candidate: EntryCandidate) -> int:
    """Tell how much an entry takes out of the plan that there must be; 0 where it is not held to it."""
    undone = candidate.reversed_entry
    if undone is None:
        return candidate.entry.amount_vnd if candidate.entry.kind in ALLOCATION_KINDS else 0
    if undone.kind is EntryKind.CANCELLATION:
        return -sum(out_of_plan(each) for each in undone.postings)
    return undone.amount_vnd if undone.kind is EntryKind.ASSIGNMENT else 0


def touches_plan(candidate: EntryCandidate) -> bool:
    """Tell whether nobody else may allocate of the same plan meanwhile."""
    if candidate.reversed_entry is not None:
        return candidate.reversed_entry.kind in {EntryKind.ASSIGNMENT, EntryKind.CANCELLATION}
    return candidate.entry.kind in INFLOW_KINDS


async def judged(considered: Sequence[EntryCandidate | Problem], ground: LockedState) -> LedgerSession:
    """Judge what was considered, in its order."""
    bench = LedgerSession(ground)
    async for each in iterate_cooperatively(considered):
        if isinstance(each, Problem):
            bench.refuse(each)
        else:
            bench.judge(each)
    return bench
