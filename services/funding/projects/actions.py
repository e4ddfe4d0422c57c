"""What people do with projects: register, approve anew, plan a year, tell how far the building has come."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from services.funding.context import FundingContext
from services.funding.entries.bodies import DecisionIO
from services.funding.projects import store
from services.funding.projects.rules import ProjectExists
from services.funding.projects.schemas import ApprovalIn, BuildingIn, PlanIn, ProjectIn, ProjectOut, YearOut
from services.funding.proposals import IN_FUTURE
from services.funding.unit_versions import find_unit_fault
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, NotFound, Sentence, make_fault, raise_if_any

DUE_BEFORE_START = Sentence(
    "Ngày hoàn thành trước ngày khởi công {day}.", "It is due before its first day {day}."
)


class ProjectNotFound(NotFound):
    """No project has this code."""

    code = "project_not_found"
    detail = Sentence("Không có công trình {project}.", "There is no project {project}.")


async def register(context: FundingContext, draft: PartialBody[ProjectIn]) -> ProjectOut:
    """Register a project with its first approval."""
    body = draft.body
    read = {
        name: None if name in draft.unread else getattr(body, name)
        for name in ("program", "component", "unit", "decision")
    }
    codes = context.catalogue.faults_of(
        program=read["program"], component=read["component"], source=None, funded_in=None
    )
    on = body.decision.date if read["decision"] else None
    missing = find_unit_fault(context.territory, body.unit, on) if read["unit"] else None
    days = _faults_of_decision(context, draft)
    if body.starts_on and body.due_on and body.due_on < body.starts_on:
        days.append(
            make_fault("/due_on", "due_before_start", DUE_BEFORE_START, day=body.starts_on.isoformat())
        )
    raise_if_any([*draft.faults, *codes, *([missing] if missing else []), *days])
    context.require(body.program, body.unit, body.decision.date)
    if await store.lock_accounts(context.session, [body.code]):
        raise ProjectExists(body.code)
    named = ("code", "name", "program", "component", "unit", "starts_on", "due_on")
    signed = {"client_id": context.caller.client_id, "recorded_at": context.now}
    said = {name: getattr(body, name) for name in named}
    await store.register(context.session, {**said, "registered_on": body.decision.date, **signed})
    approval = {"amount_vnd": body.approved_total_vnd, "decision": body.decision}
    return await _state(context, body.code, "approval", approval)


async def approve(context: FundingContext, code: str, draft: PartialBody[ApprovalIn]) -> ProjectOut:
    """Let another approved total hold."""
    raise_if_any([*draft.faults, *_faults_of_decision(context, draft)])
    await _open(context, code)
    approval = {"amount_vnd": draft.body.approved_total_vnd, "decision": draft.body.decision}
    return await _state(context, code, "approval", approval)


async def plan(context: FundingContext, code: str, draft: PartialBody[PlanIn]) -> ProjectOut:
    """Let a plan of a year hold."""
    raise_if_any([*draft.faults, *_faults_of_decision(context, draft)])
    await _open(context, code)
    body = draft.body
    planned = {"year": body.year, "amount_vnd": body.planned_vnd, "decision": body.decision}
    return await _state(context, code, "plan", planned)


async def tell_building(context: FundingContext, code: str, draft: PartialBody[BuildingIn]) -> ProjectOut:
    """Tell how far the building has come."""
    body = draft.body
    raise_if_any([*draft.faults, *([] if "on" in draft.unread else _faults_of_day(context, "/on", body.on))])
    await _open(context, code)
    said = {"stated_on": body.on, "physical_percent": body.physical_percent, "status": body.status}
    return await _state(context, code, "progress", said)


def _faults_of_decision(context: FundingContext, draft: PartialBody[Any]) -> list[Fault]:
    if "decision" in draft.unread:
        return []
    return _faults_of_day(context, "/decision/date", draft.body.decision.date)


def _faults_of_day(context: FundingContext, pointer: str, day: date) -> list[Fault]:
    return (
        [make_fault(pointer, "date_in_future", IN_FUTURE, day=day.isoformat())] if day > context.today else []
    )


async def _open(context: FundingContext, code: str) -> None:
    """Lock a project for a statement about it, by someone who may make one."""
    await store.lock_accounts(context.session, [code])
    row = await store.find(context.session, code)
    if row is None:
        raise ProjectNotFound(project=code)
    context.require(row.program, row.unit, row.registered_on)


async def _state(context: FundingContext, code: str, kind: str, said: Mapping[str, Any]) -> ProjectOut:
    decision: DecisionIO | None = said.get("decision")
    kept = {name: value for name, value in said.items() if name != "decision"}
    if decision is not None:
        kept |= {"decision_number": decision.number, "decision_date": decision.date}
    signed = {"client_id": context.caller.client_id, "recorded_at": context.now}
    await store.state(context.session, {"project": code, "kind": kind, **kept, **signed})
    at = await lock_feed(context.session, context.clock)
    await publish_events(context.session, at, [Event(f"project.{TOLD[kind]}", f"projects/{code}")])
    row = await store.find(context.session, code)
    assert row is not None
    (found,) = await described(context, [row])
    return found


TOLD = {"approval": "approved", "plan": "planned", "progress": "built"}


async def described(context: FundingContext, rows: Sequence[Row[Any]]) -> list[ProjectOut]:
    """Say projects with their money and their building."""
    codes = [row.code for row in rows]
    accounts = await store.accounts(context.session, codes)
    latest = await store.statements(context.session, codes)
    found = []
    for row in rows:
        account, building = accounts[row.code], latest.get((row.code, "progress", None))
        years = sorted({*account.planned, *account.paid})
        found.append(
            ProjectOut(
                code=row.code,
                name=row.name,
                program=row.program,
                component=row.component,
                unit=row.unit,
                approved_total_vnd=account.approved_total_vnd,
                committed_vnd=account.committed_vnd,
                disbursed_vnd=account.paid_vnd,
                left_vnd=account.approved_total_vnd - account.paid_vnd,
                years=[
                    YearOut(
                        year=year,
                        planned_vnd=account.planned.get(year, 0),
                        disbursed_vnd=account.paid.get(year, 0),
                        left_vnd=account.planned.get(year, 0) - account.paid.get(year, 0),
                    )
                    for year in years
                ],
                starts_on=row.starts_on,
                due_on=row.due_on,
                status=building.status if building else "prepared",
                physical_percent=building.physical_percent if building else Decimal(0),
                stated_on=building.stated_on if building else None,
            )
        )
    return found
