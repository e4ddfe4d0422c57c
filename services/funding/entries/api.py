"""The routes that record entries.

Entries that arrive while a transaction runs are recorded together in the next one (see ADR 0006); a reversal and a dry run
have a transaction of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.funding.context import LedgerWriterContext
from services.funding.entries.actions import LedgerRequest, RecordedEntry, record_entries
from services.funding.entries.recoveries import RecoveryRequest
from services.funding.entries.request_schemas import (
    AllocationIn,
    AssignmentIn,
    CancellationIn,
    CarryOverIn,
    CommitmentIn,
    ConfirmationIn,
    CorrectionIn,
    DisbursementIn,
    MoneyReturnIn,
    OpeningBalanceIn,
    RecoveryIn,
    RemittanceIn,
    ReversalIn,
    SubAllocationIn,
    SupplementIn,
    TransferIn,
)
from services.funding.entries.response_schemas import LotOut, RecordedOut
from services.funding.entries.reversals import ReversalRequest
from services.funding.entries.validation import EntryRequest
from services.funding.ledger import Decision, EntryKind, EntryReference, InKind
from shared.kit.clock import Clock
from shared.kit.database import Database, UnitOfWork
from shared.kit.group_commit import GroupCommit, GroupCommitRequest, GroupCommitRoute
from shared.kit.json_body import PartialBody
from shared.kit.problems import Problem
from shared.kit.resources import Resources, resource

ENTRIES_PATH = "/v1/funding/entries"

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


class LedgerGroupCommit(GroupCommit[LedgerRequest]):
    """Records the entries of one process, as many in a transaction as arrived during the one before."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock, _record)


async def start_group_commit(resources: Resources) -> None:
    """Create the group commit that records entries; a start step of the service."""
    resources.put(LedgerGroupCommit(resources.get(Database), resources.clock))


async def _record(unit_of_work: UnitOfWork, requests: Sequence[LedgerRequest]) -> list[Response | Problem]:
    results = await record_entries(
        unit_of_work.session, requests, unit_of_work.clock, dry_run=unit_of_work.dry_run
    )
    return [result if isinstance(result, Problem) else _to_receipt(result) for result in results]


def _to_receipt(recorded: RecordedEntry) -> Response:
    """Return 201 for a new entry; 200 for a dry run and for a voucher that was recorded before."""
    entry = recorded.entry
    receipt = RecordedOut.from_entry(
        entry,
        lots=[LotOut.from_balance(lot, balance) for lot, balance in recorded.balances.items()],
        unallocated_vnd=recorded.unallocated_vnd,
        project_room_vnd=recorded.project_room_vnd,
        closing_overdue=recorded.closing_overdue,
    )
    is_new = entry.id is not None and not recorded.existing
    return Response(
        receipt.model_dump_json(),
        status_code=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
        media_type="application/json",
        headers={"Location": f"{ENTRIES_PATH}/{entry.id}"} if entry.id else {},
    )


@dataclass(frozen=True)
class EntryRecorder:
    """Records the entry of one request and answers with its receipt."""

    context: LedgerWriterContext
    request: GroupCommitRequest
    commits: Annotated[LedgerGroupCommit, Depends(resource(LedgerGroupCommit))]
    dry_run: Annotated[bool, Query(description="check and decide everything, record nothing")] = False

    async def record(self, kind: EntryKind, draft: PartialBody[Any]) -> Response:
        """Record the entry that a body describes; fields that could not be read are left out."""
        body, names = draft.body, type(draft.body).model_fields.keys() - draft.unread
        fields = {name: getattr(body, name) for name in names}
        if kind is EntryKind.CARRY_OVER:
            fields["year"] = fields.pop("from_year", None)
        for name in ("decision", "reopened_by"):
            if (decision := fields.get(name)) is not None:
                fields[name] = Decision(decision.number, decision.date)
        if (voucher := fields.get("voucher")) is not None:
            fields["voucher"] = voucher.to_voucher()
        if (in_kind := fields.get("in_kind")) is not None:
            fields["in_kind"] = InKind(in_kind.form, in_kind.quantity, in_kind.unit_of_measure)
        for name in ("distinct_from", "replaces"):
            if (reference := fields.get(name)) is not None:
                fields[name] = EntryReference(reference.entry, reference.reason)
        request = EntryRequest(self.context, kind, **fields, unread=draft.unread, shape_faults=draft.faults)
        if self.dry_run:
            return await self.commits.submit_alone(self.request, request, dry_run=True)
        return await self.commits.submit(self.request, request)

    async def reverse(self, draft: PartialBody[ReversalIn]) -> Response:
        """Reverse the entry that a body names."""
        body = draft.body
        request = ReversalRequest(
            context=self.context,
            kind=EntryKind.REVERSAL,
            reverses=None if "reverses" in draft.unread else body.reverses,
            reason=body.reason,
            decision=Decision(body.decision.number, body.decision.date) if body.decision else None,
            effective_on=body.effective_on,
            reopened_by=_to_reopening(draft),
            shape_faults=draft.faults,
        )
        return await self.commits.submit_alone(self.request, request, dry_run=self.dry_run)

    async def recover(
        self, kind: EntryKind, draft: PartialBody[RecoveryIn] | PartialBody[RemittanceIn]
    ) -> Response:
        """Record that money of the payment or recovery that a body names came back or is handed back."""
        body, unread = draft.body, draft.unread
        against = body.remits if isinstance(body, RemittanceIn) else body.recovers
        reference, decision, voucher = body.distinct_from, body.decision, body.voucher
        request = RecoveryRequest(
            context=self.context,
            kind=kind,
            against=None if unread & {"recovers", "remits"} else against,
            amount_vnd=None if "amount_vnd" in unread else body.amount_vnd,
            voucher=voucher.to_voucher() if voucher and "voucher" not in unread else None,
            decision=Decision(decision.number, decision.date) if decision else None,
            effective_on=None if "effective_on" in unread else body.effective_on,
            note=body.note,
            distinct_from=EntryReference(reference.entry, reference.reason) if reference else None,
            reopened_by=_to_reopening(draft),
            unread=unread,
            shape_faults=draft.faults,
        )
        if self.dry_run:
            return await self.commits.submit_alone(self.request, request, dry_run=True)
        return await self.commits.submit(self.request, request)

    async def correct(self, draft: PartialBody[CorrectionIn]) -> Response:
        """Correct the entry that a body names."""
        request = ReversalRequest(
            context=self.context,
            kind=EntryKind.CORRECTION,
            reverses=None if "corrects" in draft.unread else draft.body.corrects,
            reason=draft.body.reason,
            reopened_by=_to_reopening(draft),
            shape_faults=draft.faults,
        )
        return await self.commits.submit_alone(self.request, request, dry_run=self.dry_run)


def _to_reopening(draft: PartialBody[Any]) -> Decision | None:
    decision = None if "reopened_by" in draft.unread else draft.body.reopened_by
    return Decision(decision.number, decision.date) if decision else None


CurrentRecorder = Annotated[EntryRecorder, Depends()]


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


@router.post("/commitments", **POST_ENTRY, summary="Record a commitment")
async def record_commitment(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[CommitmentIn], Body()]
) -> Response:
    """Reserve money by a contract or an approved estimate; 409 `insufficient_funds` where less is uncommitted."""
    return await recorder.record(EntryKind.COMMITMENT, draft)


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


@router.post("/recoveries", **POST_ENTRY, summary="Record a recovery")
async def record_recovery(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[RecoveryIn], Body()]
) -> Response:
    """Record money of a payment that came back, in the book of that payment; 409 `recovery_exceeds_payment` where less was paid.

    What comes back in the budget year can be paid again; what comes back later is handed back to the budget, by the dated
    rule of the catalogue. Until then it is listed as to be handed back.
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
