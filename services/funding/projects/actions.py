"""What people do with projects: register, approve anew, plan a year, tell how far the building has come."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from services.funding.desk import Desk
from services.funding.entries.bodies import DecisionIO
from services.funding.places import fault_of_unit
from services.funding.projects import store
from services.funding.projects.rules import ProjectExists
from services.funding.projects.schemas import ApprovalIn, BuildingIn, PlanIn, ProjectIn, ProjectOut, YearOut
from shared.kit.feed import Happening, publish, take_write_order
from shared.kit.problems import NotFound, Sentence, refuse


class ProjectNotFound(NotFound):
    """No project has this code."""

    code = "project_not_found"
    detail = Sentence("Không có công trình {project}.", "There is no project {project}.")


async def register(desk: Desk, body: ProjectIn) -> ProjectOut:
    """Register a project with its first approval."""
    codes = desk.catalogue.faults_of(
        program=body.program, component=body.component, source=None, funded_in=None
    )
    missing = fault_of_unit(desk.territory, body.unit, body.decision.date)
    refuse([*codes, *([missing] if missing else [])])
    desk.require(body.program, body.unit, body.decision.date)
    if await store.lock_accounts(desk.session, [body.code]):
        raise ProjectExists(body.code)
    named = ("code", "name", "program", "component", "unit", "starts_on", "due_on")
    signed = {"client_id": desk.caller.client_id, "recorded_at": desk.now}
    said = {name: getattr(body, name) for name in named}
    await store.register(desk.session, {**said, "registered_on": body.decision.date, **signed})
    approval = {"amount_vnd": body.approved_total_vnd, "decision": body.decision}
    return await _state(desk, body.code, "approval", approval)


async def approve(desk: Desk, code: str, body: ApprovalIn) -> ProjectOut:
    """Let another approved total hold."""
    await _open(desk, code)
    approval = {"amount_vnd": body.approved_total_vnd, "decision": body.decision}
    return await _state(desk, code, "approval", approval)


async def plan(desk: Desk, code: str, body: PlanIn) -> ProjectOut:
    """Let a plan of a year hold."""
    await _open(desk, code)
    planned = {"year": body.year, "amount_vnd": body.planned_vnd, "decision": body.decision}
    return await _state(desk, code, "plan", planned)


async def tell_building(desk: Desk, code: str, body: BuildingIn) -> ProjectOut:
    """Tell how far the building has come."""
    await _open(desk, code)
    said = {"stated_on": body.on, "physical_percent": body.physical_percent, "status": body.status}
    return await _state(desk, code, "progress", said)


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
    at = await take_write_order(desk.session, desk.clock)
    await publish(desk.session, at, [Happening(f"project.{TOLD[kind]}", f"projects/{code}")])
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
                years=[
                    YearOut(
                        year=year,
                        planned_vnd=account.planned.get(year, 0),
                        disbursed_vnd=account.paid.get(year, 0),
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
