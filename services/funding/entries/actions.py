"""What people do with the ledger. Each is one transaction: checked, locked, decided, added, told.

Faults of the body come first, then what the caller may, then what the lots hold. With `dry_run` everything is checked and
decided under the same locks, and nothing is added.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding import rules
from services.funding.assignments.actions import require_not_allocated, require_room
from services.funding.assignments.store import lock_plan
from services.funding.balances import (
    ALLOCATES,
    BRINGS_MONEY,
    MOVES_MONEY,
    Amounts,
    Balances,
    Kind,
    Line,
    Lot,
    Posting,
    book_of,
)
from services.funding.desk import Desk
from services.funding.entries import store
from services.funding.entries.store import Entry, consumers
from services.funding.entries.vouchers import Claimant, VoucherUsed, claim
from services.funding.places import Place, fault_of_unit, place_of
from services.funding.projects.payments import pay_for_project
from services.funding.projects.store import lock_accounts
from services.funding.proposals import NOT_BELOW, Decision, Proposal, Voucher
from services.funding.store import (
    Holding,
    balances_of,
    keep_balances,
    lock_lines,
    lock_lots,
    lock_lots_of,
    open_lots,
)
from shared.kit.feed import Happening, publish, take_write_order
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, Invalid, NotFound, Sentence, fault, refuse

ENTRY_UNKNOWN = Sentence("Không có bút toán {entry}.", "There is no entry {entry}.")

TOLD = (
    "kind", "year", "to_year", "program", "component", "capital", "source", "unit", "to_component", "to_unit",
    "amount_vnd",
)  # fmt: skip
"""What the change feed says of an entry."""


class EntryNotFound(NotFound):
    """No entry has this id."""

    code = "entry_not_found"
    detail = ENTRY_UNKNOWN


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry and what its lots hold after it. `existing`: its voucher was recorded before, and is not twice."""

    entry: Entry
    balances: Mapping[Lot, Amounts]
    existing: bool = False
    unallocated_vnd: int | None = None


async def record(
    desk: Desk, proposal: Proposal, shape_faults: Collection[Fault] = (), *, dry_run: bool = False
) -> Recorded:
    """Record an entry: whole, or refused naming every fault, or refused for lack of money."""
    day = proposal.day(desk.today)
    refuse(
        [*shape_faults, *proposal.faults(desk.catalogue, desk.today), *_faults_of_units(desk, proposal, day)]
    )
    assert proposal.unit is not None
    assert day is not None
    entry, line = entry_of(desk, proposal, day, place_of(desk.territory, proposal.unit, day))
    desk.require(line.program, line.unit, entry.effective_on)

    if entry.voucher is not None:
        claimant = Claimant(entry, dated=proposal.effective_on is not None)
        kept = (await claim(desk.session, [claimant])).get(entry.voucher)
        if kept is not None:
            return await _existing(desk, entry.voucher, claimant, kept)
    if entry.project is not None:
        pay_for_project(await lock_accounts(desk.session, [entry.project]), entry)
    to = _receiving(desk, line, entry)
    if to is not None:
        desk.require(to.program, to.unit, entry.effective_on)
    unallocated = None
    if entry.kind in ALLOCATES:
        unallocated = await require_room(desk, line, entry.effective_on, entry.amount_vnd)
    elif entry.kind in BRINGS_MONEY:
        await lock_plan(desk.session, line)
    try:
        holding, postings = await _post(desk.session, entry, line, to)
    except rules.InsufficientFunds as refusal:
        if dry_run:
            refusal.facts["consumed_by"] = await consumers(desk.session, line, entry.origin_year)
        raise
    done = await _keep(desk, replace(entry, postings=tuple(postings)), holding, dry_run=dry_run)
    return replace(done, unallocated_vnd=unallocated)


async def _existing(desk: Desk, voucher: Voucher, claimant: Claimant, kept: Entry) -> Recorded:
    """Answer a voucher that was recorded before by its entry, or refuse another content under it."""
    differs = claimant.differences(kept)
    if differs:
        raise VoucherUsed(voucher, kept, differs)
    return Recorded(kept, await balances_of(desk.session, kept.lots), existing=True)


async def reverse(
    desk: Desk,
    entry_id: uuid.UUID,
    *,
    reason: str,
    decision: Decision | None,
    effective_on: date | None,
    dry_run: bool = False,
) -> Recorded:
    """Undo one whole entry, once."""
    found = await store.find(desk.session, entry_id)
    if found is None:
        raise Invalid(faults=[fault("/reverses", "entry_unknown", ENTRY_UNKNOWN, entry=entry_id)])
    if found.kind is Kind.REVERSAL:
        raise rules.ReversalNotReversible(str(entry_id))
    desk.require(found.program, found.unit, found.effective_on)

    unallocated = await _unallocated_without(desk, found)
    holding = await lock_lots_of(desk.session, found.year, entry_id)
    await _require_standing(desk.session, found)
    entry = replace(
        found,
        kind=Kind.REVERSAL,
        postings=tuple(rules.reverse(found.kind, found.postings, holding.balances)),
        decision=decision,
        effective_on=effective_on or desk.today,
        note=reason,
        client_id=desk.caller.client_id,
        recorded_at=desk.now,
        reverses=entry_id,
        id=uuid7(desk.now),
        sequence=None,
        batch=None,
    )
    return replace(await _keep(desk, entry, holding, dry_run=dry_run), unallocated_vnd=unallocated)


async def _unallocated_without(desk: Desk, entry: Entry) -> int | None:
    """Hold the undoing of an assignment, or of a cut of the plan, to what was allocated of it meanwhile."""
    line, on = entry.lots[0].line, entry.effective_on
    if entry.kind not in {Kind.ASSIGNMENT, Kind.CANCELLATION}:
        return None
    await lock_plan(desk.session, line)
    await _require_standing(desk.session, entry)
    if entry.kind is Kind.ASSIGNMENT:
        return await require_not_allocated(desk, line, on, entry.amount_vnd)
    cut_vnd = sum(
        each.change.cancelled_vnd for each in entry.postings if each.lot.origin_year == each.lot.line.year
    )
    return await require_room(desk, line, on, cut_vnd) if cut_vnd else None


async def _require_standing(session: AsyncSession, entry: Entry) -> None:
    """Refuse to undo an entry twice; what is known of it before it is locked may be old."""
    assert entry.id is not None
    reversed_by = entry.reversed_by or await store.reversal_of(session, entry.year, entry.id)
    if reversed_by is not None:
        raise rules.AlreadyReversed(str(entry.id), str(reversed_by))


def _faults_of_units(desk: Desk, proposal: Proposal, day: date | None) -> Iterator[Fault]:
    """Name units that do not stand on the day, and a unit that does not lie where a sub-allocation must go."""
    unit, to_unit = proposal.unit, proposal.to_unit
    missing = fault_of_unit(desk.territory, unit, day) if unit else None
    to_missing = fault_of_unit(desk.territory, to_unit, day, "/to_unit") if to_unit else None
    yield from (each for each in (missing, to_missing) if each is not None)
    if proposal.kind is not Kind.SUB_ALLOCATION or missing or to_missing or not (unit and to_unit and day):
        return
    below = unit != to_unit and desk.territory.is_within(to_unit, unit, day)
    if not below and not proposal.unread & {"unit", "to_unit"}:
        yield fault("/to_unit", "unit_not_below", NOT_BELOW, to_unit=to_unit, unit=unit)


def _receiving(desk: Desk, line: Line, entry: Entry) -> Line | None:
    """Tell which line receives money that moves."""
    if entry.kind not in MOVES_MONEY:
        return None
    unit, since = line.unit, line.unit_since
    if entry.to_unit is not None:
        unit, since = place_of(desk.territory, entry.to_unit, entry.effective_on)
    return replace(line, component=entry.to_component or line.component, unit=unit, unit_since=since)


async def _post(
    session: AsyncSession, entry: Entry, line: Line, to: Line | None
) -> tuple[Holding, list[Posting]]:
    """Lock the lots and decide what the entry does to them."""
    amount_vnd = entry.amount_vnd
    if entry.kind in BRINGS_MONEY:
        postings = rules.bring_in(entry.kind, Lot(line, entry.origin_year or line.year), amount_vnd)
        return await open_lots(session, [each.lot for each in postings]), postings
    if to is not None:
        holding = await lock_lines(session, [line, to])
        taken_from = {
            lot: balance
            for lot, balance in holding.balances.items()
            if lot.line == line and entry.origin_year in {None, lot.origin_year}
        }
        postings = rules.move(line, to, taken_from, amount_vnd)
    else:
        holding = await lock_lots(session, line, entry.origin_year)
        postings = TAKES[entry.kind](line, holding.balances, amount_vnd)
    receiving = [each.lot for each in postings if each.lot not in holding.balances]
    if receiving:
        holding |= await open_lots(session, receiving)
    return holding, postings


TAKES: Mapping[Kind, Callable[[Line, Balances, int], list[Posting]]] = {
    Kind.COMMITMENT: rules.commit,
    Kind.DISBURSEMENT: rules.disburse,
    Kind.CONFIRMATION: rules.confirm,
    Kind.CARRY_OVER: rules.carry_over,
    Kind.CANCELLATION: rules.cancel,
    Kind.RETURN: rules.hand_back,
}
"""What takes money out of a line."""


async def _keep(desk: Desk, entry: Entry, holding: Holding, *, dry_run: bool) -> Recorded:
    """Write the balances, then, in the order of commits, the entry and its announcement."""
    session = desk.session
    after = rules.settle(holding.balances, entry.postings)
    touched = {each.lot: after[each.lot] for each in entry.postings}
    if dry_run:
        return Recorded(replace(entry, id=None), touched)
    await keep_balances(session, holding, touched)
    at = await take_write_order(session, desk.clock)
    entry = replace(entry, recorded_at=at)
    entry = replace(entry, sequence=await store.append(session, entry, holding))
    await publish(session, at, [_happening(entry)])
    return Recorded(entry, touched)


def _happening(entry: Entry) -> Happening:
    data = {name: getattr(entry, name) for name in TOLD}
    if entry.reverses is not None:
        data["reverses"] = str(entry.reverses)
    return Happening(f"{entry.kind}.recorded", f"entries/{entry.id}", data)


def entry_of(
    desk: Desk, proposal: Proposal, day: date, place: Place, batch: uuid.UUID | None = None
) -> tuple[Entry, Line]:
    """Take a faultless proposal for what it is."""
    assert proposal.year is not None
    assert proposal.program is not None
    assert proposal.capital is not None
    assert proposal.source is not None
    assert proposal.amount_vnd is not None
    unit, since = place
    entry = Entry(
        kind=proposal.kind,
        year=proposal.year,
        to_year=proposal.year + 1 if proposal.kind is Kind.CARRY_OVER else None,
        program=proposal.program,
        component=proposal.component,
        capital=proposal.capital,
        source=proposal.source,
        unit=unit,
        to_component=None if proposal.to_component == proposal.component else proposal.to_component,
        to_unit=None if proposal.to_unit == proposal.unit else proposal.to_unit,
        origin_year=proposal.origin_year or (proposal.year if proposal.kind in BRINGS_MONEY else None),
        amount_vnd=proposal.amount_vnd,
        decision=proposal.decision,
        voucher=proposal.voucher and replace(proposal.voucher, book=book_of(proposal.kind)),
        effective_on=day,
        note=proposal.note,
        client_id=desk.caller.client_id,
        recorded_at=desk.now,
        postings=(),
        id=uuid7(desk.now),
        batch=batch,
        in_kind=proposal.in_kind,
        deadline=proposal.deadline,
        project=proposal.project,
    )
    line = Line(entry.year, entry.program, entry.component, entry.capital, entry.source, entry.unit, since)
    return entry, line
