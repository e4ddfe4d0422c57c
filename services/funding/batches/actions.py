"""What a batch does: every entry judged in the order posted, on the balances that the ones before it leave.

What is right or wrong in itself is found before anything is locked. With `all_or_nothing` one refusal refuses the batch; with
`best_effort` the others are kept. Either way the same batch sent again finds its entries by their vouchers.
"""

import uuid
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.context import LedgerContext
from services.funding.entries.consuming import name_consumers
from services.funding.entries.ledger_session import EntryOutcome, LedgerSession
from services.funding.entries.settling import judge, keep
from services.funding.entries.validation import EntryCandidate, EntryRequest, EntryValidator
from services.funding.ledger import Entry
from services.funding.proposals import Proposal
from shared.kit.change_feed import Event
from shared.kit.clock import Clock
from shared.kit.cooperative import iterate_cooperatively
from shared.kit.ids import uuid7
from shared.kit.problems import Conflict, Fault, Invalid, Problem, Sentence, raise_if_any

Mode = Literal["all_or_nothing", "best_effort"]


class BatchRefused(Conflict):
    """All or nothing was asked for, and something was refused."""

    code = "batch_refused"
    title = Sentence("Lô bị từ chối", "Batch refused")
    detail = Sentence(
        "{refused} trong {received} bút toán bị từ chối; không ghi bút toán nào.",
        "{refused} of {received} entries were refused; none was recorded.",
    )


@dataclass(frozen=True)
class Batch:
    """Entries to record in one transaction, each judged by itself: in its place what it would be, or why it cannot be."""

    id: uuid.UUID
    mode: Mode
    considered: Sequence[EntryCandidate | Problem]


async def consider_batch(
    context: LedgerContext,
    mode: Mode,
    proposals: Mapping[int, Proposal],
    shape_faults: Collection[Fault] = (),
) -> Batch:
    """Judge each entry of a batch by itself; `proposals` by their place in it, those that could not be read left out."""
    batch_id, consideration = uuid7(context.now), EntryValidator()
    unreadable, of_the_body = _by_place(shape_faults)
    raise_if_any(of_the_body)
    found: dict[int, EntryCandidate | Problem] = {}
    async for at, proposal in iterate_cooperatively(proposals.items()):
        found[at] = consideration.of(EntryRequest(context, proposal, (), batch_id, f"/entries/{at}"))
    found |= {at: Invalid(faults=faults) for at, faults in unreadable.items()}
    considered = [found[at] for at in sorted(found)]
    if mode == "all_or_nothing":
        raise_if_any(each for one in considered if isinstance(one, Problem) for each in _faults_of(one))
    return Batch(batch_id, mode, considered)


async def judge_batch(session: AsyncSession, batch: Batch, *, dry_run: bool = False) -> LedgerSession:
    """Judge a batch under one lock over all that it touches: a verdict for each entry, in its place."""
    bench = await judge(session, batch.considered)
    if dry_run:
        await _name_consumers(session, batch.considered, bench.verdicts)
    found = [(at, each.problem) for at, each in enumerate(bench.verdicts) if each.problem is not None]
    if found and batch.mode == "all_or_nothing":
        raise_if_any(each for _, problem in found for each in problem.faults)
        raise BatchRefused(
            received=len(bench.verdicts),
            refused=len(found),
            verdicts=[{"ordinal": at, "code": problem.code, **problem.facts} for at, problem in found],
        )
    return bench


async def keep_batch(session: AsyncSession, batch: Batch, bench: LedgerSession, clock: Clock) -> None:
    """Keep what was judged to be, in the transaction that judged it."""
    await keep(session, bench, clock, lambda kept: [_happening(batch.id, kept)])


async def _name_consumers(
    session: AsyncSession, considered: Sequence[EntryCandidate | Problem], verdicts: Sequence[EntryOutcome]
) -> None:
    """Name what takes the money of each line once, however many entries want it; the others say where."""
    named: dict[Hashable, tuple[int, Problem]] = {}
    for at, (candidate, verdict) in enumerate(zip(considered, verdicts, strict=True)):
        problem = verdict.problem
        if problem is None or isinstance(candidate, Problem):
            continue
        entry = candidate.entry
        place = (problem.code, candidate.line, entry.kind, entry.origin_year, entry.project)
        first, its = named.setdefault(place, (at, problem))
        if first == at:
            await name_consumers(session, candidate, problem)
        elif "consumed_by" in its.facts:
            problem.facts["consumed_as"] = first


def _happening(batch_id: uuid.UUID, kept: Sequence[Entry]) -> Event:
    counts = {"entries": len(kept), "amount_vnd": sum(each.amount_vnd for each in kept)}
    return Event("batch.recorded", f"batches/{batch_id}", counts)


def _by_place(faults: Collection[Fault]) -> tuple[dict[int, list[Fault]], list[Fault]]:
    """Part the faults of entries, by their place, from those of the body as a whole."""
    of_entries: dict[int, list[Fault]] = {}
    of_the_body = []
    for each in faults:
        steps = each.pointer.split("/")
        if steps[1:2] == ["entries"] and len(steps) > 2 and steps[2].isdigit():  # noqa: PLR2004 ("", entries, place)
            of_entries.setdefault(int(steps[2]), []).append(each)
        else:
            of_the_body.append(each)
    return of_entries, of_the_body


def _faults_of(problem: Problem) -> Iterator[Fault]:
    """Give the faults of an entry; who may not write it is refused with the same words."""
    yield from problem.faults
    if not problem.faults:
        raise problem
