"""What somebody asks of the ledger, judged by itself: its faults, what it is, and whether the caller may.

What is asked of the map and of the rights is asked once for each place and day, however many entries name it.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from services.funding.context import LedgerContext, find_giver_refusal, find_refusal
from services.funding.ledger import (
    INFLOW_KINDS,
    TRANSFER_KINDS,
    Decision,
    Entry,
    EntryKind,
    Line,
    Voucher,
    find_book,
)
from services.funding.proposals import NOT_BELOW, Proposal, faults_of_undoing
from services.funding.rules import ReversalNotReversible
from services.funding.unit_versions import UnitVersion, find_unit_fault, unit_version_on
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, Invalid, Problem, Sentence, make_fault, raise_if_any

ENTRY_UNKNOWN = Sentence("Không có bút toán {entry}.", "There is no entry {entry}.")


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """An entry that somebody asks for. `pointer` is where it stands in the body."""

    context: LedgerContext
    proposal: Proposal
    faults: Collection[Fault] = ()
    batch: uuid.UUID | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class ReversalRequest:
    """The undoing of an entry that somebody asks for."""

    context: LedgerContext
    reverses: uuid.UUID | None
    """None: it could not be read."""
    reason: str
    decision: Decision | None
    effective_on: date | None
    faults: Collection[Fault] = ()


@dataclass(frozen=True, slots=True)
class EntryCandidate:
    """An entry that is right in itself."""

    context: LedgerContext
    entry: Entry
    line: Line
    to: Line | None = None
    """The line that receives money that moves."""
    dated: bool = False
    """Whether its day was said and not defaulted."""
    pointer: str = ""
    reversed_entry: Entry | None = None

    @property
    def lines(self) -> set[Line]:
        """The lines that it may touch."""
        if self.reversed_entry is not None:
            return {lot.line for lot in self.reversed_entry.lots}
        if self.entry.kind is EntryKind.CARRY_OVER:
            return {self.line, replace(self.line, year=self.line.year + 1)}
        return {self.line} if self.to is None else {self.line, self.to}


class EntryValidator:
    """Judges by itself each of what is asked for together. Entries of one voucher share an id: one of them can come to be."""

    def __init__(self, undone: Mapping[uuid.UUID, Entry] | None = None) -> None:
        self._undone = undone or {}
        """The entries whose undoing is asked for, as far as there are any."""
        self._ids: dict[Voucher, uuid.UUID | None] = {}
        self._missing = cache(find_unit_fault)
        self._place = cache(unit_version_on)
        self._refusal = cache(find_refusal)

    def of(self, asked: EntryRequest | ReversalRequest) -> EntryCandidate | Problem:
        """Give the entry that it would be, or say why it cannot be."""
        try:
            return self._entry(asked) if isinstance(asked, EntryRequest) else self._reversal(asked)
        except Problem as problem:
            return problem

    def _entry(self, asked: EntryRequest) -> EntryCandidate:
        context, proposal = asked.context, asked.proposal
        day = proposal.day(context.today)
        faults = [
            *proposal.faults(context.catalogue, context.today),
            *self._faults_of_units(context, proposal, day),
        ]
        if faults or asked.faults:
            at = asked.pointer
            found = [Fault(f"{at}{one.pointer}", one.code, one.sentence) for one in faults] if at else faults
            raise Invalid(faults=[*asked.faults, *found])
        assert proposal.unit is not None
        assert day is not None
        entry, line = _entry_of(asked, day, self._place(context.territory, proposal.unit, day))
        self._require(context, line, day)
        _require_giver(context, entry.kind, line, day)
        if entry.voucher is not None:
            known = self._ids.setdefault(entry.voucher, entry.id)
            entry = entry if known == entry.id else replace(entry, id=known)
        to = self._receiving(context, line, entry)
        if to is not None:
            self._require(context, to, day)
        return EntryCandidate(context, entry, line, to, proposal.effective_on is not None, asked.pointer)

    def _reversal(self, asked: ReversalRequest) -> EntryCandidate:
        context, found = asked.context, self._undone.get(asked.reverses) if asked.reverses else None
        faults = list(asked.faults)
        if found is None and asked.reverses:
            faults.append(make_fault("/reverses", "entry_unknown", ENTRY_UNKNOWN, entry=asked.reverses))
        days = faults_of_undoing(
            found.effective_on if found else None,
            decision=asked.decision,
            effective_on=asked.effective_on,
            today=context.today,
        )
        raise_if_any([*faults, *days])
        assert found is not None
        if found.kind is EntryKind.REVERSAL:
            raise ReversalNotReversible(str(asked.reverses))
        for unit in {lot.line.unit for lot in found.lots}:
            context.require(found.program, unit, found.effective_on)
        _require_giver(context, found.kind, found.lots[0].line, found.effective_on)
        entry = replace(
            found,
            kind=EntryKind.REVERSAL,
            postings=(),
            decision=asked.decision,
            effective_on=asked.effective_on or max(context.today, found.effective_on),
            note=asked.reason,
            client_id=context.caller.client_id,
            recorded_at=context.now,
            reverses=asked.reverses,
            id=uuid7(context.now),
            sequence=None,
            batch=None,
        )
        return EntryCandidate(context, entry, found.lots[0].line, reversed_entry=found)

    def _faults_of_units(
        self, context: LedgerContext, proposal: Proposal, day: date | None
    ) -> Iterator[Fault]:
        """Name units that do not stand on the day, and a unit that does not lie where a sub-allocation must go."""
        unit, to_unit = proposal.unit, proposal.to_unit
        missing = self._missing(context.territory, unit, day) if unit else None
        to_missing = self._missing(context.territory, to_unit, day, "/to_unit") if to_unit else None
        yield from (each for each in (missing, to_missing) if each is not None)
        if proposal.kind is not EntryKind.SUB_ALLOCATION or missing or to_missing:
            return
        if not (unit and to_unit and day) or proposal.unread & {"unit", "to_unit"}:
            return
        if unit == to_unit or not context.territory.is_within(to_unit, unit, day):
            yield make_fault("/to_unit", "unit_not_below", NOT_BELOW, to_unit=to_unit, unit=unit)

    def _receiving(self, context: LedgerContext, line: Line, entry: Entry) -> Line | None:
        """Tell which line receives money that moves."""
        if entry.kind not in TRANSFER_KINDS:
            return None
        unit, since = line.unit, line.unit_since
        if entry.to_unit is not None:
            unit, since = self._place(context.territory, entry.to_unit, entry.effective_on)
        return replace(line, component=entry.to_component or line.component, unit=unit, unit_since=since)

    def _require(self, context: LedgerContext, line: Line, day: date) -> None:
        refusal = self._refusal(context.caller, context.territory, line.program, line.unit, day)
        if refusal is not None:
            raise refusal


def _require_giver(context: LedgerContext, kind: EntryKind, line: Line, day: date) -> None:
    """Let the centre's money come to a unit from above alone, whoever brings it in or undoes that."""
    if kind not in INFLOW_KINDS or line.source not in context.catalogue.counted:
        return
    refusal = find_giver_refusal(context.caller, context.territory, line.source, line.unit, day)
    if refusal is not None:
        raise refusal


def _entry_of(asked: EntryRequest, day: date, place: UnitVersion) -> tuple[Entry, Line]:
    """Take a faultless proposal for what it is."""
    context, proposal = asked.context, asked.proposal
    assert proposal.year is not None
    assert proposal.program is not None
    assert proposal.capital is not None
    assert proposal.source is not None
    assert proposal.amount_vnd is not None
    unit, since = place
    entry = Entry(
        kind=proposal.kind,
        year=proposal.year,
        to_year=proposal.year + 1 if proposal.kind is EntryKind.CARRY_OVER else None,
        program=proposal.program,
        component=proposal.component,
        capital=proposal.capital,
        source=proposal.source,
        unit=unit,
        to_component=None if proposal.to_component == proposal.component else proposal.to_component,
        to_unit=None if proposal.to_unit == proposal.unit else proposal.to_unit,
        origin_year=proposal.origin_year or (proposal.year if proposal.kind in INFLOW_KINDS else None),
        amount_vnd=proposal.amount_vnd,
        decision=proposal.decision,
        voucher=proposal.voucher
        and Voucher(proposal.voucher.source, proposal.voucher.number, find_book(proposal.kind)),
        effective_on=day,
        note=proposal.note,
        client_id=context.caller.client_id,
        recorded_at=context.now,
        postings=(),
        id=uuid7(context.now),
        batch=asked.batch,
        in_kind=proposal.in_kind,
        deadline=proposal.deadline,
        project=proposal.project,
    )
    line = Line(entry.year, entry.program, entry.component, entry.capital, entry.source, entry.unit, since)
    return entry, line
