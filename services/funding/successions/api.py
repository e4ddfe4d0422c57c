"""The routes that list the money of units that ended, and pass it on."""

from typing import Annotated

from fastapi import APIRouter, Body, Response, status

from services.funding.closed_years.reading import read_overdue_of_lots
from services.funding.context import FundingReaderContext
from services.funding.entries.recorder import ENTRIES_PATH, CurrentRecorder
from services.funding.query_params import (
    AnyYearQuery,
    CapitalQuery,
    ComponentQuery,
    ProgramQuery,
    SourcesQuery,
)
from services.funding.store import LedgerFilter
from services.funding.successions.actions import record_successions
from services.funding.successions.rules import find_waiting_lots, select_proposed
from services.funding.successions.schemas import (
    AllWaitingOut,
    SuccessionsIn,
    SuccessionsOut,
    WaitingOut,
    to_request,
)
from services.funding.successions.store import read_lots_with_money
from shared.kit.database import UnitOfWork
from shared.kit.group_commit import GroupCommitRoute
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["ledger"])
writes = APIRouter(tags=["ledger"], route_class=GroupCommitRoute)
reads = APIRouter(tags=["ledger"], route_class=TransactionRoute)


@writes.post("/successions", status_code=201, response_model=SuccessionsOut, summary="Record successions")
async def record_succession(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[SuccessionsIn], Body()]
) -> Response:
    """Pass the money of units that ended to the units that answer, by a decision; all lines or none.

    The money keeps its year of origin, its deadline and its commitments. With `proposed` all money passes on for which the
    territory proposes a unit; a district has no successor of its own, so its lines are named.
    """

    async def record(unit_of_work: UnitOfWork) -> Response:
        batch = uuid7(recorder.context.now)
        entries = await record_successions(unit_of_work, to_request(recorder.context, batch, draft))
        lots = (lot for entry in entries for lot in entry.lots)
        overdue = await read_overdue_of_lots(unit_of_work.session, recorder.context, lots)
        return Response(
            SuccessionsOut.from_entries(
                entries, recorder.context.territory, closing_overdue=overdue
            ).model_dump_json(),
            status_code=status.HTTP_200_OK if unit_of_work.dry_run else status.HTTP_201_CREATED,
            media_type="application/json",
            headers={} if unit_of_work.dry_run else {"Location": f"{ENTRIES_PATH}?batch={batch}"},
        )

    return await recorder.commits.run_alone(recorder.request, record, dry_run=recorder.dry_run)


@reads.get("/successions/waiting", summary="List the money of units that ended")
async def list_waiting_money(
    *,
    context: FundingReaderContext,
    year: AnyYearQuery = None,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    capital: CapitalQuery = None,
    source: SourcesQuery = None,
) -> AllWaitingOut:
    """List the money of units that ended and that no unit has taken over, with its age and the proposed unit."""
    ledger_filter = LedgerFilter(year, program, component, capital, source)
    balances = await read_lots_with_money(context.session, ledger_filter)
    waiting = find_waiting_lots(context.territory, balances, context.today)
    return AllWaitingOut(
        on=context.today,
        left_vnd=sum(waiting_lot.balance.left_vnd for waiting_lot in waiting),
        proposed_vnd=sum(waiting_lot.balance.left_vnd for waiting_lot in select_proposed(waiting)),
        items=[WaitingOut.from_waiting_lot(waiting_lot, context.today) for waiting_lot in waiting],
        closing_overdue=await read_overdue_of_lots(
            context.session, context, (waiting_lot.lot for waiting_lot in waiting)
        ),
    )


router.include_router(writes)
router.include_router(reads)
