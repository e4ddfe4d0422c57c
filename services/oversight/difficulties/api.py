"""The routes of difficulties."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response, status
from pydantic import TypeAdapter

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.context import InsiderContext, OverseerContext
from services.oversight.difficulties import actions
from services.oversight.difficulties.rules import DifficultyState
from services.oversight.difficulties.schemas import (
    DifficultiesPage,
    DifficultyAnswerIn,
    DifficultyCorrectionIn,
    DifficultyIn,
    DifficultyOut,
    PassOnIn,
)
from services.oversight.difficulties.store import PATH, to_difficulty
from services.oversight.models import RecordVersion
from services.oversight.records.actions import lock_and_insert_record, withdraw_record
from services.oversight.records.query_params import ProgramFilter, StateDay
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import content_is, has_id, read_records, read_versions, select_records
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing

DifficultyOrder = Literal["newest", "-waiting_days"]
BY_WAITING = TypeAdapter(tuple[int, uuid.UUID])
"""The key of a list by waiting: the negative number of days, and the id."""

router = APIRouter(prefix=PATH, tags=["difficulties"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a difficulty")
async def record_difficulty(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    draft: Annotated[PartialBody[DifficultyIn], Body()],
    response: Response,
) -> DifficultyOut:
    """Record a difficulty that a unit raises against a component or a clause. The same difficulty again answers 200."""
    record = await actions.prepare_difficulty(context, draft, directory)
    result = await lock_and_insert_record(context, record)
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return _serialize(context, result.row)


@router.get("", summary="List difficulties")
async def list_difficulties(
    *,
    context: InsiderContext,
    directory: CurrentAgencies,
    unit: UnitsQuery = None,
    state: Annotated[DifficultyState | None, Query(description="only those in this state on the day")] = None,
    passed_to: Annotated[
        str | None, Query(max_length=40, description="only those that this agency has to answer")
    ] = None,
    program: ProgramFilter = None,
    sort: Annotated[
        DifficultyOrder,
        Query(description="the newest first, or those that wait longest first (-waiting_days)"),
    ] = "newest",
    on: StateDay = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> DifficultiesPage:
    """List difficulties, newest first, or those that wait longest first, each with its state on a day."""
    day = on or local_day(as_of or context.now)
    raise_if_any(directory.find_faults([("/query/passed_to", passed_to)], None))
    conditions = [*content_is("passed_to", passed_to), *content_is("program", program)]
    units = require_units(context.territory, unit)
    if state is not None or sort != "newest":
        rows = await read_records(context.session, "difficulties", units, as_of, *conditions)
        rows = [row for row in rows if state is None or to_difficulty(row).find_state(day) == state]
        if sort != "newest":
            page, following = paging.slice(
                rows,
                key=lambda row: (-to_difficulty(row).count_waiting_days(day), row.id),
                adapter=BY_WAITING,
            )
            return DifficultiesPage(items=[_serialize(context, row, on=day) for row in page], next=following)
        conditions.append(has_id([row.id for row in rows]))
    query = select_records("difficulties", units, as_of, *conditions)
    return await paging.fetch(
        context.session, query, serialize=lambda row: _serialize(context, row[0], on=day)
    )


@router.get("/{difficulty_id}", summary="Read one difficulty")
async def read_difficulty(
    *, context: InsiderContext, difficulty_id: uuid.UUID, on: StateDay = None, as_of: AsOf = None
) -> DifficultyOut:
    """Read a difficulty with all its versions, and its state on a day; also one that was withdrawn."""
    versions = await read_versions(context.session, "difficulties", difficulty_id, as_of)
    return _serialize(context, versions[0], versions, on or local_day(as_of or context.now))


@router.post(
    "/{difficulty_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct a difficulty"
)
async def correct_difficulty(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    difficulty_id: uuid.UUID,
    draft: Annotated[PartialBody[DifficultyCorrectionIn], Body()],
    response: Response,
) -> DifficultyOut:
    """State the whole content anew, as the next version; the versions before it stay readable."""
    row = await actions.correct_difficulty(context, difficulty_id, draft, directory)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post(
    "/{difficulty_id}/pass",
    status_code=status.HTTP_201_CREATED,
    summary="Pass a difficulty to another agency",
)
async def pass_difficulty_on(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    difficulty_id: uuid.UUID,
    body: PassOnIn,
    response: Response,
) -> DifficultyOut:
    """Name the agency that has to answer a difficulty, such as that of a higher level."""
    row = await actions.pass_difficulty_on(context, difficulty_id, body, directory)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post("/{difficulty_id}/answers", status_code=status.HTTP_201_CREATED, summary="Answer a difficulty")
async def answer_difficulty(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    difficulty_id: uuid.UUID,
    body: DifficultyAnswerIn,
    response: Response,
) -> DifficultyOut:
    """Answer a difficulty, with the document that gives the answer where there is one.

    A client of the level that it was passed to answers, not one of the unit that raised it; a province records what the centre
    answered.
    """
    row = await actions.answer_difficulty(context, difficulty_id, body, directory)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post("/{difficulty_id}/drop", status_code=status.HTTP_201_CREATED, summary="Drop a difficulty")
async def drop_difficulty(
    *, context: OverseerContext, difficulty_id: uuid.UUID, body: ReasonIn, response: Response
) -> DifficultyOut:
    """State that a difficulty is none any more, with the reason."""
    row = await actions.drop_difficulty(context, difficulty_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post(
    "/{difficulty_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a difficulty"
)
async def withdraw_difficulty(
    *, context: OverseerContext, difficulty_id: uuid.UUID, body: ReasonIn, response: Response
) -> DifficultyOut:
    """Take back what was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "difficulties", difficulty_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


def _serialize(
    context: ReportingContext,
    row: RecordVersion,
    versions: Sequence[RecordVersion] | None = None,
    on: date | None = None,
) -> DifficultyOut:
    difficulty, day = to_difficulty(row), on or local_day(context.now)
    return DifficultyOut.from_row(
        row,
        context.territory,
        versions=versions,
        state=difficulty.find_state(day),
        waiting_days=difficulty.count_waiting_days(day),
    )
