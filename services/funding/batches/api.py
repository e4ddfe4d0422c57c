"""Where batches are handed in."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request

from services.funding.batches.actions import record_batch as record
from services.funding.batches.schemas import BatchIn, BatchOut
from services.funding.desk import TheDesk
from shared.kit.answers import PROBLEM_JSON, language_of
from shared.kit.bodies import Draft
from shared.kit.database import keep_nothing
from shared.kit.identity import FinanceOfficer
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["ledger"], route_class=TransactionRoute)


@router.post(
    "/batches",
    summary="Record many commitments and disbursements",
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
    desk: TheDesk,
    caller: FinanceOfficer,
    request: Request,
    draft: Annotated[Draft[BatchIn], Body()],
    dry_run: Annotated[bool, Query(description="check and decide everything, keep nothing")] = False,
) -> BatchOut:
    """Record up to 10,000 entries in one call, each with a verdict, in one transaction.

    Entries are known by their vouchers: a batch that is sent again, whole or in part, records nothing twice.
    """
    if dry_run:
        keep_nothing(desk.session)
    entries = zip(draft.ordinals, draft.body.entries, strict=True)
    proposals = {at: entry.proposal() for at, entry in entries}
    judged = await record(desk.of(caller), draft.body.mode, proposals, draft.faults, dry_run=dry_run)
    return BatchOut.of(judged, language_of(request), dry_run=dry_run)
