"""Successions as clients request them: lines of ended units with the unit that takes them over, or all that is proposed. Pure."""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.funding import fault_sentences as sentences
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.request_context import RequestContext
from services.funding.entries.requests import find_decision_fault
from services.funding.entries.validation import require_giver
from services.funding.entry_kinds import EntryKind
from services.funding.ledger import Decision, Entry, Line
from services.funding.ledger_problems import NothingToSucceed
from services.funding.successions.rules import WaitingLot, is_successor, select_proposed
from services.funding.units import find_refusal, find_unit_fault, find_unit_version
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, make_fault, raise_if_any

LINE_FIELDS = ("year", "program", "component", "capital", "source")


@dataclass(frozen=True, slots=True)
class SuccessionLine:
    """Money of a unit that ended, as far as it is narrowed down, and the unit that takes it over."""

    ordinal: int
    unit: str
    to_unit: str
    unit_since: date | None = None
    origin_year: int | None = None
    amount_vnd: int | None = None
    """None: all that is unspent."""
    narrowed_by: Mapping[str, str | int | None] | None = None
    """The members of the line that were named."""

    @property
    def pointer(self) -> str:
        """The JSON pointer of the line in the body."""
        return f"/lines/{self.ordinal}"

    def matches(self, waiting_lot: WaitingLot) -> bool:
        """Whether it means this lot."""
        line = waiting_lot.lot.line
        return (
            line.unit == self.unit
            and self.unit_since in {None, waiting_lot.ended.unit.valid_from, line.unit_since}
            and self.origin_year in {None, waiting_lot.lot.origin_year}
            and all(getattr(line, name) == value for name, value in (self.narrowed_by or {}).items())
        )


@dataclass(frozen=True, slots=True)
class SuccessionRequest:
    """The successions of one body."""

    context: RequestContext
    decision: Decision | None
    """None where it could not be read."""
    effective_on: date | None
    """None: the days from which money of each unit is unspent, the day after its last one at the earliest."""
    proposed: bool
    lines: Sequence[SuccessionLine]
    batch: uuid.UUID
    """The id that its entries have in common."""
    note: str | None = None
    shape_faults: Collection[Fault] = ()
    unread: frozenset[str] = frozenset()

    def find_faults(self, waiting: Sequence[WaitingLot]) -> Iterator[Fault]:
        """Yield the faults of meaning; `waiting` is the money of all units that ended."""
        today = self.context.today
        yield from find_decision_fault(self.decision, today)
        if self.effective_on is not None and self.effective_on > today:
            day = self.effective_on.isoformat()
            yield make_fault("/effective_on", "date_in_future", sentences.IN_FUTURE, day=day)
        if self.proposed == bool(self.lines) and "lines" not in self.unread:
            yield make_fault("/lines", "lines_or_proposed", sentences.LINES_OR_PROPOSED)
        for line in self.lines:
            yield from self._find_line_faults(line, waiting)

    def _find_line_faults(self, line: SuccessionLine, waiting: Sequence[WaitingLot]) -> Iterator[Fault]:
        territory = self.context.territory
        unit_fault = find_unit_fault(territory, line.unit, None, f"{line.pointer}/unit")
        if unit_fault is not None:
            yield unit_fault
            return
        matching = [waiting_lot for waiting_lot in waiting if line.matches(waiting_lot)]
        if not any(waiting_lot.lot.line.unit == line.unit for waiting_lot in waiting):
            yield make_fault(
                f"{line.pointer}/unit", "unit_not_waiting", sentences.UNIT_NOT_WAITING, unit=line.unit
            )
            return
        if line.amount_vnd is not None and len({waiting_lot.lot.line for waiting_lot in matching}) > 1:
            yield make_fault(
                f"{line.pointer}/amount_vnd", "amount_of_several_lines", sentences.AMOUNT_OF_SEVERAL_LINES
            )
        for waiting_lot in matching:
            day = self.effective_on or waiting_lot.ended.first_day
            if day < waiting_lot.ended.first_day:
                first = waiting_lot.ended.first_day.isoformat()
                yield make_fault(
                    "/effective_on", "unit_not_ended", sentences.UNIT_NOT_ENDED, unit=line.unit, first=first
                )
                return
            to_fault = find_unit_fault(territory, line.to_unit, day, f"{line.pointer}/to_unit")
            if to_fault is not None:
                yield to_fault
                return
            if not is_successor(territory, waiting_lot.ended, line.to_unit, self.context.today):
                yield make_fault(
                    f"{line.pointer}/to_unit", "not_the_successor", sentences.NOT_THE_SUCCESSOR,
                    unit=line.unit, to_unit=line.to_unit,
                    answers=", ".join(unit.code for unit in waiting_lot.ended.counterparts),
                )  # fmt: skip
                return

    def list_days(self, waiting: Sequence[WaitingLot], amount_vnd: int | None) -> list[date]:
        """Return the days on which money of a line passes on: of an amount the first one on which there is as much."""
        if self.effective_on is not None:
            return [self.effective_on]
        days = sorted(
            {day for waiting_lot in waiting for day, _ in waiting_lot.free_amounts}
            or {waiting_lot.ended.first_day for waiting_lot in waiting}
        )
        if amount_vnd is None:
            return days
        with_enough = (day for day in days if _sum_free(waiting, day) >= amount_vnd)
        return [next(with_enough, days[-1])]


def _sum_free(waiting: Sequence[WaitingLot], day: date) -> int:
    """Return what is unspent of some lots from a day on."""
    return sum(
        max((amount_vnd for first, amount_vnd in waiting_lot.free_amounts if first <= day), default=0)
        for waiting_lot in waiting
    )


def build_candidates(request: SuccessionRequest, waiting: Sequence[WaitingLot]) -> list[EntryCandidate]:
    """Return an entry for each line that passes on; raise where one has a fault or the caller lacks the right to record it.

    Of a proposal only the lines are taken that the caller was granted.
    """
    raise_if_any([*request.shape_faults, *request.find_faults(waiting)])
    passing: dict[tuple[Line, str, int], tuple[SuccessionLine | None, list[WaitingLot]]] = {}
    for waiting_lot, to_unit, named in _select(request, waiting):
        key = (waiting_lot.lot.line, to_unit, named.ordinal if named else 0)
        passing.setdefault(key, (named, []))[1].append(waiting_lot)
    if not passing:
        raise NothingToSucceed
    return [
        _build_candidate(request, line, to_unit, day, named)
        for (line, to_unit, _), (named, lots) in passing.items()
        for day in request.list_days(lots, named.amount_vnd if named else None)
    ]


def _select(
    request: SuccessionRequest, waiting: Sequence[WaitingLot]
) -> Iterator[tuple[WaitingLot, str, SuccessionLine | None]]:
    if request.proposed:
        for waiting_lot in select_proposed(waiting):
            proposed = waiting_lot.ended.proposed
            if proposed is not None and _is_granted(request, waiting_lot, proposed.code):
                yield waiting_lot, proposed.code, None
        return
    for line in request.lines:
        for waiting_lot in waiting:
            if line.matches(waiting_lot):
                _require_granted(request, waiting_lot, line.to_unit)
                yield waiting_lot, line.to_unit, line


def _is_granted(request: SuccessionRequest, waiting_lot: WaitingLot, to_unit: str) -> bool:
    context = request.context
    units = [to_unit, *(unit.code for unit in waiting_lot.ended.counterparts)]
    program, today = waiting_lot.lot.line.program, context.today
    return all(
        find_refusal(context.caller, context.territory, program, unit, today) is None for unit in units
    )


def _require_granted(request: SuccessionRequest, waiting_lot: WaitingLot, to_unit: str) -> None:
    context, program = request.context, waiting_lot.lot.line.program
    for unit in [*(unit.code for unit in waiting_lot.ended.counterparts), to_unit]:
        context.require(program, unit, context.today)


def _build_candidate(
    request: SuccessionRequest, line: Line, to_unit: str, day: date, named: SuccessionLine | None
) -> EntryCandidate:
    context = request.context
    unit, since = find_unit_version(context.territory, to_unit, day)
    to_line = line._replace(unit=unit, unit_since=since)
    require_giver(context, EntryKind.SUCCESSION, to_line, day)
    amount_vnd = named.amount_vnd if named else None
    entry = Entry(
        kind=EntryKind.SUCCESSION,
        year=line.year,
        to_year=None,
        program=line.program,
        component=line.component,
        capital=line.capital,
        source=line.source,
        unit=line.unit,
        to_unit=unit,
        origin_year=named.origin_year if named else None,
        amount_vnd=amount_vnd or 0,
        decision=request.decision,
        voucher=None,
        effective_on=day,
        note=request.note,
        batch=request.batch,
        client_id=context.caller.client_id,
        recorded_at=context.now,
        postings=(),
        id=uuid7(context.now),
    )
    return EntryCandidate(
        context,
        entry,
        line,
        to_line,
        has_requested_date=request.effective_on is not None,
        pointer=named.pointer if named else "",
        takes_all=amount_vnd is None,
    )
