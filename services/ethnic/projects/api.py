"""The routes of projects and of their completions."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.ethnic.models import ProjectCompletion
from services.ethnic.projects import store
from services.ethnic.projects.actions import record_completion, record_completion_report
from services.ethnic.projects.reading import read_projects
from services.ethnic.projects.rules import CompletionNotFound, ProjectFacts
from services.ethnic.projects.schemas import (
    CompletionIn,
    CompletionOut,
    CompletionReportIn,
    CompletionsPage,
    YearProjectsOut,
)
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Invalid, Sentence, make_fault
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import PeriodKind, local_day
from shared.reporting.basis import Basis
from shared.reporting.context import PublicContext, RegistrarContext, ReportingContext
from shared.reporting.query_params import PeriodQuery
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing
from shared.territory.named_rows import name_units
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/ethnic", tags=["projects"], route_class=TransactionRoute)

CurrentProjectFacts = Annotated[ProjectFacts, Depends(resource(ProjectFacts))]

NOT_A_YEAR = Sentence(
    "Dự án được đọc theo năm, không phải {period}.", "Projects are read by year, not {period}."
)


@router.get("/projects", summary="Read projects with plan, result and money")
async def read_year_projects(
    *,
    context: PublicContext,
    facts: CurrentProjectFacts,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    as_of: AsOf = None,
) -> YearProjectsOut:
    """Read the ten projects and fourteen sub-projects of a unit and year: each indicator with plan, done and the sum since 2021.

    The money of each component is in funding, at the address `money`.
    """
    if period.kind is not PeriodKind.YEAR:
        raise Invalid(faults=[make_fault("/query/period", "period_not_a_year", NOT_A_YEAR, period=period)])
    return await read_projects(context, facts, unit, period, basis, as_of)


@router.post("/completions", status_code=status.HTTP_201_CREATED, summary="Record the end of a project")
async def record_project_completion(
    *,
    context: RegistrarContext,
    facts: CurrentProjectFacts,
    draft: Annotated[PartialBody[CompletionIn], Body()],
    response: Response,
) -> CompletionOut:
    """Record that a project or an activity ended; within 15 days its completion report is due (TT 01/2022/TT-UBDT).

    The same completion again answers 200 with the existing one.
    """
    result = await record_completion(context, draft, facts)
    set_created_or_existing(response, f"{store.PATH}/{result.row.id}", created=result.created)
    return _serialize(context, facts, result.row)


@router.post(
    "/completions/{completion_id}/report",
    status_code=status.HTTP_201_CREATED,
    summary="Record the completion report of a project",
)
async def record_report_of_completion(
    *,
    context: RegistrarContext,
    facts: CurrentProjectFacts,
    completion_id: uuid.UUID,
    draft: Annotated[PartialBody[CompletionReportIn], Body()],
    response: Response,
) -> CompletionOut:
    """Record the certified completion report of a project, which settles what was owed."""
    result = await record_completion_report(context, completion_id, draft)
    set_created_or_existing(response, f"{store.PATH}/{completion_id}", created=result.created)
    return _serialize(context, facts, result.row)


@router.get("/completions", summary="List ended projects and their reports")
async def list_completions(
    *,
    context: PublicContext,
    facts: CurrentProjectFacts,
    unit: UnitsQuery = None,
    component: Annotated[
        str | None, Query(min_length=1, max_length=40, description="only of this project or sub-project")
    ] = None,
    include: Annotated[
        Literal["open", "reported", "all"],
        Query(description="only those without a report, only those with one"),
    ] = "all",
    paging: Annotated[Paging, paged_by(100)],
) -> CompletionsPage:
    """List the ended projects, newest first, each with the day by which its completion report is due and whether it came."""
    is_open = None if include == "all" else include == "open"
    return await paging.fetch(
        context.session,
        store.select_completions(require_units(context.territory, unit), component, is_open=is_open),
        serialize=lambda row: _serialize(context, facts, row[0]),
    )


@router.get("/completions/{completion_id}", summary="Read an ended project")
async def read_completion(
    *, context: PublicContext, facts: CurrentProjectFacts, completion_id: uuid.UUID
) -> CompletionOut:
    """Read one ended project with its completion report."""
    row = await store.find_completion(context.session, completion_id)
    if row is None:
        raise CompletionNotFound(completion=str(completion_id))
    return _serialize(context, facts, row)


def _serialize(context: ReportingContext, facts: ProjectFacts, row: ProjectCompletion) -> CompletionOut:
    """Serialize a completion with the name of its unit on the day on which the project ended."""
    (completion,) = name_units(
        context.territory,
        [CompletionOut.from_row(row, facts, local_day(context.now))],
        lambda row: row.ended_on,
    )
    return completion
