"""Entries as clients request them, and whether they are valid by themselves. Pure.

Faults of shape were found before: a field that could not be read is None here and is not reported again. Units and rights
are looked up once for each unit and day of a transaction, however many entries name them.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from services.funding import fault_sentences as sentences
from services.funding import units
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.request_context import RequestContext
from services.funding.ledger import (
    INFLOW_KINDS,
    KINDS_WITH_PAPER,
    REVERSING_KINDS,
    TRANSFER_KINDS,
    Capital,
    Decision,
    Entry,
    EntryKind,
    EntryReference,
    InKind,
    Line,
    Voucher,
)
from services.funding.undone_entries import ReplacedInEffect, ReversalNotReversible
from services.funding.voucher_keys import VoucherKey, find_voucher_key
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, Invalid, make_fault


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """An entry as a client requests it. A field is None where it was left out or could not be read."""

    context: RequestContext
    kind: EntryKind
    year: int | None = None
    to_year: int | None = None
    program: str | None = None
    component: str | None = None
    capital: Capital | None = None
    source: str | None = None
    unit: str | None = None
    to_component: str | None = None
    to_unit: str | None = None
    origin_year: int | None = None
    amount_vnd: int | None = None
    decision: Decision | None = None
    voucher: Voucher | None = None
    effective_on: date | None = None
    note: str | None = None
    in_kind: InKind | None = None
    deadline: date | None = None
    project: str | None = None
    distinct_from: EntryReference | None = None
    replaces: EntryReference | None = None
    reopened_by: Decision | None = None
    unread: frozenset[str] = frozenset()
    """The fields that could not be read."""
    shape_faults: Collection[Fault] = ()
    batch: uuid.UUID | None = None
    pointer: str = ""
    """The JSON pointer of the entry in the body."""

    @property
    def named_entries(self) -> set[uuid.UUID]:
        """The ids of recorded entries that it names."""
        return {reference.entry for reference in (self.distinct_from, self.replaces) if reference}

    def find_faults(self) -> Iterator[Fault]:
        """Yield the faults of meaning, apart from those of units."""
        catalogue, today = self.context.catalogue, self.context.today
        yield from catalogue.find_code_faults(
            program=self.program,
            component=self.component,
            source=self.source,
            year=(self.origin_year or self.year) if self.kind in INFLOW_KINDS else None,
        )
        yield from catalogue.find_component_faults("/to_component", self.program, self.to_component)
        yield from self._find_year_faults()
        unread_target = self.unread & {"unit", "to_unit", "to_component", "component"}
        if self.kind is EntryKind.TRANSFER and not unread_target:
            same_unit = self.to_unit in {None, self.unit}
            if same_unit and self.to_component in {None, self.component}:
                yield make_fault("/to_unit", "nowhere_to_go", sentences.NOWHERE_TO_GO)
        if (
            self.in_kind
            and self.source in catalogue.sources
            and self.source not in catalogue.non_state_sources
        ):
            yield make_fault("/in_kind", "source_gives_money", sentences.NOT_IN_KIND, source=self.source)
        has_paper = self.decision or self.voucher or self.unread & {"decision", "voucher"}
        if self.kind in KINDS_WITH_PAPER and not has_paper:
            yield make_fault("/voucher", "paper_missing", sentences.PAPER_MISSING)
        yield from self._find_date_faults(today)

    def _find_year_faults(self) -> Iterator[Fault]:
        if self.year is None:
            return
        if self.to_year is not None and self.to_year != self.year + 1:
            yield make_fault(
                "/to_year", "to_year_not_next", sentences.TO_YEAR_NOT_NEXT, next_year=self.year + 1
            )
        if self.origin_year is not None and self.origin_year > self.year:
            yield make_fault(
                "/origin_year", "origin_year_after_year", sentences.ORIGIN_AFTER_YEAR, year=self.year
            )

    def _find_voucher_faults(self, today: date) -> Iterator[Fault]:
        if self.voucher is None or self.voucher.dated_on is None:
            return
        day, year = self.voucher.dated_on, self.voucher.year
        if day > today:
            yield make_fault("/voucher/date", "date_in_future", sentences.IN_FUTURE, day=day.isoformat())
        if year not in {None, day.year}:
            yield make_fault(
                "/voucher/year", "year_of_another_date", sentences.YEAR_OF_ANOTHER_DATE, day=day.isoformat()
            )

    def _find_date_faults(self, today: date) -> Iterator[Fault]:
        if self.year is not None and self.deadline is not None and self.deadline.year <= self.year:
            day, year = self.deadline.isoformat(), self.year + 1
            yield make_fault(
                "/deadline", "deadline_before_year", sentences.DEADLINE_BEFORE_YEAR, day=day, year=year
            )
        yield from find_decision_fault(self.decision, today)
        yield from find_decision_fault(self.reopened_by, today, "/reopened_by")
        yield from self._find_voucher_faults(today)
        if self.effective_on is None:
            return
        day = self.effective_on.isoformat()
        if self.kind not in INFLOW_KINDS and self.effective_on > today:
            yield make_fault("/effective_on", "date_in_future", sentences.IN_FUTURE, day=day)
        if self.year is None:
            return
        is_too_late = self.effective_on.year > self.year + 1 and self.replaces is None
        if is_too_late or self.effective_on.year < self.year - 1:
            yield make_fault(
                "/effective_on", "date_far_from_year", sentences.FAR_FROM_YEAR, day=day, year=self.year
            )

    def find_effective_date(self) -> date | None:
        """Return the requested day, else the decision's date or today, moved into the budget year.

        None where the year could not be read.
        """
        if self.effective_on is not None or self.year is None:
            return self.effective_on
        first, last = date(self.year, 1, 1), date(self.to_year or self.year, 12, 31)
        return min(max(self.decision.date if self.decision else self.context.today, first), last)


def find_decision_fault(
    decision: Decision | None, today: date, pointer: str = "/decision"
) -> Iterator[Fault]:
    """Yield that a decision has a day to come."""
    if decision is not None and decision.date > today:
        yield make_fault(
            f"{pointer}/date", "date_in_future", sentences.IN_FUTURE, day=decision.date.isoformat()
        )


class EntryValidator:
    """Validates the requests of one transaction. Entries with the same voucher get the same id: one of them is recorded."""

    def __init__(self, named_entries: Mapping[uuid.UUID, Entry] | None = None) -> None:
        """`named_entries` are the recorded entries that requests of the transaction name, by id."""
        self._named_entries = named_entries or {}
        self._ids: dict[VoucherKey, uuid.UUID | None] = {}
        self._find_unit_fault = cache(units.find_unit_fault)
        self._find_unit_version = cache(units.find_unit_version)
        self._find_refusal = cache(units.find_refusal)

    def share_id(self, entry: Entry, key: VoucherKey | None) -> Entry:
        """Return an entry with the id of the first one of the transaction that has the same voucher."""
        if key is None:
            return entry
        entry_id = self._ids.setdefault(key, entry.id)
        return entry if entry_id == entry.id else replace(entry, id=entry_id)

    def validate(self, request: EntryRequest) -> EntryCandidate:
        """Return the entry that a request asks for; raise the problem for which it is refused."""
        context, day = request.context, request.find_effective_date()
        unit_day = self._find_unit_day(request, day)
        faults = [
            *request.find_faults(),
            *self._find_unit_faults(request, unit_day),
            *self._find_reference_faults(request),
        ]
        if faults or request.shape_faults:
            located = (replace(fault, pointer=f"{request.pointer}{fault.pointer}") for fault in faults)
            raise Invalid(faults=[*request.shape_faults, *located])
        assert request.unit is not None
        assert day is not None
        assert unit_day is not None
        unit_version = self._find_unit_version(context.territory, request.unit, unit_day)
        entry, line = _to_entry(request, day, unit_version)
        self._require_granted(context, line, unit_day)
        require_giver(context, entry.kind, line, unit_day)
        self._require_replaceable(request)
        entry = self.share_id(entry, find_voucher_key(entry, line))
        to_line = self._find_receiving_line(context, line, entry, unit_day)
        if to_line is not None:
            self._require_granted(context, to_line, unit_day)
        return EntryCandidate(
            context, entry, line, to_line, request.effective_on is not None, request.pointer
        )

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
            yield make_fault("/to_unit", "unit_not_below", sentences.NOT_BELOW, to_unit=to_unit, unit=unit)

    def _find_unit_day(self, request: EntryRequest, day: date | None) -> date | None:
        """Return the day on which the units of an entry must exist and the caller have its rights: the entry's own.

        An entry in place of another one may be later than the end of that one's unit: then it is the last day of that unit.
        """
        replaced = self._find_replaced(request)
        if replaced is None or day is None:
            return day
        unit_versions = {lot.line.unit: lot.line.unit_since for lot in replaced.lots}
        if request.unit in unit_versions:
            unit_version = (request.unit, unit_versions[request.unit])
        elif any(self._find_unit_faults(request, day)):
            unit_version = (replaced.lots[0].line.unit, replaced.lots[0].line.unit_since)
        else:
            return day
        return units.find_last_day(request.context.territory, unit_version, day)

    def _find_replaced(self, request: EntryRequest) -> Entry | None:
        return self._named_entries.get(request.replaces.entry) if request.replaces else None

    def _require_replaceable(self, request: EntryRequest) -> None:
        """Raise where the entry to be replaced is in effect, or is itself a reversal or a correction."""
        replaced = self._find_replaced(request)
        if replaced is None:
            return
        if replaced.kind in REVERSING_KINDS:
            raise ReversalNotReversible(str(replaced.id))
        if replaced.is_in_effect:
            raise ReplacedInEffect(str(replaced.id))

    def _find_reference_faults(self, request: EntryRequest) -> Iterator[Fault]:
        """Yield that a named entry does not exist."""
        for name in ("distinct_from", "replaces"):
            reference: EntryReference | None = getattr(request, name)
            if reference is not None and reference.entry not in self._named_entries:
                entry = str(reference.entry)
                yield make_fault(f"/{name}/entry", "entry_unknown", sentences.ENTRY_UNKNOWN, entry=entry)

    def _find_receiving_line(
        self, context: RequestContext, line: Line, entry: Entry, day: date
    ) -> Line | None:
        if entry.kind not in TRANSFER_KINDS:
            return None
        unit, since = line.unit, line.unit_since
        if entry.to_unit is not None:
            unit, since = self._find_unit_version(context.territory, entry.to_unit, day)
        return replace(line, component=entry.to_component or line.component, unit=unit, unit_since=since)

    def _require_granted(self, context: RequestContext, line: Line, day: date) -> None:
        refusal = self._find_refusal(context.caller, context.territory, line.program, line.unit, day)
        if refusal is not None:
            raise refusal


GIVEN_KINDS = INFLOW_KINDS | {EntryKind.SUCCESSION}
"""The kinds that bring money to a unit by the unit above."""


def require_giver(context: RequestContext, kind: EntryKind, line: Line, day: date) -> None:
    """Raise `GivenFromAbove` where a caller without rights over the unit above brings in central money, or reverses that."""
    if kind not in GIVEN_KINDS or line.source not in context.catalogue.counted_sources:
        return
    refusal = units.find_giver_refusal(
        context.caller, context.territory, line.source, line.unit, (day, context.today)
    )
    if refusal is not None:
        raise refusal


COPIED_FIELDS = (
    "kind", "year", "program", "component", "capital", "source", "amount_vnd", "decision", "voucher", "note", "batch", "in_kind",
    "deadline", "project", "distinct_from", "replaces",
    "reopened_by",
)  # fmt: skip
"""The fields of an entry that are those of its request."""


def _to_entry(request: EntryRequest, day: date, unit_version: units.UnitVersion) -> tuple[Entry, Line]:
    """Return the entry of a request without faults, and its line."""
    context, kind, year = request.context, request.kind, request.year
    assert year is not None
    unit, since = unit_version
    entry = Entry(
        **{name: getattr(request, name) for name in COPIED_FIELDS},
        to_year=year + 1 if kind is EntryKind.CARRY_OVER else None,
        unit=unit,
        to_component=None if request.to_component == request.component else request.to_component,
        to_unit=None if request.to_unit == request.unit else request.to_unit,
        origin_year=request.origin_year or (year if kind in INFLOW_KINDS else None),
        effective_on=day,
        client_id=context.caller.client_id,
        recorded_at=context.now,
        postings=(),
        id=uuid7(context.now),
    )
    line = Line(year, entry.program, entry.component, entry.capital, entry.source, unit, since)
    return entry, line
