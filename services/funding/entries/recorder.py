"""Records the entry of a request and answers with its receipt, whatever its kind.

Entries that arrive while a transaction runs are recorded together in the next one (see ADR 0006); a reversal and a dry run
have a transaction of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Response, status

from services.funding.context import LedgerContext
from services.funding.entries.actions import RecordedEntry, record_entries
from services.funding.entries.request_schemas import ReversalIn
from services.funding.entries.requests import EntryRequest, ReversalRequest
from services.funding.entries.response_schemas import LotOut, RecordedOut
from services.funding.ledger import EntryKind
from shared.kit.database import Database
from shared.kit.exception_handlers import PROBLEM_JSON
from shared.kit.group_commit import GroupCommit, GroupCommitRequest
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Problem
from shared.kit.resources import Resources, resource
from shared.kit.unit_of_work import UnitOfWork

ENTRIES = "/v1/funding/entries"

PROBLEM: dict[str, Any] = {"content": {PROBLEM_JSON: {}}}
created: dict[str, Any] = {
    "status_code": status.HTTP_201_CREATED,
    "response_model": RecordedOut,
    "responses": {
        200: {
            "model": RecordedOut,
            "description": "A dry run: everything was checked, nothing is recorded. Or the entry with which this "
            "voucher was recorded before, with the present balances of its lots",
        },
        409: {
            "description": "The balances do not allow it: `code` says why, the members say how much",
            **PROBLEM,
        },
        422: {"description": "The body is faulty: `errors` names every fault", **PROBLEM},
    },
}


LedgerRequest = EntryRequest | ReversalRequest


class LedgerGroupCommit(GroupCommit[LedgerRequest]):
    """Records the entries of one process, as many in a transaction as arrived during the one before."""


@dataclass(frozen=True)
class EntryRecorder:
    """Records the entry of one request."""

    request: GroupCommitRequest
    commits: LedgerGroupCommit
    dry_run: bool

    async def record(self, context: LedgerContext, kind: EntryKind, draft: PartialBody[Any]) -> Response:
        """Record the entry that a body describes."""
        entry_request = to_entry_request(context, kind, draft)
        if self.dry_run:
            return await self.commits.submit_alone(self.request, entry_request, dry_run=True)
        return await self.commits.submit(self.request, entry_request)

    async def reverse(self, context: LedgerContext, draft: PartialBody[ReversalIn]) -> Response:
        """Reverse the entry that a body names."""
        body = draft.body
        decision = body.decision.to_decision() if body.decision else None
        reversal_request = ReversalRequest(
            context,
            None if "reverses" in draft.unread else body.reverses,
            body.reason,
            decision,
            body.effective_on,
            draft.faults,
        )
        return await self.commits.submit_alone(self.request, reversal_request, dry_run=self.dry_run)


async def start_group_commit(resources: Resources) -> None:
    """Create the group commit that records entries; a start step of the service."""
    resources.put(LedgerGroupCommit(resources.get(Database), resources.clock, _record))


async def _record(unit: UnitOfWork, requests: Sequence[LedgerRequest]) -> list[Response | Problem]:
    results = await record_entries(unit.session, requests, unit.clock, dry_run=unit.dry_run)
    return [result if isinstance(result, Problem) else _to_receipt(result) for result in results]


def to_entry_request(context: LedgerContext, kind: EntryKind, draft: PartialBody[Any]) -> EntryRequest:
    """Return the entry that a body requests, without the fields that could not be read."""
    body, names = draft.body, type(draft.body).model_fields.keys() - draft.unread
    fields = {name: getattr(body, name) for name in names}
    if kind is EntryKind.CARRY_OVER:
        fields["year"] = fields.pop("from_year", None)
    if (decision := fields.get("decision")) is not None:
        fields["decision"] = decision.to_decision()
    if (voucher := fields.get("voucher")) is not None:
        fields["voucher"] = voucher.to_voucher()
    if (in_kind := fields.get("in_kind")) is not None:
        fields["in_kind"] = in_kind.to_in_kind()
    return EntryRequest(context, kind, **fields, unread=draft.unread, shape_faults=draft.faults)


def _to_receipt(recorded: RecordedEntry) -> Response:
    """Return 201 for a new entry; 200 for a dry run and for a voucher that was recorded before."""
    entry = recorded.entry
    receipt = RecordedOut.from_entry(
        entry,
        lots=[LotOut.from_balance(lot, balance) for lot, balance in recorded.balances.items()],
        unallocated_vnd=recorded.unallocated_vnd,
        project_room_vnd=recorded.project_room_vnd,
    )
    is_new = entry.id is not None and not recorded.existing
    return Response(
        receipt.model_dump_json(),
        status_code=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
        media_type="application/json",
        headers={"Location": f"{ENTRIES}/{entry.id}"} if entry.id else {},
    )


async def _build_recorder(
    request: GroupCommitRequest,
    commits: Annotated[LedgerGroupCommit, Depends(resource(LedgerGroupCommit))],
    dry_run: Annotated[bool, Query(description="check and decide everything, record nothing")] = False,
) -> EntryRecorder:
    return EntryRecorder(request, commits, dry_run)


CurrentRecorder = Annotated[EntryRecorder, Depends(_build_recorder)]
