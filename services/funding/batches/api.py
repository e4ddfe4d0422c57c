"""The route that records batches."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from services.funding.batches import actions
from services.funding.batches.schemas import BatchIn, BatchOut, to_entry_requests
from services.funding.entries.actions import is_any_closing_overdue
from services.funding.entries.recorder import CurrentRecorder
from services.funding.entries.store import find_entries
from shared.kit.database import UnitOfWork
from shared.kit.exception_handlers import negotiate_language
from shared.kit.group_commit import GroupCommitRoute
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody

router = APIRouter(tags=["ledger"], route_class=GroupCommitRoute)


@router.post(
    "/batches",
    summary="Record many commitments and disbursements",
    response_model=BatchOut,
)
async def record_batch(
    *,
    recorder: CurrentRecorder,
    draft: Annotated[PartialBody[BatchIn], Body()],
) -> Response:
    """Record up to 10,000 commitments, payments, recoveries and remittances in one transaction, with a verdict on each.

    Vouchers identify entries: a batch that is sent again, whole or in part, records nothing twice.
    """
    batch_id = uuid7(recorder.context.now)
    requests = to_entry_requests(recorder.context, batch_id, draft)
    ids = {entry_id for request in requests.values() for entry_id in request.named_entries}

    async def record(unit_of_work: UnitOfWork) -> Response:
        named_entries = await find_entries(unit_of_work.session, ids) if ids else {}
        batch = await actions.validate_batch(batch_id, draft.body.mode, requests, draft.faults, named_entries)
        evaluation = await actions.evaluate_batch(unit_of_work.session, batch, dry_run=unit_of_work.dry_run)
        language = negotiate_language(recorder.request)
        result = await BatchOut.from_outcomes(
            batch.id,
            evaluation.outcomes,
            language,
            dry_run=unit_of_work.dry_run,
            closing_overdue=is_any_closing_overdue(batch.candidates, evaluation.state),
        )
        response = Response(result.model_dump_json(), media_type="application/json")
        if not unit_of_work.dry_run:
            await actions.insert_batch(unit_of_work.session, batch, evaluation, unit_of_work.clock)
        return response

    return await recorder.commits.run_alone(recorder.request, record, dry_run=recorder.dry_run)
