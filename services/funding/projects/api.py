"""Where projects are kept and read."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response, status

from services.funding.context import CurrentFundingContext
from services.funding.projects import actions, store
from services.funding.projects.actions import ProjectNotFound
from services.funding.projects.schemas import (
    ApprovalIn,
    BuildingIn,
    PlanIn,
    ProjectIn,
    ProjectOut,
    ProjectsPage,
)
from services.funding.query_params import Code, ProgramQuery
from shared.kit.identity import FinanceOfficer, Reader
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["projects"], route_class=TransactionRoute)

TheCode = Annotated[Code, Path(description="code of the project")]


@router.post("/projects", status_code=status.HTTP_201_CREATED, summary="Register a project")
async def register_project(
    *,
    context: CurrentFundingContext,
    caller: FinanceOfficer,
    draft: Annotated[PartialBody[ProjectIn], Body()],
) -> ProjectOut:
    """Register a project with its approved total; payments that name it are held to that and to the year's plan."""
    return await actions.register(context.of(caller), draft)


@router.post(
    "/projects/{code}/approvals", status_code=status.HTTP_201_CREATED, summary="Approve another total"
)
async def approve_project(
    *,
    context: CurrentFundingContext,
    caller: FinanceOfficer,
    code: TheCode,
    draft: Annotated[PartialBody[ApprovalIn], Body()],
) -> ProjectOut:
    """Let another approved total hold from now on; what was approved before stays on record."""
    return await actions.approve(context.of(caller), code, draft)


@router.post("/projects/{code}/plans", status_code=status.HTTP_201_CREATED, summary="Plan a year")
async def plan_project(
    *,
    context: CurrentFundingContext,
    caller: FinanceOfficer,
    code: TheCode,
    draft: Annotated[PartialBody[PlanIn], Body()],
) -> ProjectOut:
    """Let a plan of a year hold from now on; a year without one has nothing to pay."""
    return await actions.plan(context.of(caller), code, draft)


@router.post(
    "/projects/{code}/building", status_code=status.HTTP_201_CREATED, summary="Tell the physical progress"
)
async def tell_project_building(
    *,
    context: CurrentFundingContext,
    caller: FinanceOfficer,
    code: TheCode,
    draft: Annotated[PartialBody[BuildingIn], Body()],
) -> ProjectOut:
    """Tell how far the building has come, and in which state it is."""
    return await actions.tell_building(context.of(caller), code, draft)


@router.get("/projects", summary="List projects")
async def list_projects(
    *,
    context: CurrentFundingContext,
    _: Reader,
    request: Request,
    response: Response,
    program: ProgramQuery = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ProjectsPage:
    """List projects by code, each with its money and its building."""
    query = store.listed(program=program)
    rows = await fetch_page(context.session, query, limit=limit, cursor=cursor, said=lambda row: row)
    set_next_link(request, response, rows.next)
    return ProjectsPage(items=await actions.described(context, rows.items), next=rows.next)


@router.get("/projects/{code}", summary="Read one project")
async def read_project(*, context: CurrentFundingContext, _: Reader, code: TheCode) -> ProjectOut:
    """Read one project with its money and its building."""
    row = await store.find(context.session, code)
    if row is None:
        raise ProjectNotFound(project=code)
    (found,) = await actions.described(context, [row])
    return found
