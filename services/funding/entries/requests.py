"""Entries and reversals as clients request them, and the faults that they have by themselves. Pure.

Faults of shape were found before: a field that could not be read is None here and is not reported again.
"""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.funding.access import Grants
from services.funding.catalogue import FundingCatalogue
from services.funding.fault_sentences import (
    BEFORE_ENTRY,
    DEADLINE_BEFORE_YEAR,
    FAR_FROM_YEAR,
    IN_FUTURE,
    NOT_IN_KIND,
    NOWHERE_TO_GO,
    ORIGIN_AFTER_YEAR,
    PAPER_MISSING,
    TO_YEAR_NOT_NEXT,
)
from services.funding.ledger import INFLOW_KINDS, Capital, Decision, EntryKind, InKind, Voucher
from shared.kit.problems import Fault, make_fault
from shared.territory.tree import Territory

KINDS_WITH_PAPER = frozenset({EntryKind.COMMITMENT, EntryKind.DISBURSEMENT, EntryKind.CONFIRMATION})
"""A voucher or a decision is required for these."""


class RequestContext(Protocol):
    """What the rules know of a request. `context.py` has the one that routes get."""

    @property
    def catalogue(self) -> FundingCatalogue:
        """The codes that entries may name."""

    @property
    def territory(self) -> Territory:
        """The units."""

    @property
    def caller(self) -> Grants:
        """The client and its rights."""

    @property
    def now(self) -> datetime:
        """The instant of the request."""

    @property
    def today(self) -> date:
        """The day of the request in Vietnam."""

    def require(self, program: str, unit: str, on: date) -> None:
        """Raise `Forbidden` where the program or the unit was not granted to the caller."""


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
    unread: frozenset[str] = frozenset()
    """The fields that could not be read."""
    shape_faults: Collection[Fault] = ()
    batch: uuid.UUID | None = None
    pointer: str = ""
    """Where the entry stands in the body, as a JSON pointer."""

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
                yield make_fault("/to_unit", "nowhere_to_go", NOWHERE_TO_GO)
        if (
            self.in_kind
            and self.source in catalogue.sources
            and self.source not in catalogue.non_state_sources
        ):
            yield make_fault("/in_kind", "source_gives_money", NOT_IN_KIND, source=self.source)
        has_paper = self.decision or self.voucher or self.unread & {"decision", "voucher"}
        if self.kind in KINDS_WITH_PAPER and not has_paper:
            yield make_fault("/voucher", "paper_missing", PAPER_MISSING)
        yield from self._find_date_faults(today)

    def _find_year_faults(self) -> Iterator[Fault]:
        if self.year is None:
            return
        if self.to_year is not None and self.to_year != self.year + 1:
            yield make_fault("/to_year", "to_year_not_next", TO_YEAR_NOT_NEXT, next_year=self.year + 1)
        if self.origin_year is not None and self.origin_year > self.year:
            yield make_fault("/origin_year", "origin_year_after_year", ORIGIN_AFTER_YEAR, year=self.year)

    def _find_date_faults(self, today: date) -> Iterator[Fault]:
        if self.year is not None and self.deadline is not None and self.deadline.year <= self.year:
            day, year = self.deadline.isoformat(), self.year + 1
            yield make_fault("/deadline", "deadline_before_year", DEADLINE_BEFORE_YEAR, day=day, year=year)
        yield from _find_decision_fault(self.decision, today)
        if self.effective_on is None:
            return
        day = self.effective_on.isoformat()
        if self.kind not in INFLOW_KINDS and self.effective_on > today:
            yield make_fault("/effective_on", "date_in_future", IN_FUTURE, day=day)
        if self.year is not None and not (self.year - 1 <= self.effective_on.year <= self.year + 1):
            yield make_fault("/effective_on", "date_far_from_year", FAR_FROM_YEAR, day=day, year=self.year)

    def find_effective_date(self) -> date | None:
        """Return the requested day, else the decision's date or today, moved into the budget year.

        None where the year could not be read.
        """
        if self.effective_on is not None or self.year is None:
            return self.effective_on
        first, last = date(self.year, 1, 1), date(self.to_year or self.year, 12, 31)
        return min(max(self.decision.date if self.decision else self.context.today, first), last)


@dataclass(frozen=True, slots=True)
class ReversalRequest:
    """The reversal of an entry as a client requests it."""

    context: RequestContext
    reverses: uuid.UUID | None
    """The entry's id; None where it could not be read."""
    reason: str
    decision: Decision | None
    effective_on: date | None
    shape_faults: Collection[Fault] = ()

    def find_faults(self, reversed_on: date | None) -> Iterator[Fault]:
        """Yield the faults of the dates; `reversed_on` is the day of the entry, None where there is no such entry."""
        today = self.context.today
        yield from _find_decision_fault(self.decision, today)
        if self.effective_on is None:
            return
        day = self.effective_on.isoformat()
        if self.effective_on > max(today, reversed_on or today):
            yield make_fault("/effective_on", "date_in_future", IN_FUTURE, day=day)
        if reversed_on is not None and self.effective_on < reversed_on:
            undone_on = reversed_on.isoformat()
            yield make_fault("/effective_on", "date_before_entry", BEFORE_ENTRY, day=day, undone_on=undone_on)


def _find_decision_fault(decision: Decision | None, today: date) -> Iterator[Fault]:
    if decision is not None and decision.date > today:
        yield make_fault("/decision/date", "date_in_future", IN_FUTURE, day=decision.date.isoformat())
