"""What people do with the ledger. Each is one transaction: checked, locked, decided, added, told.

Faults of the body come first, then what the caller may, then what the lots hold. With `dry_run` everything is checked and
decided under the same locks, and nothing is added.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import NoReturn, assert_never

from services.funding import rules
from services.funding.desk import Desk
from services.funding.entries import store
from services.funding.entries.store import Entry
from services.funding.entries.vouchers import Claimant, VoucherUsed, claim
from services.funding.places import Place, fault_of_unit, place_of
from services.funding.proposals import Decision, Proposal, Voucher
from services.funding.rules import BRINGS_MONEY, Amounts, Kind, Line, Lot, Posting
from services.funding.store import Holding, balances_of, keep_balances, lock_lots, lock_lots_of, open_lots
from shared.kit.feed import Happening, publish, take_write_order
from shared.kit.ids import uuid7
from shared.kit.problems import Fault, Invalid, NotFound, Sentence, fault, refuse

ENTRY_UNKNOWN = Sentence("Không có bút toán {entry}.", "There is no entry {entry}.")

TOLD = ("kind", "year", "to_year", "program", "component", "capital", "source", "unit", "amount_vnd")
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


async def record(
    desk: Desk, proposal: Proposal, shape_faults: Collection[Fault] = (), *, dry_run: bool = False
) -> Recorded:
    """Record an entry: whole, or refused naming every fault, or refused for lack of money."""
    day = proposal.day(desk.today)
    of_unit = fault_of_unit(desk.territory, proposal.unit, day) if proposal.unit else None
    faults = [*shape_faults, *proposal.faults(desk.catalogue, desk.today), of_unit]
    refuse(each for each in faults if each is not None)
    assert proposal.unit is not None
    assert day is not None
    entry, line = entry_of(desk, proposal, day, place_of(desk.territory, proposal.unit, day))
    desk.require(line.program, line.unit, entry.effective_on)

    if entry.voucher is not None:
        claimant = Claimant(entry, dated=proposal.effective_on is not None)
        kept = (await claim(desk.session, [claimant])).get(entry.voucher)
        if kept is not None:
            return await _existing(desk, entry.voucher, claimant, kept)
    holding, postings = await _post(desk, proposal.kind, line, entry)
    return await _keep(desk, replace(entry, postings=tuple(postings)), holding, dry_run=dry_run)


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

    holding = await lock_lots_of(desk.session, found.year, entry_id)
    reversed_by = await store.reversal_of(desk.session, found.year, entry_id)
    if reversed_by is not None:
        raise rules.AlreadyReversed(str(entry_id), str(reversed_by))
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
    return await _keep(desk, entry, holding, dry_run=dry_run)


async def _post(desk: Desk, kind: Kind, line: Line, entry: Entry) -> tuple[Holding, list[Posting]]:
    """Lock the lots and decide what the entry does to them."""
    session, amount_vnd = desk.session, entry.amount_vnd
    match kind:
        case Kind.OPENING_BALANCE | Kind.ALLOCATION:
            postings = rules.bring_in(kind, Lot(line, entry.origin_year or line.year), amount_vnd)
            return await open_lots(session, [each.lot for each in postings]), postings
        case Kind.COMMITMENT:
            holding = await lock_lots(session, line, entry.origin_year)
            return holding, rules.commit(line, holding.balances, amount_vnd)
        case Kind.DISBURSEMENT:
            holding = await lock_lots(session, line, entry.origin_year)
            return holding, rules.disburse(line, holding.balances, amount_vnd)
        case Kind.CARRY_OVER:
            holding = await lock_lots(session, line, entry.origin_year)
            postings = rules.carry_over(line, holding.balances, amount_vnd)
            receiving = [each.lot for each in postings if each.lot not in holding.balances]
            return holding | await open_lots(session, receiving), postings
        case Kind.REVERSAL:
            return _not_proposed(kind)
    assert_never(kind)


def _not_proposed(kind: Kind) -> NoReturn:
    raise ValueError(f"a {kind} names an entry, not a line")


async def _keep(desk: Desk, entry: Entry, holding: Holding, *, dry_run: bool) -> Recorded:
    """Write the balances, then, in the order of commits, the entry and its announcement."""
    session = desk.session
    after = rules.settle(holding.balances, entry.postings)
    touched = {each.lot: after[each.lot] for each in entry.postings}
    if dry_run:
        return Recorded(replace(entry, id=None), touched)
    await keep_balances(session, holding, touched)
    at = await take_write_order(session, desk.now)
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
        origin_year=proposal.origin_year or (proposal.year if proposal.kind in BRINGS_MONEY else None),
        amount_vnd=proposal.amount_vnd,
        decision=proposal.decision,
        voucher=proposal.voucher,
        effective_on=day,
        note=proposal.note,
        client_id=desk.caller.client_id,
        recorded_at=desk.now,
        postings=(),
        id=uuid7(desk.now),
        batch=batch,
    )
    line = Line(entry.year, entry.program, entry.component, entry.capital, entry.source, entry.unit, since)
    return entry, line
