"""Records successions: all lines of a request in one transaction, or none."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.batches.actions import BatchRefused
from services.funding.entries.actions import insert_and_publish, lock_and_evaluate, make_events
from services.funding.ledger import Entry
from services.funding.ledger_problems import NothingToSucceed
from services.funding.store import LedgerFilter
from services.funding.successions.requests import SuccessionRequest, build_candidates
from services.funding.successions.rules import find_waiting_lots
from services.funding.successions.store import add_free_amounts, read_lots_with_money
from shared.kit.database import UnitOfWork


async def record_successions(unit_of_work: UnitOfWork, request: SuccessionRequest) -> Sequence[Entry]:
    """Record the successions of a request; return their entries, in a dry run without ids.

    Lines of which nothing can pass on are left out. Raises the problem of the only line, `BatchRefused` with those of several,
    or `NothingToSucceed`.
    """
    session: AsyncSession = unit_of_work.session
    balances = await read_lots_with_money(session, LedgerFilter())
    waiting = find_waiting_lots(request.context.territory, balances, request.context.today)
    waiting = await add_free_amounts(session, waiting)
    candidates = build_candidates(request, waiting)
    evaluation = await lock_and_evaluate(session, candidates)
    refused = [
        (ordinal, outcome.problem)
        for ordinal, outcome in enumerate(evaluation.outcomes)
        if outcome.problem is not None and not isinstance(outcome.problem, NothingToSucceed)
    ]
    if len(refused) == len(candidates) == 1:
        raise refused[0][1]
    if refused:
        raise BatchRefused(
            received=len(candidates),
            refused=len(refused),
            verdicts=[
                {"ordinal": ordinal, "code": problem.code, **problem.facts} for ordinal, problem in refused
            ],
        )
    if not evaluation.new_entries:
        raise NothingToSucceed
    if unit_of_work.dry_run:
        return [replace(new.entry, id=None, postings=tuple(new.postings)) for new in evaluation.new_entries]
    recorded = await insert_and_publish(session, evaluation, unit_of_work.clock, make_events)
    return list(recorded.to_entries().values())
