"""The recorder of entries: it turns bodies into requests, and records them together by group commit.

Entries that arrive while a transaction runs are recorded together in the next one (see ADR 0006); a reversal and a dry run
have a transaction of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Response, status

from services.funding.context import LedgerContext, LedgerWriterContext
from services.funding.entries.actions import LedgerRequest, RecordedEntry, record_entries
from services.funding.entries.recoveries import RecoveryRequest
from services.funding.entries.requests import EntryRequest
from services.funding.entries.response_schemas import LotOut, RecordedOut
from services.funding.entries.reversal_schemas import CorrectionIn, RecoveryIn, RemittanceIn, ReversalIn
from services.funding.entries.reversals import ReversalRequest
from services.funding.entry_kinds import EntryKind
from services.funding.ledger import Decision
from shared.kit.clock import Clock
from shared.kit.database import Database, UnitOfWork
from shared.kit.group_commit import GroupCommit, GroupCommitRequest
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Problem
from shared.kit.resources import Resources, resource
from shared.territory.tree import Territory

ENTRIES_PATH = "/v1/funding/entries"


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
    return [
        result if isinstance(result, Problem) else _to_receipt(result, request.context.territory)
        for request, result in zip(requests, results, strict=True)
    ]


def _to_receipt(recorded: RecordedEntry, territory: Territory) -> Response:
    """Return 201 for a new entry; 200 for a dry run and for a voucher that was recorded before."""
    entry = recorded.entry
    receipt = RecordedOut.from_entry(
        entry,
        territory,
        lots=[
            LotOut.from_balance(lot, balance, territory, entry.effective_on)
            for lot, balance in recorded.balances.items()
        ],
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

    context: LedgerContext
    request: GroupCommitRequest
    commits: LedgerGroupCommit
    dry_run: bool = False

    async def record(self, kind: EntryKind, draft: PartialBody[Any]) -> Response:
        """Record the entry that a body describes; fields that could not be read are left out."""
        body, names = draft.body, type(draft.body).model_fields.keys() - draft.unread
        fields = {name: getattr(body, name) for name in names}
        if kind is EntryKind.CARRY_OVER:
            fields["year"] = fields.pop("from_year", None)
        for name in ("decision", "reopened_by"):
            if (decision := fields.get(name)) is not None:
                fields[name] = decision.to_decision()
        if (voucher := fields.get("voucher")) is not None:
            fields["voucher"] = voucher.to_voucher()
        if (in_kind := fields.get("in_kind")) is not None:
            fields["in_kind"] = in_kind.to_in_kind()
        for name in ("distinct_from", "replaces"):
            if (reference := fields.get(name)) is not None:
                fields[name] = reference.to_reference()
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
            decision=body.decision.to_decision() if body.decision else None,
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
        decision, voucher = body.decision, body.voucher
        request = RecoveryRequest(
            context=self.context,
            kind=kind,
            against=None if unread & {"recovers", "remits"} else against,
            amount_vnd=None if "amount_vnd" in unread else body.amount_vnd,
            voucher=voucher.to_voucher() if voucher and "voucher" not in unread else None,
            decision=decision.to_decision() if decision else None,
            effective_on=None if "effective_on" in unread else body.effective_on,
            note=body.note,
            distinct_from=body.distinct_from.to_reference() if body.distinct_from else None,
            replaces=body.replaces.to_reference() if body.replaces else None,
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
    return decision.to_decision() if decision else None


async def _recorder(
    context: LedgerWriterContext,
    request: GroupCommitRequest,
    commits: Annotated[LedgerGroupCommit, Depends(resource(LedgerGroupCommit))],
    *,
    dry_run: Annotated[bool, Query(description="check and decide everything, record nothing")] = False,
) -> EntryRecorder:
    """Return the recorder of a request; a coroutine, because others run in a thread of their own."""
    return EntryRecorder(context, request, commits, dry_run)


CurrentRecorder = Annotated[EntryRecorder, Depends(_recorder)]
