"""Where an entry is handed in and its receipt is handed out, whatever its kind.

What is handed in while a transaction runs is recorded together in the next one; a reversal, and what is only tried, have
one of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.context import LedgerContext
from services.funding.entries.actions import Recorded, record
from services.funding.entries.bodies import ReversalIn, proposal_of
from services.funding.entries.schemas import LotOut, RecordedOut
from services.funding.entries.validation import EntryRequest, ReversalRequest
from services.funding.ledger import EntryKind
from shared.kit.exception_handlers import PROBLEM_JSON
from shared.kit.group_commit import GroupCommit
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Problem

ENTRIES = "/v1/funding/entries"

PROBLEM: dict[str, Any] = {"content": {PROBLEM_JSON: {}}}
created: dict[str, Any] = {
    "status_code": status.HTTP_201_CREATED,
    "response_model": RecordedOut,
    "responses": {
        200: {
            "model": RecordedOut,
            "description": "A dry run: everything was checked, nothing is kept. Or the entry that this voucher was "
            "recorded as before; its lots as they stand now",
        },
        409: {
            "description": "The lots do not allow it: `code` says why, the members say how much",
            **PROBLEM,
        },
        422: {"description": "The body is faulty: `errors` names every fault", **PROBLEM},
    },
}


@dataclass(frozen=True)
class EntryRecorder:
    """Where an entry is handed in and its receipt is handed out."""

    request: Request
    dry_run: bool

    async def record(self, context: LedgerContext, kind: EntryKind, draft: PartialBody[Any]) -> Response:
        """Record what a body asks for."""
        asked = EntryRequest(context, proposal_of(kind, draft), draft.faults)
        gathering: GroupCommit[EntryRequest | ReversalRequest] = self.request.app.state.gathering
        if self.dry_run:
            return await gathering.settle_alone(self.request, asked, dry_run=True)
        return await gathering.settle(self.request, asked)

    async def undo(self, context: LedgerContext, draft: PartialBody[ReversalIn]) -> Response:
        """Undo the entry that a body names."""
        body = draft.body
        decision = body.decision.read() if body.decision else None
        asked = ReversalRequest(
            context,
            None if "reverses" in draft.unread else body.reverses,
            body.reason,
            decision,
            body.effective_on,
            draft.faults,
        )
        gathering: GroupCommit[EntryRequest | ReversalRequest] = self.request.app.state.gathering
        return await gathering.settle_alone(self.request, asked, dry_run=self.dry_run)


async def start_group_commit(app: FastAPI) -> None:
    """Make what records the entries that come together, for the service's `on_start`."""
    app.state.gathering = GroupCommit(app.state.database, app.state.clock, _settle)


async def _settle(
    session: AsyncSession, asked: Sequence[EntryRequest | ReversalRequest], *, dry_run: bool
) -> list[Response | Problem]:
    done = await record(session, asked, dry_run=dry_run)
    return [each if isinstance(each, Problem) else _receipt(each) for each in done]


def _receipt(done: Recorded) -> Response:
    """Say what was recorded; of a dry run and of a voucher recorded before, that nothing was."""
    lots = [LotOut.of(lot, balance) for lot, balance in done.balances.items()]
    said = RecordedOut.of(
        done.entry,
        lots=lots,
        unallocated_vnd=done.unallocated_vnd,
        project_room_vnd=done.project_room_vnd,
    )
    new = done.entry.id is not None and not done.existing
    return Response(
        said.model_dump_json(),
        status_code=status.HTTP_201_CREATED if new else status.HTTP_200_OK,
        media_type="application/json",
        headers={"Location": f"{ENTRIES}/{done.entry.id}"} if done.entry.id else {},
    )


async def _counter(
    request: Request,
    dry_run: Annotated[bool, Query(description="check and decide everything, keep nothing")] = False,
) -> EntryRecorder:
    return EntryRecorder(request, dry_run)


CurrentRecorder = Annotated[EntryRecorder, Depends(_counter)]
