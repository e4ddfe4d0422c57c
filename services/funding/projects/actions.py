"""Registers projects, and records their approvals, plans and physical progress."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from services.funding.closed_years.reading import read_overdue_of
from services.funding.context import FundingContext
from services.funding.fault_sentences import DUE_BEFORE_START, IN_FUTURE, PROJECT_UNKNOWN
from services.funding.field_types import DecisionIO
from services.funding.projects import store
from services.funding.projects.rules import ProjectExists, ProjectFunding
from services.funding.projects.schemas import (
    ApprovalIn,
    PhysicalProgressIn,
    PlanIn,
    ProjectIn,
    ProjectOut,
    ProjectYearOut,
)
from services.funding.units import find_unit_fault, find_unit_version
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, NotFound, make_fault, raise_if_any
from shared.territory.named_rows import find_unit_names

EVENT_VERBS = {"approval": "approved", "plan": "planned", "progress": "built"}
"""The verb of the event by the kind of the statement."""


class ProjectNotFound(NotFound):
    """No project has this code."""

    code = "project_not_found"
    detail = PROJECT_UNKNOWN


async def register_project(context: FundingContext, draft: PartialBody[ProjectIn]) -> ProjectOut:
    """Register a project with its first approval."""
    body = draft.body
    read = {
        name: None if name in draft.unread else getattr(body, name)
        for name in ("program", "component", "unit", "decision")
    }
    code_faults = context.catalogue.find_code_faults(
        program=read["program"], component=read["component"], source=None, year=None
    )
    decided_on = body.decision.date if read["decision"] else None
    unit_fault = find_unit_fault(context.territory, body.unit, decided_on) if read["unit"] else None
    date_faults = _find_decision_faults(context, draft)
    if body.starts_on and body.due_on and body.due_on < body.starts_on:
        day = body.starts_on.isoformat()
        date_faults.append(make_fault("/due_on", "due_before_start", DUE_BEFORE_START, day=day))
    raise_if_any([*draft.faults, *code_faults, *([unit_fault] if unit_fault else []), *date_faults])
    context.require(body.program, body.unit, body.decision.date)
    if await store.lock_projects(context.session, [body.code]):
        raise ProjectExists(body.code)
    names = ("code", "name", "program", "component", "unit", "starts_on", "due_on")
    columns = {name: getattr(body, name) for name in names}
    columns |= {"registered_on": body.decision.date, "client_id": context.caller.client_id}
    await store.insert_project(context.session, {**columns, "recorded_at": context.now})
    approval = {"amount_vnd": body.approved_total_vnd, **_to_decision_columns(body.decision)}
    return await _state(context, body.code, "approval", approval)


async def approve_project(context: FundingContext, code: str, draft: PartialBody[ApprovalIn]) -> ProjectOut:
    """Record another approved total, which holds from now on."""
    raise_if_any([*draft.faults, *_find_decision_faults(context, draft)])
    await _lock(context, code)
    body = draft.body
    approval = {"amount_vnd": body.approved_total_vnd, **_to_decision_columns(body.decision)}
    return await _state(context, code, "approval", approval)


async def plan_project(context: FundingContext, code: str, draft: PartialBody[PlanIn]) -> ProjectOut:
    """Record the plan of a year, which holds from now on."""
    raise_if_any([*draft.faults, *_find_decision_faults(context, draft)])
    await _lock(context, code)
    body = draft.body
    plan = {"year": body.year, "amount_vnd": body.planned_vnd, **_to_decision_columns(body.decision)}
    return await _state(context, code, "plan", plan)


async def record_progress(
    context: FundingContext, code: str, draft: PartialBody[PhysicalProgressIn]
) -> ProjectOut:
    """Record the physical progress of a project on a day."""
    body = draft.body
    date_faults = [] if "on" in draft.unread else _find_date_faults(context, "/on", body.on)
    raise_if_any([*draft.faults, *date_faults])
    await _lock(context, code)
    progress = {"stated_on": body.on, "physical_percent": body.physical_percent, "status": body.status}
    return await _state(context, code, "progress", progress)


def _find_decision_faults(context: FundingContext, draft: PartialBody[Any]) -> list[Fault]:
    if "decision" in draft.unread:
        return []
    return _find_date_faults(context, "/decision/date", draft.body.decision.date)


def _find_date_faults(context: FundingContext, pointer: str, day: date) -> list[Fault]:
    if day <= context.today:
        return []
    return [make_fault(pointer, "date_in_future", IN_FUTURE, day=day.isoformat())]


async def _lock(context: FundingContext, code: str) -> None:
    """Lock a project; raises `ProjectNotFound`, and `Forbidden` where the caller has no rights over it."""
    await store.lock_projects(context.session, [code])
    row = await store.find_project(context.session, code)
    if row is None:
        raise ProjectNotFound(project=code)
    context.require(row.program, row.unit, row.registered_on)


def _to_decision_columns(decision: DecisionIO) -> dict[str, Any]:
    return {"decision_number": decision.number, "decision_date": decision.date}


async def _state(context: FundingContext, code: str, kind: str, columns: Mapping[str, Any]) -> ProjectOut:
    """Insert a statement about a locked project, publish it, and return the project as it is now."""
    statement = {"project": code, "kind": kind, **columns}
    statement |= {"client_id": context.caller.client_id, "recorded_at": context.now}
    await store.insert_statement(context.session, statement)
    recorded_at = await lock_feed(context.session, context.clock)
    event = Event(f"project.{EVENT_VERBS[kind]}", f"projects/{code}")
    await publish_events(context.session, recorded_at, [event])
    row = await store.find_project(context.session, code)
    assert row is not None
    (project,) = await describe_projects(context, [row])
    return project


async def describe_projects(context: FundingContext, rows: Sequence[Row[Any]]) -> list[ProjectOut]:
    """Serialize projects with their money and their physical progress."""
    codes = [row.code for row in rows]
    funding = await store.read_funding(context.session, codes)
    latest = await store.read_latest_statements(context.session, codes)
    return [
        _to_project(
            row,
            funding[row.code],
            latest.get((row.code, "progress", None)),
            names=find_unit_names(context.territory, row.unit, row.registered_on),
            closing_overdue=await _is_closing_overdue(context, row, funding[row.code]),
        )
        for row in rows
    ]


async def _is_closing_overdue(context: FundingContext, row: Row[Any], funding: ProjectFunding) -> bool:
    """Whether the closing of a year in which a project was paid is overdue for its unit."""
    unit_version = find_unit_version(context.territory, row.unit, row.registered_on)
    paid_years = [(year, unit_version) for year, paid_vnd in funding.paid.items() if paid_vnd]
    return await read_overdue_of(context.session, context, paid_years)


def _to_project(
    row: Row[Any],
    funding: ProjectFunding,
    progress: Row[Any] | None,
    *,
    names: Mapping[str, Any],
    closing_overdue: bool,
) -> ProjectOut:
    return ProjectOut(
        **names,
        closing_overdue=closing_overdue,
        code=row.code,
        name=row.name,
        program=row.program,
        component=row.component,
        unit=row.unit,
        approved_total_vnd=funding.approved_total_vnd,
        committed_vnd=funding.committed_vnd,
        disbursed_vnd=funding.paid_vnd,
        left_vnd=funding.approved_total_vnd - funding.paid_vnd,
        years=[
            ProjectYearOut(
                year=year,
                planned_vnd=funding.planned.get(year, 0),
                disbursed_vnd=funding.paid.get(year, 0),
                left_vnd=funding.planned.get(year, 0) - funding.paid.get(year, 0),
            )
            for year in sorted({*funding.planned, *funding.paid})
        ],
        starts_on=row.starts_on,
        due_on=row.due_on,
        status=progress.status if progress else "prepared",
        physical_percent=progress.physical_percent if progress else Decimal(0),
        stated_on=progress.stated_on if progress else None,
    )
