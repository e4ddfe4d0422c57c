"""Entries as clients request them, and the faults that need no other entry and no unit. Pure."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.funding import fault_sentences as sentences
from services.funding.entries.request_context import RequestContext
from services.funding.entry_kinds import INFLOW_KINDS, KINDS_WITH_PAPER, EntryKind
from services.funding.ledger import Capital, Decision, Entry, EntryReference, InKind, Voucher
from shared.kit.problems import Fault, make_fault

LATE_KINDS = frozenset({EntryKind.RETURN, EntryKind.CANCELLATION, EntryKind.TRANSFER, EntryKind.CARRY_OVER})
"""Kinds that settle money of earlier years, so that they may be long after the budget year."""


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
        is_early = self.effective_on.year < self.year - 1
        if is_early or (self.effective_on.year > self.year + 1 and not self._may_be_late(self.effective_on)):
            yield make_fault(
                "/effective_on", "date_far_from_year", sentences.FAR_FROM_YEAR, day=day, year=self.year
            )

    def _may_be_late(self, day: date) -> bool:
        """Whether the entry may be more than a year after its budget year.

        It may replace another one, give money back or move it on, or be of money that passed on from a unit that ended.
        """
        if self.replaces is not None or self.kind in LATE_KINDS:
            return True
        if self.year is None or self.unit is None or self.kind in INFLOW_KINDS:
            return False
        territory = self.context.territory
        unit = territory.find(self.unit, day)
        began_later = unit is not None and unit.valid_from.year > self.year
        return began_later or not territory.same_map(date(self.year + 1, 12, 31), day)

    def find_effective_date(self) -> date | None:
        """Return the requested day, else the decision's date or today, moved into the budget year.

        A return may be later, and so may an entry of a unit that began later. None where the year could not be read.
        """
        if self.effective_on is not None or self.year is None:
            return self.effective_on
        stated = self.decision.date if self.decision else self.context.today
        day = max(stated, date(self.year, 1, 1))
        if self.kind is not EntryKind.RETURN:
            has_next_year = self.kind is EntryKind.CARRY_OVER
            day = min(day, date(self.year + has_next_year, 12, 31))
        return self._move_into_unit(day, stated)

    def _move_into_unit(self, day: date, stated: date) -> date:
        """Return a day, or where the unit began after it, the stated day; not before the first day of the unit."""
        territory = self.context.territory
        if self.unit is None or self.kind in INFLOW_KINDS or territory.find(self.unit, day):
            return day
        unit = territory.find(self.unit, stated) or territory.find(self.unit, self.context.today)
        return max(stated, unit.valid_from) if unit is not None and unit.valid_from > day else day


def find_decision_fault(
    decision: Decision | None, today: date, pointer: str = "/decision"
) -> Iterator[Fault]:
    """Yield that a decision has a day to come."""
    if decision is not None and decision.date > today:
        yield make_fault(
            f"{pointer}/date", "date_in_future", sentences.IN_FUTURE, day=decision.date.isoformat()
        )


def find_reference_faults(
    named_entries: Mapping[uuid.UUID, Entry],
    distinct_from: EntryReference | None,
    replaces: EntryReference | None,
) -> Iterator[Fault]:
    """Yield that an entry named in `distinct_from` or `replaces` does not exist."""
    for name, reference in (("distinct_from", distinct_from), ("replaces", replaces)):
        if reference is not None and reference.entry not in named_entries:
            entry = str(reference.entry)
            yield make_fault(f"/{name}/entry", "entry_unknown", sentences.ENTRY_UNKNOWN, entry=entry)
