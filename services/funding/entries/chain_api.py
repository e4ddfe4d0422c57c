"""Where money is assigned, supplemented, passed on, moved, cut and handed back."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from services.funding.context import LedgerWriterContext
from services.funding.entries.recorder import CurrentRecorder, created
from services.funding.entries.request_schemas import (
    AssignmentIn,
    CancellationIn,
    ReturnIn,
    SubAllocationIn,
    SupplementIn,
    TransferIn,
)
from services.funding.ledger import EntryKind
from shared.kit.group_commit import GroupCommitRoute
from shared.kit.partial_body import PartialBody

router = APIRouter(tags=["ledger"], route_class=GroupCommitRoute)


@router.post("/assignments", **created, summary="Record an assignment")
async def record_assignment(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[AssignmentIn], Body()],
) -> Response:
    """Record money that the centre gives a province; from then on no more is allocated of it than that."""
    return await counter.record(context, EntryKind.ASSIGNMENT, draft)


@router.post("/supplements", **created, summary="Record a supplement")
async def record_supplement(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[SupplementIn], Body()],
) -> Response:
    """Record money added to a line by a later decision; it comes out of the assignment like an allocation."""
    return await counter.record(context, EntryKind.SUPPLEMENT, draft)


@router.post("/sub-allocations", **created, summary="Record a sub-allocation")
async def record_sub_allocation(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[SubAllocationIn], Body()],
) -> Response:
    """Pass uncommitted money on to a commune or an investor below; its year of origin goes along."""
    return await counter.record(context, EntryKind.SUB_ALLOCATION, draft)


@router.post("/transfers", **created, summary="Record a transfer")
async def record_transfer(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[TransferIn], Body()],
) -> Response:
    """Move uncommitted money between components, agencies or districts of a program, by a decision."""
    return await counter.record(context, EntryKind.TRANSFER, draft)


@router.post("/cancellations", **created, summary="Record a cancellation")
async def record_cancellation(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[CancellationIn], Body()],
) -> Response:
    """Cut uncommitted money from the plan, by a decision; what was allocated can then be allocated elsewhere."""
    return await counter.record(context, EntryKind.CANCELLATION, draft)


@router.post("/returns", **created, summary="Record a return")
async def record_return(
    *,
    context: LedgerWriterContext,
    counter: CurrentRecorder,
    draft: Annotated[PartialBody[ReturnIn], Body()],
) -> Response:
    """Hand unspent money back, by a decision. It stays in the plan, so that the rate does not rise by it."""
    return await counter.record(context, EntryKind.RETURN, draft)
