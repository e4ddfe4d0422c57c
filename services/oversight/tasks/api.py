"""The routes of tasks."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.context import InsiderContext, OverseerContext
from services.oversight.models import RecordVersion
from services.oversight.records.actions import lock_and_insert_record, withdraw_record
from services.oversight.records.query_params import StateDay
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import content_is, has_id, read_versions, select_records
from services.oversight.tasks import actions
from services.oversight.tasks.rules import TaskState
from services.oversight.tasks.schemas import (
    TaskCompletionIn,
    TaskCorrectionIn,
    TaskIn,
    TaskOut,
    TasksPage,
)
from services.oversight.tasks.store import PATH, read_tasks, to_task
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing

router = APIRouter(prefix=PATH, tags=["tasks"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a task")
async def record_task(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    draft: Annotated[PartialBody[TaskIn], Body()],
    response: Response,
) -> TaskOut:
    """Record a task with its owner, its due day, and the product that will prove it done. The same task again answers 200."""
    record = await actions.prepare_task(context, draft, directory)
    result = await lock_and_insert_record(context, record)
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return _serialize(context, directory, result.row)


@router.get("", summary="List tasks")
async def list_tasks(
    *,
    context: InsiderContext,
    directory: CurrentAgencies,
    unit: UnitsQuery = None,
    plan: Annotated[uuid.UUID | None, Query(description="only the tasks of this plan")] = None,
    owner: Annotated[str | None, Query(max_length=40, description="only those that this agency owns")] = None,
    due_from: Annotated[IsoDate | None, Query(description="only those due on this day or later")] = None,
    on: Annotated[IsoDate | None, Query(description="day of the states; today when left out")] = None,
    state: Annotated[TaskState | None, Query(description="only those in this state on the day")] = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> TasksPage:
    """List tasks, newest first."""
    raise_if_any(directory.find_faults([("/query/owner", owner)], None))
    conditions = [*content_is("plan", str(plan) if plan else None), *content_is("owner", owner)]
    day = on or local_day(as_of or context.now)
    if state is not None or due_from is not None:
        tasks = await read_tasks(context.session, None, as_of, *conditions)
        ids = [
            task.id
            for task in tasks
            if (state is None or task.find_state(day) == state)
            and (due_from is None or task.due_on >= due_from)
        ]
        conditions.append(has_id(ids))
    query = select_records("tasks", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: _serialize(context, directory, row[0], on=day),
    )


@router.get("/{task_id}", summary="Read one task")
async def read_task(
    *,
    context: InsiderContext,
    directory: CurrentAgencies,
    task_id: uuid.UUID,
    on: StateDay = None,
    as_of: AsOf = None,
) -> TaskOut:
    """Read a task with all its versions, and its state on a day; also one that was withdrawn."""
    versions = await read_versions(context.session, "tasks", task_id, as_of)
    return _serialize(context, directory, versions[0], versions, on or local_day(as_of or context.now))


@router.post("/{task_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct a task")
async def correct_task(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    task_id: uuid.UUID,
    draft: Annotated[PartialBody[TaskCorrectionIn], Body()],
    response: Response,
) -> TaskOut:
    """State the whole content anew, as the next version; the versions before it stay readable."""
    row = await actions.correct_task(context, task_id, draft, directory)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, directory, row)


@router.post("/{task_id}/complete", status_code=status.HTTP_201_CREATED, summary="Complete a task")
async def complete_task(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    task_id: uuid.UUID,
    body: TaskCompletionIn,
    response: Response,
) -> TaskOut:
    """State that a task, or one period of it, is done, and name its product: without it no task is done."""
    row = await actions.complete_task(context, task_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, directory, row)


@router.post("/{task_id}/drop", status_code=status.HTTP_201_CREATED, summary="Drop a task")
async def drop_task(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    task_id: uuid.UUID,
    body: ReasonIn,
    response: Response,
) -> TaskOut:
    """State that a task is no longer to be done, with the reason."""
    row = await actions.drop_task(context, task_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, directory, row)


@router.post("/{task_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a task")
async def withdraw_task(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    task_id: uuid.UUID,
    body: ReasonIn,
    response: Response,
) -> TaskOut:
    """Take back what was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "tasks", task_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, directory, row)


def _serialize(
    context: ReportingContext,
    directory: AgencyDirectory,
    row: RecordVersion,
    versions: Sequence[RecordVersion] | None = None,
    on: date | None = None,
) -> TaskOut:
    task, today = to_task(row), on or local_day(context.now)
    return TaskOut.from_row(
        row,
        context.territory,
        versions=versions,
        state=task.find_state(today),
        days_late=task.count_days_late(today),
        owner_now=directory.find_successor(task.owner, today),
        missing_periods=[period for period in task.list_missing(today) if period],
    )
