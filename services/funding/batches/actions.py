"""Records a batch: entries decided in the order posted, each on the balances that the ones before it leave.

Each entry is validated by itself before anything is locked. In the mode `all_or_nothing` one refusal refuses the batch; in
the mode `best_effort` the other entries are recorded. In both, a batch that is sent again finds its entries by their vouchers.
"""

import uuid
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.actions import insert_and_publish, lock_and_evaluate, validate_request
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.evaluation import LedgerEvaluation
from services.funding.entries.outcomes import EntryOutcome
from services.funding.entries.recoveries import RecoveryRequest
from services.funding.entries.requests import EntryRequest
from services.funding.entries.shortage import name_consumers
from services.funding.entries.validation import EntryValidator
from services.funding.ledger import Entry
from shared.kit.change_feed import Event
from shared.kit.clock import Clock
from shared.kit.concurrency import iterate_cooperatively
from shared.kit.problems import Conflict, Fault, Invalid, Problem, Sentence, raise_if_any

Mode = Literal["all_or_nothing", "best_effort"]


class BatchRefused(Conflict):
    """An entry of a batch in the mode `all_or_nothing` was refused."""

    code = "batch_refused"
    title = Sentence("Lô bị từ chối", "Batch refused")
    detail = Sentence(
        "{refused} trong {received} bút toán bị từ chối; không ghi bút toán nào.",
        "{refused} of {received} entries were refused; none was recorded.",
    )


@dataclass(frozen=True)
class Batch:
    """Validated entries to be recorded in one transaction: each a candidate, or why it is refused."""

    id: uuid.UUID
    mode: Mode
    candidates: Sequence[EntryCandidate | Problem]


async def validate_batch(
    batch_id: uuid.UUID,
    mode: Mode,
    requests: Mapping[int, EntryRequest | RecoveryRequest],
    shape_faults: Collection[Fault] = (),
    named_entries: Mapping[uuid.UUID, Entry] | None = None,
) -> Batch:
    """Validate each entry of a batch by itself; `requests` has those that could be read, by ordinal.

    `named_entries` are the recorded entries that entries of the batch name.

    Raises `Invalid` for faults of the body, and in the mode `all_or_nothing` for those of the entries.
    """
    unreadable, body_faults = _split_by_entry(shape_faults)
    raise_if_any(body_faults)
    validator = EntryValidator(named_entries)
    validated: dict[int, EntryCandidate | Problem] = {}
    async for ordinal, request in iterate_cooperatively(requests.items()):
        validated[ordinal] = validate_request(request, validator, named_entries or {})
    validated |= {ordinal: Invalid(faults=faults) for ordinal, faults in unreadable.items()}
    candidates = [validated[ordinal] for ordinal in sorted(validated)]
    if mode == "all_or_nothing":
        problems = [candidate for candidate in candidates if isinstance(candidate, Problem)]
        raise_if_any(fault for problem in problems for fault in _find_faults(problem))
    return Batch(batch_id, mode, candidates)


async def evaluate_batch(session: AsyncSession, batch: Batch, *, dry_run: bool = False) -> LedgerEvaluation:
    """Lock all that a batch changes and decide its entries in their order.

    Raises `Invalid` or `BatchRefused` in the mode `all_or_nothing` where an entry is refused.
    """
    evaluation = await lock_and_evaluate(session, batch.candidates)
    if dry_run:
        await _name_consumers(session, batch.candidates, evaluation.outcomes)
    if dry_run or batch.mode == "all_or_nothing":
        _point_to_unrecorded(batch.candidates, evaluation.outcomes)
    refused = [
        (ordinal, outcome.problem)
        for ordinal, outcome in enumerate(evaluation.outcomes)
        if outcome.problem is not None
    ]
    if refused and batch.mode == "all_or_nothing":
        raise_if_any(fault for _, problem in refused for fault in problem.faults)
        raise BatchRefused(
            received=len(evaluation.outcomes),
            refused=len(refused),
            verdicts=[
                {
                    "ordinal": ordinal,
                    "code": problem.code,
                    "detail": problem.detail.filled(**problem.facts),
                    **problem.facts,
                }
                for ordinal, problem in refused
            ],
        )
    return evaluation


async def insert_batch(
    session: AsyncSession, batch: Batch, evaluation: LedgerEvaluation, clock: Clock
) -> None:
    """Insert the entries that were decided, and publish one event for all of them."""
    await insert_and_publish(session, evaluation, clock, lambda entries: [_to_event(batch.id, entries)])


async def _name_consumers(
    session: AsyncSession, candidates: Sequence[EntryCandidate | Problem], outcomes: Sequence[EntryOutcome]
) -> None:
    """Name the consumers of each line's money once; other refusals for the same reason refer to the first."""
    first_refusals: dict[Hashable, tuple[int, Problem]] = {}
    for ordinal, (candidate, outcome) in enumerate(zip(candidates, outcomes, strict=True)):
        problem = outcome.problem
        if problem is None or isinstance(candidate, Problem):
            continue
        entry = candidate.entry
        reason = (problem.code, candidate.line, entry.kind, entry.origin_year, entry.project)
        first_ordinal, first_problem = first_refusals.setdefault(reason, (ordinal, problem))
        if first_ordinal == ordinal:
            await name_consumers(session, candidate, problem)
        elif "consumed_by" in first_problem.facts:
            problem.facts["consumed_as"] = first_ordinal


def _point_to_unrecorded(
    candidates: Sequence[EntryCandidate | Problem], outcomes: Sequence[EntryOutcome]
) -> None:
    """In refusals of a batch of which nothing is recorded, name its own entries by their JSON pointers: their ids will not exist."""
    pointers = {
        str(outcome.entry.id): candidate.pointer
        for candidate, outcome in zip(candidates, outcomes, strict=True)
        if isinstance(candidate, EntryCandidate) and outcome.status == "recorded" and outcome.entry
    }
    for problem in (outcome.problem for outcome in outcomes if outcome.problem is not None):
        problem.facts.update({name: pointers.get(str(fact), fact) for name, fact in problem.facts.items()})


def _to_event(batch_id: uuid.UUID, entries: Sequence[Entry]) -> Event:
    totals = {"entries": len(entries), "amount_vnd": sum(entry.amount_vnd for entry in entries)}
    return Event("batch.recorded", f"batches/{batch_id}", totals)


def _split_by_entry(faults: Collection[Fault]) -> tuple[dict[int, list[Fault]], list[Fault]]:
    """Return the faults of entries by ordinal, and those of the body as a whole."""
    entry_faults: dict[int, list[Fault]] = {}
    body_faults = []
    for fault in faults:
        steps = fault.pointer.split("/")
        if steps[1:2] == ["entries"] and len(steps) > 2 and steps[2].isdigit():  # noqa: PLR2004 ("", entries, ordinal)
            entry_faults.setdefault(int(steps[2]), []).append(fault)
        else:
            body_faults.append(fault)
    return entry_faults, body_faults


def _find_faults(problem: Problem) -> Iterator[Fault]:
    """Yield the faults of a problem; raise one without faults, such as missing rights."""
    yield from problem.faults
    if not problem.faults:
        raise problem
