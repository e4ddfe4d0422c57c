"""The actions on completions: record the end of a project, and its completion report."""

import uuid
from collections.abc import Iterator

from services.ethnic.models import CompletionReport, ProjectCompletion
from services.ethnic.projects import store
from services.ethnic.projects.rules import (
    REPORTED_BEFORE_END,
    CompletionNotFound,
    CompletionReportExists,
    ProjectFacts,
    find_completion_faults,
)
from services.ethnic.projects.schemas import CompletionIn, CompletionReportIn
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, make_fault, raise_if_any
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import (
    RegisterResult,
    find_future_date_faults,
    locate_body_unit,
    require_valid,
)
from shared.territory.rights import is_granted, make_refusal


async def record_completion(
    context: ReportingContext, draft: PartialBody[CompletionIn], facts: ProjectFacts
) -> RegisterResult[ProjectCompletion]:
    """Insert the end of a project, or return the same one. Raise every fault of the body."""
    body = draft.body
    located = await locate_body_unit(
        context, draft, body.unit, body.ended_on, levels=("district", "commune"), dated_by="ended_on"
    )
    today = local_day(context.now)
    faults = find_completion_faults(facts, body.component, body.ended_on, today, draft.unread)
    unit = require_valid(context, draft, located, faults)
    at = await lock_feed(context.session, context.clock)
    row = ProjectCompletion(
        id=uuid7(at),
        **unit.to_columns(),
        component=body.component,
        project=body.project,
        project_key=canonicalize(body.project),
        ended_on=body.ended_on,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    same = await store.find_same_completion(context.session, row)
    if same is not None:
        return RegisterResult(same, created=False)
    context.session.add(row)
    await context.session.flush()
    data = {"unit": row.unit, "component": row.component, "ended_on": row.ended_on.isoformat()}
    await publish_events(context.session, at, [Event("project.completed", f"completions/{row.id}", data)])
    return RegisterResult(await _read_completion(context, row.id), created=True)


async def record_completion_report(
    context: ReportingContext, completion_id: uuid.UUID, draft: PartialBody[CompletionReportIn]
) -> RegisterResult[ProjectCompletion]:
    """Insert the completion report of a project, or return the same one. Raise every fault of the body."""
    completion = await _read_completion(context, completion_id)
    _require_granted(context, completion)
    raise_if_any([*draft.faults, *_find_report_faults(context, completion, draft)])
    at = await lock_feed(context.session, context.clock)
    completion = await _read_completion(context, completion_id)
    document = draft.body.document
    if completion.report is not None:
        report = completion.report
        same = canonicalize(report.document_number) == canonicalize(document.number)
        if not same or report.document_date != document.date:
            raise CompletionReportExists(completion=str(completion_id))
        return RegisterResult(completion, created=False)
    context.session.add(
        CompletionReport(
            completion_id=completion_id,
            document_number=document.number,
            document_date=document.date,
            client_id=context.caller.client_id,
            recorded_at=at,
        )
    )
    await context.session.flush()
    data = {
        "unit": completion.unit,
        "component": completion.component,
        "document": {"number": document.number, "date": document.date.isoformat()},
    }
    event = Event("project.completion_reported", f"completions/{completion_id}", data)
    await publish_events(context.session, at, [event])
    return RegisterResult(await _read_completion(context, completion_id), created=True)


def _require_granted(context: ReportingContext, completion: ProjectCompletion) -> None:
    """Raise `UnitNotGranted` for a project of a unit that is not below a granted one."""
    units = context.caller.units
    line, on = tuple(completion.line), completion.ended_on
    if not is_granted(context.territory, line, on, units):
        raise make_refusal(context.territory, completion.unit, line, on, units)


def _find_report_faults(
    context: ReportingContext, completion: ProjectCompletion, draft: PartialBody[CompletionReportIn]
) -> Iterator[Fault]:
    if "document" in draft.unread:
        return
    date = draft.body.document.date
    yield from find_future_date_faults(date, context, "/document/date")
    if date < completion.ended_on:
        days = {"date": date, "ended_on": completion.ended_on}
        yield make_fault("/document/date", "reported_before_end", REPORTED_BEFORE_END, **days)


async def _read_completion(context: ReportingContext, completion_id: uuid.UUID) -> ProjectCompletion:
    completion = await store.find_completion(context.session, completion_id)
    if completion is None:
        raise CompletionNotFound(completion=str(completion_id))
    return completion
