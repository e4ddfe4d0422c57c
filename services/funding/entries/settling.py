"""How entries are settled: everything that they touch is locked in one order, they are judged, and what may be is kept.

The order of locks is the same for one entry and for thousands: vouchers, projects, plans, lots, new lots, and last the
write order of the change feed; each kind sorted. So transactions wait for each other and do not deadlock. One circle is
left: a lot to be opened that another has begun meanwhile, and that a third locked before a lot that is held here. PostgreSQL
breaks it within a second; cases that came together are tried again, one alone is told `busy`, and nothing is kept of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.assignments.rules import plan_of
from services.funding.assignments.store import lock_plans
from services.funding.entries.ledger_session import LedgerSession, LockedState, judged, touches_plan
from services.funding.entries.store import append, find_many, reversals_of
from services.funding.entries.validation import EntryCandidate, EntryRequest, EntryValidator, ReversalRequest
from services.funding.entries.vouchers import claim, forget
from services.funding.ledger import Entry, Voucher
from services.funding.projects.store import lock_accounts
from services.funding.store import Holding, keep_balances, lock_lines, open_lots
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.clock import Clock
from shared.kit.problems import Problem

Tell = Callable[[Sequence[Entry]], Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Kept:
    """When entries were recorded and, in their order, their places in the ledger."""

    at: datetime | None = None
    sequences: Sequence[int] = ()


async def considered(
    session: AsyncSession, asked: Sequence[EntryRequest | ReversalRequest]
) -> list[EntryCandidate | Problem]:
    """Judge each of what is asked for by itself."""
    undone = [each.reverses for each in asked if isinstance(each, ReversalRequest) and each.reverses]
    consideration = EntryValidator(await find_many(session, undone) if undone else None)
    return [consideration.of(each) for each in asked]


async def judge(session: AsyncSession, considered: Sequence[EntryCandidate | Problem]) -> LedgerSession:
    """Lock what the entries touch and judge them in their order; lots that they begin are opened."""
    candidates = [each for each in considered if isinstance(each, EntryCandidate)]
    ground = await _ground(session, candidates)
    bench = await judged(considered, ground)
    while missing := bench.missing:  # a lot that another has begun meanwhile is judged as it stands
        holding = ground.holding | await open_lots(session, missing)
        ground = replace(ground, holding=holding)
        bench = await judged(considered, ground)
    return bench


async def keep(session: AsyncSession, bench: LedgerSession, clock: Clock, tell: Tell) -> Kept:
    """Write balances, then, in the order of commits, the entries and their announcement."""
    if bench.unused:
        await forget(session, bench.unused)
    if not bench.kept:
        return Kept()
    holding = bench.ground.holding
    await keep_balances(session, holding, bench.touched)
    at = await lock_feed(session, clock)
    sequences = await append(session, bench.kept, holding, at)
    await publish_events(session, at, tell([each.entry for each in bench.kept]))
    return Kept(at, sequences)


async def _ground(session: AsyncSession, candidates: Sequence[EntryCandidate]) -> LockedState:
    wanted = {
        each.entry.voucher: each.entry.id
        for each in candidates
        if each.entry.voucher is not None and each.entry.id is not None and not each.reversed_entry
    }
    standing: Mapping[Voucher, Entry] = await claim(session, wanted)
    new = [each for each in candidates if each.reversed_entry or each.entry.voucher not in standing]
    codes = {each.entry.project for each in new if each.entry.project and not each.reversed_entry}
    projects = await lock_accounts(session, codes) if codes else {}
    keys = {plan_of(each.line) for each in new if touches_plan(each)}
    plans = await lock_plans(session, keys) if keys else {}
    lines = {line for each in new for line in each.lines}
    holding = await lock_lines(session, lines) if lines else Holding({}, {})
    undone = [each.reversed_entry for each in new if each.reversed_entry]
    return LockedState(
        standing, await reversals_of(session, undone) if undone else {}, projects, plans, holding
    )
