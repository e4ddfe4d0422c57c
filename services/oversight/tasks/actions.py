"""Check the body of a task, and the actions on it: correct, complete, drop."""

import uuid
from datetime import date

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.models import RecordVersion
from services.oversight.records.actions import (
    RecordContent,
    add_version,
    correct_record,
    read_newest,
)
from services.oversight.records.preparing import prepare_record
from services.oversight.records.references import Reference, find_unknown_records
from services.oversight.records.rules import (
    ActNotPossible,
    RegisterName,
    find_future_days,
    find_reversed_days,
)
from services.oversight.records.schemas import ReasonIn, to_content
from services.oversight.records.store import read_by_ids
from services.oversight.tasks.rules import DONE_ALREADY, Task, find_completion_faults, find_figure_faults
from services.oversight.tasks.schemas import TaskCompletionIn, TaskCorrectionIn, TaskIn
from services.oversight.tasks.store import find_published_figures, to_task
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, Sentence, make_fault, raise_if_any
from shared.periods import InvalidPeriod, Period, local_day
from shared.reporting.context import ReportingContext

DOCUMENTS: RegisterName = "documents"
CONFERENCES: RegisterName = "conferences"
LONGEST_DAYS = 3700
"""A task lasts ten years at most, so that the periods of a recurring one are few."""
TOO_LONG = Sentence("Nhiệm vụ kéo dài quá {days} ngày.", "The task lasts more than {days} days.")


async def correct_task(
    context: ReportingContext,
    task_id: uuid.UUID,
    draft: PartialBody[TaskCorrectionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert a version of a task with its whole content anew."""
    record = await prepare_task(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "tasks", task_id, draft.body.version)
    _require_unfinished(to_task(newest), local_day(context.now))
    return await correct_record(context, at, task_id, record, draft.body)


async def prepare_task(
    context: ReportingContext,
    draft: PartialBody[TaskIn] | PartialBody[TaskCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a task; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    return await prepare_record(
        context,
        draft,
        "tasks",
        dated_by="starts_on",
        key=[body.text, body.owner, body.starts_on, body.plan],
        directory=directory,
        agencies=[
            ("/owner", body.owner),
            *((f"/co_workers/{index}", code) for index, code in enumerate(body.co_workers)),
        ],
        references=[("/plan", "plans", body.plan), ("/copied_from", "tasks", body.copied_from)],
        faults=_find_faults(draft),
    )


def _find_faults(draft: PartialBody[TaskIn] | PartialBody[TaskCorrectionIn]) -> list[Fault]:
    """Return the faults of the days of a task."""
    body = draft.body
    if {"starts_on", "due_on"} & draft.unread:
        return []
    faults = list(find_reversed_days(body.starts_on, body.due_on, "due_on"))
    if (body.due_on - body.starts_on).days > LONGEST_DAYS:
        faults.append(make_fault("/due_on", "task_too_long", TOO_LONG, days=LONGEST_DAYS))
    return faults


async def complete_task(
    context: ReportingContext, task_id: uuid.UUID, body: TaskCompletionIn
) -> RecordVersion:
    """Insert the version with the product of a task, or of one period of it."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "tasks", task_id, body.version)
    task, today = to_task(newest), local_day(context.now)
    _require_unfinished(task, today)
    products = {"document": body.document, "conference": body.conference, "figure": body.figure}
    raise_if_any(
        [
            *find_future_days(today, completed_on=body.completed_on),
            *find_reversed_days(task.starts_on, body.completed_on, "completed_on"),
            *find_completion_faults(task, products, body.period, today),
            *await _find_product_faults(context, task, body),
        ]
    )
    completions = [*newest.content.get("completions", ()), to_content(body)]
    return await add_version(context, at, newest, "completed", {"completions": completions})


async def _find_product_faults(context: ReportingContext, task: Task, body: TaskCompletionIn) -> list[Fault]:
    """Return the faults of products: records that do not exist, are older than the task or younger than its end, wrong periods."""
    named: list[Reference] = [
        ("/document", DOCUMENTS, body.document),
        ("/conference", CONFERENCES, body.conference),
    ]
    faults = await find_unknown_records(context.session, named)
    for pointer, register, record_id in named:
        rows = await read_by_ids(context.session, register, {record_id} if record_id else set())
        for row in rows:
            faults += find_reversed_days(task.starts_on, row.day, pointer[1:])
            faults += find_reversed_days(row.day, body.completed_on, "completed_on")
    figure = body.figure
    if figure is not None:
        published = await find_published_figures(context.session, figure.publication)
        stated = (figure.program, figure.unit or task.unit, figure.period)
        faults += find_figure_faults(stated, figure.indicator, figure.publication, published)
        try:
            Period.parse(figure.period)
        except InvalidPeriod as refusal:
            faults.append(make_fault("/figure/period", refusal.code, InvalidPeriod.detail, **refusal.facts))
    return faults


async def drop_task(context: ReportingContext, task_id: uuid.UUID, body: ReasonIn) -> RecordVersion:
    """Insert the version by which a task is no longer to be done."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "tasks", task_id, body.version)
    today = local_day(context.now)
    _require_unfinished(to_task(newest), today)
    return await add_version(context, at, newest, "dropped", {"dropped_on": today.isoformat()}, body.reason)


def _require_unfinished(task: Task, on: date) -> None:
    state = task.find_state(on)
    if state in {"done", "dropped"}:
        raise ActNotPossible(reason=DONE_ALREADY.filled(state=state))
