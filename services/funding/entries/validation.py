"""Validates each requested entry by itself: its faults, its line, and whether the caller may record it. Pure.

Units and rights are looked up once for each unit and day of a transaction, however many entries name them.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from services.funding.access import find_giver_refusal, find_refusal
from services.funding.entries.requests import EntryRequest, RequestContext, ReversalRequest
from services.funding.fault_sentences import ENTRY_UNKNOWN, NOT_BELOW
from services.funding.ledger import INFLOW_KINDS, TRANSFER_KINDS, Entry, EntryKind, Line, Voucher, find_book
from services.funding.rules import ReversalNotReversible
from services.funding.unit_versions import UnitVersion, find_unit_fault, find_unit_version
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, Invalid, Problem, make_fault, raise_if_any


@dataclass(frozen=True, slots=True)
class EntryCandidate:
    """An entry without faults, which the ledger may still refuse."""

    context: RequestContext
    entry: Entry
    line: Line
    to_line: Line | None = None
    """The line that receives the money of a sub-allocation or a transfer."""
    has_requested_date: bool = False
    """Whether the client named the day on which it takes effect."""
    pointer: str = ""
    reversed_entry: Entry | None = None

    @property
    def lines(self) -> set[Line]:
        """The lines that the entry can change."""
        if self.reversed_entry is not None:
            return {lot.line for lot in self.reversed_entry.lots}
        if self.entry.kind is EntryKind.CARRY_OVER:
            return {self.line, replace(self.line, year=self.line.year + 1)}
        return {self.line} if self.to_line is None else {self.line, self.to_line}


class EntryValidator:
    """Validates the requests of one transaction. Entries with the same voucher get the same id: one of them is recorded."""

    def __init__(self, reversed_entries: Mapping[uuid.UUID, Entry] | None = None) -> None:
        """`reversed_entries` are those that reversals of the transaction name, by id."""
        self._reversed_entries = reversed_entries or {}
        self._ids: dict[Voucher, uuid.UUID | None] = {}
        self._find_unit_fault = cache(find_unit_fault)
        self._find_unit_version = cache(find_unit_version)
        self._find_refusal = cache(find_refusal)

    def validate(self, request: EntryRequest | ReversalRequest) -> EntryCandidate | Problem:
        """Return the entry that a request asks for, or why it is refused."""
        try:
            if isinstance(request, EntryRequest):
                return self._validate_entry(request)
            return self._validate_reversal(request)
        except Problem as problem:
            return problem

    def _validate_entry(self, request: EntryRequest) -> EntryCandidate:
        context, day = request.context, request.find_effective_date()
        faults = [*request.find_faults(), *self._find_unit_faults(request, day)]
        if faults or request.shape_faults:
            raise Invalid(
                faults=[
                    *request.shape_faults,
                    *(replace(fault, pointer=f"{request.pointer}{fault.pointer}") for fault in faults),
                ]
            )
        assert request.unit is not None
        assert day is not None
        entry, line = _to_entry(request, day, self._find_unit_version(context.territory, request.unit, day))
        self._require_granted(context, line, day)
        _require_giver(context, entry.kind, line, day)
        if entry.voucher is not None:
            entry_id = self._ids.setdefault(entry.voucher, entry.id)
            entry = entry if entry_id == entry.id else replace(entry, id=entry_id)
        to_line = self._find_receiving_line(context, line, entry)
        if to_line is not None:
            self._require_granted(context, to_line, day)
        return EntryCandidate(
            context, entry, line, to_line, request.effective_on is not None, request.pointer
        )

    def _validate_reversal(self, request: ReversalRequest) -> EntryCandidate:
        context = request.context
        entry = self._reversed_entries.get(request.reverses) if request.reverses else None
        faults = list(request.shape_faults)
        if entry is None and request.reverses:
            faults.append(make_fault("/reverses", "entry_unknown", ENTRY_UNKNOWN, entry=request.reverses))
        raise_if_any([*faults, *request.find_faults(entry.effective_on if entry else None)])
        assert entry is not None
        if entry.kind is EntryKind.REVERSAL:
            raise ReversalNotReversible(str(request.reverses))
        for unit in {lot.line.unit for lot in entry.lots}:
            context.require(entry.program, unit, entry.effective_on)
        _require_giver(context, entry.kind, entry.lots[0].line, entry.effective_on)
        reversal = replace(
            entry,
            kind=EntryKind.REVERSAL,
            postings=(),
            decision=request.decision,
            effective_on=request.effective_on or max(context.today, entry.effective_on),
            note=request.reason,
            client_id=context.caller.client_id,
            recorded_at=context.now,
            reverses=request.reverses,
            id=uuid7(context.now),
            sequence=None,
            batch=None,
        )
        return EntryCandidate(context, reversal, entry.lots[0].line, reversed_entry=entry)

    def _find_unit_faults(self, request: EntryRequest, day: date | None) -> Iterator[Fault]:
        """Yield that a unit does not exist on the day, or that a sub-allocation goes to no unit below."""
        territory, unit, to_unit = request.context.territory, request.unit, request.to_unit
        fault = self._find_unit_fault(territory, unit, day) if unit else None
        to_fault = self._find_unit_fault(territory, to_unit, day, "/to_unit") if to_unit else None
        yield from (unit_fault for unit_fault in (fault, to_fault) if unit_fault is not None)
        if request.kind is not EntryKind.SUB_ALLOCATION or fault or to_fault:
            return
        if not (unit and to_unit and day) or request.unread & {"unit", "to_unit"}:
            return
        if unit == to_unit or not territory.is_within(to_unit, unit, day):
            yield make_fault("/to_unit", "unit_not_below", NOT_BELOW, to_unit=to_unit, unit=unit)

    def _find_receiving_line(self, context: RequestContext, line: Line, entry: Entry) -> Line | None:
        if entry.kind not in TRANSFER_KINDS:
            return None
        unit, since = line.unit, line.unit_since
        if entry.to_unit is not None:
            unit, since = self._find_unit_version(context.territory, entry.to_unit, entry.effective_on)
        return replace(line, component=entry.to_component or line.component, unit=unit, unit_since=since)

    def _require_granted(self, context: RequestContext, line: Line, day: date) -> None:
        refusal = self._find_refusal(context.caller, context.territory, line.program, line.unit, day)
        if refusal is not None:
            raise refusal


def _require_giver(context: RequestContext, kind: EntryKind, line: Line, day: date) -> None:
    """Raise `GivenFromAbove` where a caller without rights over the unit above brings in central money, or reverses that."""
    if kind not in INFLOW_KINDS or line.source not in context.catalogue.counted_sources:
        return
    refusal = find_giver_refusal(context.caller, context.territory, line.source, line.unit, day)
    if refusal is not None:
        raise refusal


def _to_entry(request: EntryRequest, day: date, unit_version: UnitVersion) -> tuple[Entry, Line]:
    """Return the entry of a request without faults, and its line."""
    context, voucher = request.context, request.voucher
    assert request.year is not None
    assert request.program is not None
    assert request.capital is not None
    assert request.source is not None
    assert request.amount_vnd is not None
    unit, since = unit_version
    entry = Entry(
        kind=request.kind,
        year=request.year,
        to_year=request.year + 1 if request.kind is EntryKind.CARRY_OVER else None,
        program=request.program,
        component=request.component,
        capital=request.capital,
        source=request.source,
        unit=unit,
        to_component=None if request.to_component == request.component else request.to_component,
        to_unit=None if request.to_unit == request.unit else request.to_unit,
        origin_year=request.origin_year or (request.year if request.kind in INFLOW_KINDS else None),
        amount_vnd=request.amount_vnd,
        decision=request.decision,
        voucher=voucher and Voucher(voucher.source, voucher.number, find_book(request.kind)),
        effective_on=day,
        note=request.note,
        client_id=context.caller.client_id,
        recorded_at=context.now,
        postings=(),
        id=uuid7(context.now),
        batch=request.batch,
        in_kind=request.in_kind,
        deadline=request.deadline,
        project=request.project,
    )
    line = Line(entry.year, entry.program, entry.component, entry.capital, entry.source, entry.unit, since)
    return entry, line
