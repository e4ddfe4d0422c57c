"""Where an entry is handed in and its receipt is handed out, whatever its kind."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response, status

from services.funding.balances import Kind
from services.funding.desk import Desk
from services.funding.entries import actions
from services.funding.entries.actions import Recorded
from services.funding.entries.bodies import proposal_of
from services.funding.entries.schemas import LotOut, RecordedOut
from shared.kit.answers import PROBLEM_JSON
from shared.kit.bodies import Draft
from shared.kit.database import keep_nothing
from shared.kit.transactions import Session

ENTRIES = "/v1/funding/entries"

PROBLEM: dict[str, Any] = {"content": {PROBLEM_JSON: {}}}
created: dict[str, Any] = {
    "status_code": status.HTTP_201_CREATED,
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
class Counter:
    """Where an entry is handed in and its receipt is handed out."""

    request: Request
    response: Response
    dry_run: bool

    async def record(self, desk: Desk, kind: Kind, draft: Draft[Any]) -> RecordedOut:
        """Record what a body asks for."""
        proposal = proposal_of(kind, draft)
        return self.receipt(await actions.record(desk, proposal, draft.faults, dry_run=self.dry_run))

    def receipt(self, done: Recorded) -> RecordedOut:
        """Say what was recorded; of a dry run and of a voucher recorded before, that nothing was."""
        if done.existing:
            self.response.headers["Location"] = f"{ENTRIES}/{done.entry.id}"
        if self.dry_run or done.existing:
            self.response.status_code = status.HTTP_200_OK
        else:
            self.response.headers["Location"] = f"{ENTRIES}/{done.entry.id}"
        lots = [LotOut.of(lot, balance) for lot, balance in done.balances.items()]
        return RecordedOut.of(done.entry, lots=lots, unallocated_vnd=done.unallocated_vnd)


async def _counter(
    session: Session,
    request: Request,
    response: Response,
    dry_run: Annotated[bool, Query(description="check and decide everything, keep nothing")] = False,
) -> Counter:
    if dry_run:
        keep_nothing(session)
    return Counter(request, response, dry_run)


TheCounter = Annotated[Counter, Depends(_counter)]
