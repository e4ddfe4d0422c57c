"""The routes that record entries."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response, status

from services.funding.entries.recorder import CurrentRecorder
from services.funding.entries.request_schemas import (
    AllocationIn,
    AssignmentIn,
    CancellationIn,
    CarryOverIn,
    CommitmentIn,
    ConfirmationIn,
    DisbursementIn,
    MoneyReturnIn,
    OpeningBalanceIn,
    SubAllocationIn,
    SupplementIn,
    TransferIn,
)
from services.funding.entries.response_schemas import RecordedOut
from services.funding.entries.reversal_schemas import CorrectionIn, RecoveryIn, RemittanceIn, ReversalIn
from services.funding.entry_kinds import EntryKind
from shared.kit.group_commit import GroupCommitRoute
from shared.kit.partial_body import PartialBody

POST_ENTRY: dict[str, Any] = {
    "status_code": status.HTTP_201_CREATED,
    "response_model": RecordedOut,
    "responses": {
        200: {
            "model": RecordedOut,
            "description": "A dry run: everything was checked, nothing is recorded. Or the entry with which this "
            "voucher was recorded before, with the present balances of its lots",
        },
    },
}

router = APIRouter(tags=["ledger"], route_class=GroupCommitRoute)
"""Routes are tried in their order: payments come most often."""


@router.post("/disbursements", **POST_ENTRY, summary="Record a disbursement")
async def record_disbursement(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[DisbursementIn], Body()]
) -> Response:
    """Record a payment; 409 `insufficient_funds` where less is left.

    Without `origin_year` it takes the oldest money of the line first, as one entry with a posting for each lot. Committed
    money is paid first.
    """
    return await recorder.record(EntryKind.DISBURSEMENT, draft)


@router.post("/confirmations", **POST_ENTRY, summary="Record a confirmation of the treasury")
async def record_confirmation(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[ConfirmationIn], Body()]
) -> Response:
    """Record a payment that the treasury confirms, in its own book; the agencies' book does not change."""
    return await recorder.record(EntryKind.CONFIRMATION, draft)


@router.post("/commitments", **POST_ENTRY, summary="Record a commitment")
async def record_commitment(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[CommitmentIn], Body()]
) -> Response:
    """Reserve money by a contract or an approved estimate; 409 `insufficient_funds` where less is uncommitted."""
    return await recorder.record(EntryKind.COMMITMENT, draft)


@router.post("/opening-balances", **POST_ENTRY, summary="Record an opening balance")
async def record_opening_balance(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[OpeningBalanceIn], Body()]
) -> Response:
    """Record money that a line had before this ledger began, with its decision."""
    return await recorder.record(EntryKind.OPENING_BALANCE, draft)


@router.post("/assignments", **POST_ENTRY, summary="Record an assignment")
async def record_assignment(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[AssignmentIn], Body()]
) -> Response:
    """Record money that the central government assigns to a province; from then on no more of it can be allocated."""
    return await recorder.record(EntryKind.ASSIGNMENT, draft)


@router.post("/allocations", **POST_ENTRY, summary="Record an allocation")
async def record_allocation(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[AllocationIn], Body()]
) -> Response:
    """Record money allocated by a decision to a line of the year."""
    return await recorder.record(EntryKind.ALLOCATION, draft)


@router.post("/supplements", **POST_ENTRY, summary="Record a supplement")
async def record_supplement(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[SupplementIn], Body()]
) -> Response:
    """Record money added to a line by a later decision; it counts against the assignment as an allocation does."""
    return await recorder.record(EntryKind.SUPPLEMENT, draft)


@router.post("/sub-allocations", **POST_ENTRY, summary="Record a sub-allocation")
async def record_sub_allocation(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[SubAllocationIn], Body()]
) -> Response:
    """Pass uncommitted money on to a commune or an investor below the unit; it keeps its year of origin."""
    return await recorder.record(EntryKind.SUB_ALLOCATION, draft)


@router.post("/transfers", **POST_ENTRY, summary="Record a transfer")
async def record_transfer(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[TransferIn], Body()]
) -> Response:
    """Move uncommitted money between components, agencies or districts of a program, by a decision."""
    return await recorder.record(EntryKind.TRANSFER, draft)


@router.post("/cancellations", **POST_ENTRY, summary="Record a cancellation")
async def record_cancellation(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[CancellationIn], Body()]
) -> Response:
    """Cut uncommitted money from the plan, by a decision; what was allocated can then be allocated elsewhere."""
    return await recorder.record(EntryKind.CANCELLATION, draft)


@router.post("/returns", **POST_ENTRY, summary="Record a return")
async def record_return(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[MoneyReturnIn], Body()]
) -> Response:
    """Return unspent money, by a decision. It stays in the plan, so a return does not raise the disbursement rate."""
    return await recorder.record(EntryKind.RETURN, draft)


@router.post("/carry-overs", **POST_ENTRY, summary="Record a carry-over")
async def record_carry_over(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[CarryOverIn], Body()]
) -> Response:
    """Carry money that is left over into the next year, by a decision; it keeps its year of origin.

    Without `origin_year` the oldest money goes first. Committed money takes its commitment along.
    """
    return await recorder.record(EntryKind.CARRY_OVER, draft)


@router.post("/recoveries", **POST_ENTRY, summary="Record a recovery")
async def record_recovery(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[RecoveryIn], Body()]
) -> Response:
    """Record money of a payment that came back, in the book of that payment; 409 `recovery_exceeds_payment` where less was paid.

    What comes back until the last day of payment of its lot can be paid again, and is reserved again as far as the payment had
    paid commitments. What comes back later is handed back to the budget; until then it is listed as to be handed back.
    """
    return await recorder.recover(EntryKind.RECOVERY, draft)


@router.post("/remittances", **POST_ENTRY, summary="Record a remittance")
async def record_remittance(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[RemittanceIn], Body()]
) -> Response:
    """Hand recovered money back to the budget; 409 `remittance_exceeds_recovery` where less of it is to be handed back."""
    return await recorder.recover(EntryKind.REMITTANCE, draft)


@router.post("/reversals", **POST_ENTRY, summary="Reverse an entry")
async def record_reversal(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[ReversalIn], Body()]
) -> Response:
    """Undo one whole entry, once, on a day of its own; 409 `insufficient_funds` where its money is used from that day on.

    The entry stays in effect until that day. An entry that was never true is corrected instead.
    """
    return await recorder.reverse(draft)


@router.post("/corrections", **POST_ENTRY, summary="Correct an entry")
async def record_correction(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[CorrectionIn], Body()]
) -> Response:
    """State that an entry was never true, once; 409 `insufficient_funds` where its money is used on any day since.

    The correction takes the day of the entry, so no reading by day shows the mistake; what was known before is read with
    `as_of`. The true fact is recorded as a new entry, which names the corrected one in `replaces`.
    """
    return await recorder.correct(draft)
