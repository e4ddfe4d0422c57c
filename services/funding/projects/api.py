"""The routes of projects."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Response, status

from services.funding.context import FinanceContext, FundingReaderContext
from services.funding.field_types import Code
from services.funding.projects import actions, store
from services.funding.projects.actions import ProjectNotFound
from services.funding.projects.schemas import (
    ApprovalIn,
    PhysicalProgressIn,
    PlanIn,
    ProjectIn,
    ProjectOut,
    ProjectsPage,
)
from services.funding.query_params import ProgramQuery
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["projects"], route_class=TransactionRoute)

PATH = "/v1/funding/projects"

ProjectCode = Annotated[Code, Path(description="code of the project")]


@router.post("/projects", status_code=status.HTTP_201_CREATED, summary="Register a project")
async def register_project(
    *,
    context: FinanceContext,
    draft: Annotated[PartialBody[ProjectIn], Body()],
    response: Response,
) -> ProjectOut:
    """Register a project with its approved total. Payments for it may exceed neither that nor the plan of the year."""
    project = await actions.register_project(context, draft)
    response.headers["Location"] = f"{PATH}/{project.code}"
    return project


@router.post(
    "/projects/{code}/approvals", status_code=status.HTTP_201_CREATED, summary="Approve another total"
)
async def approve_project(
    *,
    context: FinanceContext,
    code: ProjectCode,
    draft: Annotated[PartialBody[ApprovalIn], Body()],
    response: Response,
) -> ProjectOut:
    """Record another approved total, which holds from now on; earlier approvals stay recorded."""
    project = await actions.approve_project(context, code, draft)
    response.headers["Location"] = f"{PATH}/{project.code}"
    return project


@router.post("/projects/{code}/plans", status_code=status.HTTP_201_CREATED, summary="Plan a year")
async def plan_project(
    *,
    context: FinanceContext,
    code: ProjectCode,
    draft: Annotated[PartialBody[PlanIn], Body()],
    response: Response,
) -> ProjectOut:
    """Record the plan of a year, which holds from now on; nothing can be paid in a year without a plan."""
    project = await actions.plan_project(context, code, draft)
    response.headers["Location"] = f"{PATH}/{project.code}"
    return project


@router.post(
    "/projects/{code}/building", status_code=status.HTTP_201_CREATED, summary="Record the physical progress"
)
async def tell_project_building(
    *,
    context: FinanceContext,
    code: ProjectCode,
    draft: Annotated[PartialBody[PhysicalProgressIn], Body()],
    response: Response,
) -> ProjectOut:
    """Record the physical progress of a project and its status."""
    project = await actions.record_progress(context, code, draft)
    response.headers["Location"] = f"{PATH}/{project.code}"
    return project


@router.get("/projects", summary="List projects")
async def list_projects(
    *,
    context: FundingReaderContext,
    program: ProgramQuery = None,
    paging: Annotated[Paging, paged_by(50)],
) -> ProjectsPage:
    """List projects by code, each with its money and its physical progress."""
    query = store.select_projects(program=program)
    rows = await paging.fetch(context.session, query, serialize=lambda row: row)
    return ProjectsPage(items=await actions.describe_projects(context, rows.items), next=rows.next)


@router.get("/projects/{code}", summary="Read one project")
async def read_project(*, context: FundingReaderContext, code: ProjectCode) -> ProjectOut:
    """Read one project with its money and its physical progress."""
    row = await store.find_project(context.session, code)
    if row is None:
        raise ProjectNotFound(project=code)
    (project,) = await actions.describe_projects(context, [row])
    return project
