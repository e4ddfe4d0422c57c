"""The routes of supervision and audits."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.context import InsiderContext, OverseerContext
from services.oversight.models import RecordVersion
from services.oversight.records.actions import (
    lock_and_correct_record,
    lock_and_insert_record,
    withdraw_record,
)
from services.oversight.records.query_params import StateDay
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import ROOT, content_is, read_versions, select_records
from services.oversight.supervisions.preparing import prepare_supervision
from services.oversight.supervisions.rules import count_overdue_requests, find_unrecovered
from services.oversight.supervisions.schemas import (
    SupervisionCorrectionIn,
    SupervisionIn,
    SupervisionKind,
    SupervisionOut,
    SupervisionsPage,
    Supervisor,
)
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing

PATH = f"{ROOT}/supervisions"

router = APIRouter(prefix=PATH, tags=["supervisions"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a supervision")
async def record_supervision(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    draft: Annotated[PartialBody[SupervisionIn], Body()],
    response: Response,
) -> SupervisionOut:
    """Record a round of supervision or an audit, with its requests, conclusions and the money to recover. The same supervision again answers 200."""
    result = await lock_and_insert_record(context, await prepare_supervision(context, draft, directory))
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return _serialize(context, result.row)


@router.get("", summary="List supervision and audits")
async def list_supervisions(
    *,
    context: InsiderContext,
    unit: UnitsQuery = None,
    kind: Annotated[SupervisionKind | None, Query(description="only supervision, or only audits")] = None,
    body: Annotated[Supervisor | None, Query(description="only those of this body")] = None,
    on: StateDay = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> SupervisionsPage:
    """List supervision and audits, newest first, each with what it is owed on a day."""
    day = on or local_day(as_of or context.now)
    conditions = [*content_is("kind", kind), *content_is("body", body)]
    query = select_records("supervisions", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: _serialize(context, row[0], on=day),
    )


@router.get("/{supervision_id}", summary="Read one supervision")
async def read_supervision(
    *, context: InsiderContext, supervision_id: uuid.UUID, on: StateDay = None, as_of: AsOf = None
) -> SupervisionOut:
    """Read a supervision with all its versions, and its state on a day; also one that was withdrawn."""
    versions = await read_versions(context.session, "supervisions", supervision_id, as_of)
    return _serialize(context, versions[0], versions, on or local_day(as_of or context.now))


@router.post(
    "/{supervision_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct a supervision"
)
async def correct_supervision(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    supervision_id: uuid.UUID,
    draft: Annotated[PartialBody[SupervisionCorrectionIn], Body()],
    response: Response,
) -> SupervisionOut:
    """State the whole content anew, as the next version; the versions before it stay readable."""
    record = await prepare_supervision(context, draft, directory)
    row = await lock_and_correct_record(context, supervision_id, record, draft.body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post(
    "/{supervision_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a supervision"
)
async def withdraw_supervision(
    *, context: OverseerContext, supervision_id: uuid.UUID, body: ReasonIn, response: Response
) -> SupervisionOut:
    """Take back what was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "supervisions", supervision_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


def _serialize(
    context: ReportingContext,
    row: RecordVersion,
    versions: Sequence[RecordVersion] | None = None,
    on: date | None = None,
) -> SupervisionOut:
    content = row.content
    return SupervisionOut.from_row(
        row,
        context.territory,
        versions=versions,
        requests_overdue=count_overdue_requests(content["requests"], on or local_day(context.now)),
        unrecovered_vnd=find_unrecovered(content["to_recover_vnd"], content["recovered_vnd"]),
    )
