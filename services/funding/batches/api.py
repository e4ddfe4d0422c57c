"""Where batches are handed in."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.batches import actions
from services.funding.batches.actions import consider_batch
from services.funding.batches.schemas import BatchIn, BatchOut, proposals_of
from services.funding.context import CurrentLedgerContext
from shared.kit.exception_handlers import PROBLEM_JSON, negotiate_language
from shared.kit.group_commit import GroupCommitRoute, alone
from shared.kit.identity import FinanceOfficer
from shared.kit.partial_body import PartialBody

router = APIRouter(tags=["ledger"], route_class=GroupCommitRoute)


@router.post(
    "/batches",
    summary="Record many commitments and disbursements",
    response_model=BatchOut,
    responses={
        409: {
            "description": "`batch_refused`: all or nothing, and something was refused; `verdicts` says what",
            "content": {PROBLEM_JSON: {}},
        },
        422: {
            "description": "The body is faulty, or with all_or_nothing an entry is: `errors` names every fault",
            "content": {PROBLEM_JSON: {}},
        },
    },
)
async def record_batch(
    *,
    context: CurrentLedgerContext,
    caller: FinanceOfficer,
    request: Request,
    draft: Annotated[PartialBody[BatchIn], Body()],
    dry_run: Annotated[bool, Query(description="check and decide everything, keep nothing")] = False,
) -> Response:
    """Record up to 10,000 entries in one call, each with a verdict, in one transaction.

    Entries are known by their vouchers: a batch that is sent again, whole or in part, records nothing twice.
    """
    batch = await consider_batch(context.of(caller), draft.body.mode, proposals_of(draft), draft.faults)

    async def record(session: AsyncSession) -> Response:
        bench = await actions.judge_batch(session, batch, dry_run=dry_run)
        said = await BatchOut.of(batch.id, bench.verdicts, negotiate_language(request), dry_run=dry_run)
        answer = Response(said.model_dump_json(), media_type="application/json")
        if not dry_run:
            await actions.keep_batch(session, batch, bench, context.clock)
        return answer

    return await alone(request, record, dry_run=dry_run)
