"""What people do with projects: register, approve anew, plan a year, tell how far the building has come."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from services.funding.desk import Desk
from services.funding.entries.bodies import DecisionIO
from services.funding.places import fault_of_unit
from services.funding.projects import store
from services.funding.projects.rules import ProjectExists
from services.funding.projects.schemas import ApprovalIn, BuildingIn, PlanIn, ProjectIn, ProjectOut, YearOut
from services.funding.proposals import IN_FUTURE
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


async def register(desk: Desk, draft: PartialBody[ProjectIn]) -> ProjectOut:
    """Register a project with its first approval."""
    body = draft.body
    read = {
        name: None if name in draft.unread else getattr(body, name)
        for name in ("program", "component", "unit", "decision")
    }
    codes = desk.catalogue.faults_of(
        program=read["program"], component=read["component"], source=None, funded_in=None
    )
    on = body.decision.date if read["decision"] else None
    missing = fault_of_unit(desk.territory, body.unit, on) if read["unit"] else None
    days = _faults_of_decision(desk, draft)
    if body.starts_on and body.due_on and body.due_on < body.starts_on:
        days.append(
            make_fault("/due_on", "due_before_start", DUE_BEFORE_START, day=body.starts_on.isoformat())
        )
    raise_if_any([*draft.faults, *codes, *([missing] if missing else []), *days])
    desk.require(body.program, body.unit, body.decision.date)
    if await store.lock_accounts(desk.session, [body.code]):
        raise ProjectExists(body.code)
    named = ("code", "name", "program", "component", "unit", "starts_on", "due_on")
    signed = {"client_id": desk.caller.client_id, "recorded_at": desk.now}
    said = {name: getattr(body, name) for name in named}
    await store.register(desk.session, {**said, "registered_on": body.decision.date, **signed})
    approval = {"amount_vnd": body.approved_total_vnd, "decision": body.decision}
    return await _state(desk, body.code, "approval", approval)


async def approve(desk: Desk, code: str, draft: PartialBody[ApprovalIn]) -> ProjectOut:
    """Let another approved total hold."""
    raise_if_any([*draft.faults, *_faults_of_decision(desk, draft)])
    await _open(desk, code)
    approval = {"amount_vnd": draft.body.approved_total_vnd, "decision": draft.body.decision}
    return await _state(desk, code, "approval", approval)


async def plan(desk: Desk, code: str, draft: PartialBody[PlanIn]) -> ProjectOut:
    """Let a plan of a year hold."""
    raise_if_any([*draft.faults, *_faults_of_decision(desk, draft)])
    await _open(desk, code)
    body = draft.body
    planned = {"year": body.year, "amount_vnd": body.planned_vnd, "decision": body.decision}
    return await _state(desk, code, "plan", planned)


async def tell_building(desk: Desk, code: str, draft: PartialBody[BuildingIn]) -> ProjectOut:
    """Tell how far the building has come."""
    body = draft.body
    raise_if_any([*draft.faults, *([] if "on" in draft.unread else _faults_of_day(desk, "/on", body.on))])
    await _open(desk, code)
    said = {"stated_on": body.on, "physical_percent": body.physical_percent, "status": body.status}
    return await _state(desk, code, "progress", said)


def _faults_of_decision(desk: Desk, draft: PartialBody[Any]) -> list[Fault]:
    if "decision" in draft.unread:
        return []
    return _faults_of_day(desk, "/decision/date", draft.body.decision.date)


def _faults_of_day(desk: Desk, pointer: str, day: date) -> list[Fault]:
    return [make_fault(pointer, "date_in_future", IN_FUTURE, day=day.isoformat())] if day > desk.today else []


async def _open(desk: Desk, code: str) -> None:
    """Lock a project for a statement about it, by someone who may make one."""
    await store.lock_accounts(desk.session, [code])
    row = await store.find(desk.session, code)
    if row is None:
        raise ProjectNotFound(project=code)
    desk.require(row.program, row.unit, row.registered_on)


async def _state(desk: Desk, code: str, kind: str, said: Mapping[str, Any]) -> ProjectOut:
    decision: DecisionIO | None = said.get("decision")
    kept = {name: value for name, value in said.items() if name != "decision"}
    if decision is not None:
        kept |= {"decision_number": decision.number, "decision_date": decision.date}
    signed = {"client_id": desk.caller.client_id, "recorded_at": desk.now}
    await store.state(desk.session, {"project": code, "kind": kind, **kept, **signed})
    at = await lock_feed(desk.session, desk.clock)
    await publish_events(desk.session, at, [Event(f"project.{TOLD[kind]}", f"projects/{code}")])
    row = await store.find(desk.session, code)
    assert row is not None
    (found,) = await described(desk, [row])
    return found


TOLD = {"approval": "approved", "plan": "planned", "progress": "built"}


async def described(desk: Desk, rows: Sequence[Row[Any]]) -> list[ProjectOut]:
    """Say projects with their money and their building."""
    codes = [row.code for row in rows]
    accounts = await store.accounts(desk.session, codes)
    latest = await store.statements(desk.session, codes)
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
