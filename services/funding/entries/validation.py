"""Entries as clients request them, and whether they are valid by themselves. Pure.

Faults of shape were found before: a field that could not be read is None here and is not reported again. Units and rights
are looked up once for each unit and day of a transaction, however many entries name them.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache

from services.funding import fault_sentences as sentences
from services.funding import units
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.request_context import RequestContext
from services.funding.entries.requests import EntryRequest, find_reference_faults
from services.funding.entry_kinds import INFLOW_KINDS, TRANSFER_KINDS, EntryKind
from services.funding.ledger import Entry, Line
from services.funding.undone_entries import require_replaceable
from services.funding.voucher_keys import VoucherKey, find_voucher_key
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, Invalid, make_fault


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
            *find_reference_faults(self._named_entries, request.distinct_from, request.replaces),
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
        require_replaceable(entry.kind, self._find_replaced(request))
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

        An entry in place of another one may be later than the end of that one's unit, and the treasury may confirm a payment
        after the end of the unit that paid: then it is the last day of that unit.
        """
        replaced = self._find_replaced(request)
        if day is None:
            return day
        if replaced is None:
            if request.kind is EntryKind.CONFIRMATION and request.unit is not None:
                return units.find_last_existing_day(request.context.territory, request.unit, day)
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

    def _find_receiving_line(
        self, context: RequestContext, line: Line, entry: Entry, day: date
    ) -> Line | None:
        if entry.kind not in TRANSFER_KINDS:
            return None
        unit, since = line.unit, line.unit_since
        if entry.to_unit is not None:
            unit, since = self._find_unit_version(context.territory, entry.to_unit, day)
        return line._replace(component=entry.to_component or line.component, unit=unit, unit_since=since)

    def _require_granted(self, context: RequestContext, line: Line, day: date) -> None:
        """Raise where the caller has no rights over a unit: those of the day, or those over the land of one that ended."""
        if self._find_refusal(context.caller, context.territory, line.program, line.unit, day) is not None:
            context.require_version(line.program, (line.unit, line.unit_since), day)


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
