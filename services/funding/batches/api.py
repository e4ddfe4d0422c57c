"""The route that records batches."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.batches import actions
from services.funding.batches.schemas import BatchIn, BatchOut, to_entry_requests
from services.funding.context import CurrentLedgerContext
from shared.kit.exception_handlers import PROBLEM_JSON, negotiate_language
from shared.kit.group_commit import GroupCommitRoute, alone
from shared.kit.identity import FinanceOfficer
from shared.kit.ids import uuid7
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
    dry_run: Annotated[bool, Query(description="check and decide everything, record nothing")] = False,
) -> Response:
    """Record up to 10,000 entries in one transaction, with a verdict on each.

    Vouchers identify entries: a batch that is sent again, whole or in part, records nothing twice.
    """
    batch_id = uuid7(context.now)
    requests = to_entry_requests(context.of(caller), batch_id, draft)
    batch = await actions.validate_batch(batch_id, draft.body.mode, requests, draft.faults)

    async def record(session: AsyncSession) -> Response:
        ledger = await actions.decide_batch(session, batch, dry_run=dry_run)
        language = negotiate_language(request)
        result = await BatchOut.from_outcomes(batch.id, ledger.outcomes, language, dry_run=dry_run)
        response = Response(result.model_dump_json(), media_type="application/json")
        if not dry_run:
            await actions.insert_batch(session, batch, ledger, context.clock)
        return response

    return await alone(request, record, dry_run=dry_run)
