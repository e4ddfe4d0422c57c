"""The routes of plans."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status
from sqlalchemy import ColumnElement, func

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.context import InsiderContext, OverseerContext, PublicRecordContext, reads_as_public
from services.oversight.models import RecordVersion
from services.oversight.plans import actions
from services.oversight.plans.rules import EDITABLE_STATES, PlanState, compare_with_ceilings, list_years
from services.oversight.plans.schemas import (
    CeilingOut,
    CeilingsOut,
    ImplementationPlanCorrectionIn,
    ImplementationPlanIn,
    ImplementationPlanOut,
    ImplementationPlanRevisionIn,
    ImplementationPlansPage,
    LineSumOut,
    NextPlanIn,
    PlanApprovalIn,
)
from services.oversight.plans.store import PATH, find_state, to_capital
from services.oversight.records.actions import lock_and_insert_record, withdraw_record
from services.oversight.records.rights import read_visible_versions
from services.oversight.records.rules import RecordNotFound
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import (
    content_is,
    is_of_unit,
    read_records,
    read_versions,
    select_records,
)
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import ReportingContext
from shared.reporting.query_params import PlanPeriodFilter
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing

PLAN_STATE: ColumnElement[str] = func.coalesce(RecordVersion.content["state"].astext, "draft")

router = APIRouter(prefix=PATH, tags=["plans"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a plan")
async def record_plan(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    draft: Annotated[PartialBody[ImplementationPlanIn], Body()],
    response: Response,
) -> ImplementationPlanOut:
    """Draft a plan of a year or of several years. The same plan again answers 200."""
    record = await actions.prepare_plan(context, draft, directory)
    result = await lock_and_insert_record(context, record)
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return _serialize(context, result.row)


@router.get("", summary="List plans")
async def list_plans(
    *,
    context: PublicRecordContext,
    unit: UnitsQuery = None,
    period: PlanPeriodFilter,
    state: Annotated[PlanState | None, Query(description="only plans in this state")] = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> ImplementationPlansPage:
    """List plans, newest first; to a reader without a scope only those that were approved."""
    conditions: list[ColumnElement[bool]] = content_is("period", None if period is None else str(period))
    if state is not None:
        conditions.append(PLAN_STATE.in_([state]))
    if reads_as_public(context):
        conditions.append(PLAN_STATE.not_in(EDITABLE_STATES))
    query = select_records("plans", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: _serialize(context, row[0]),
    )


@router.get("/{plan_id}", summary="Read one plan")
async def read_plan(
    *, context: PublicRecordContext, plan_id: uuid.UUID, as_of: AsOf = None
) -> ImplementationPlanOut:
    """Read a plan with all its versions; also one that was withdrawn. A draft is for readers with a scope."""
    versions = await read_visible_versions(context, "plans", plan_id, as_of)
    if reads_as_public(context) and find_state(versions[0]) in EDITABLE_STATES:
        raise RecordNotFound(record=str(plan_id))
    return _serialize(context, versions[0], versions)


@router.post("/{plan_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct a plan")
async def correct_plan(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    plan_id: uuid.UUID,
    draft: Annotated[PartialBody[ImplementationPlanCorrectionIn], Body()],
    response: Response,
) -> ImplementationPlanOut:
    """State the whole content anew, as the next version; the versions before it stay readable."""
    row = await actions.correct_plan(context, plan_id, draft, directory)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post("/{plan_id}/submit", status_code=status.HTTP_201_CREATED, summary="Submit a plan")
async def submit_plan(
    *, context: OverseerContext, plan_id: uuid.UUID, body: ReasonIn, response: Response
) -> ImplementationPlanOut:
    """Submit a draft for approval."""
    row = await actions.submit_plan(context, plan_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post("/{plan_id}/approve", status_code=status.HTTP_201_CREATED, summary="Approve a plan")
async def approve_plan(
    *, context: OverseerContext, plan_id: uuid.UUID, body: PlanApprovalIn, response: Response
) -> ImplementationPlanOut:
    """Approve a submitted plan by a document, which is recorded here."""
    row = await actions.approve_plan(context, plan_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post("/{plan_id}/revise", status_code=status.HTTP_201_CREATED, summary="Revise a plan")
async def revise_plan(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    plan_id: uuid.UUID,
    draft: Annotated[PartialBody[ImplementationPlanRevisionIn], Body()],
    response: Response,
) -> ImplementationPlanOut:
    """State the whole content of an approved plan anew, by the document that revises it."""
    row = await actions.revise_plan(context, plan_id, draft, directory)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post("/{plan_id}/close", status_code=status.HTTP_201_CREATED, summary="Close a plan")
async def close_plan(
    *, context: OverseerContext, plan_id: uuid.UUID, body: ReasonIn, response: Response
) -> ImplementationPlanOut:
    """End an approved plan."""
    row = await actions.close_plan(context, plan_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post(
    "/{plan_id}/next", status_code=status.HTTP_201_CREATED, summary="Begin the plan of the next year"
)
async def begin_next_plan(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    plan_id: uuid.UUID,
    body: NextPlanIn,
    response: Response,
) -> ImplementationPlanOut:
    """Draft the plan of the next year as a copy: open tasks, open recommendations, missed targets, carried-over money."""
    result = await actions.begin_next_plan(context, plan_id, body, directory)
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return _serialize(context, result.row)


@router.get("/{plan_id}/ceilings", summary="Compare yearly plans with the ceilings of a period")
async def compare_ceilings(*, context: InsiderContext, plan_id: uuid.UUID, as_of: AsOf = None) -> CeilingsOut:
    """Compare the money of the approved yearly plans of a unit with the plan of the period, by source and program.

    Where one side names no program, a source is compared as a whole.
    """
    newest = (await read_versions(context.session, "plans", plan_id, as_of))[0]
    same_unit = is_of_unit(newest.unit, (newest.land, newest.land_since))
    others = await read_records(context.session, "plans", None, as_of, *same_unit)
    capital = to_capital(newest)
    years = list_years(capital.period)
    periods = {str(year) for year in years}
    yearly = [
        row for row in others if row.content["period"] in periods and find_state(row) not in EDITABLE_STATES
    ]
    comparisons = compare_with_ceilings(capital, [to_capital(row) for row in yearly])
    items = [
        CeilingOut(
            source=row.source,
            program=row.program,
            ceiling_vnd=row.ceiling_vnd,
            planned_vnd=row.planned_vnd,
            left_vnd=row.left_vnd,
            exceeded=row.left_vnd < 0,
        )
        for row in comparisons
    ]
    return CeilingsOut(
        plan=plan_id, period=str(capital.period), plans=[row.id for row in yearly], items=items
    )


@router.post("/{plan_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a plan")
async def withdraw_plan(
    *, context: OverseerContext, plan_id: uuid.UUID, body: ReasonIn, response: Response
) -> ImplementationPlanOut:
    """Take back what was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "plans", plan_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


def _serialize(
    context: ReportingContext, row: RecordVersion, versions: Sequence[RecordVersion] | None = None
) -> ImplementationPlanOut:
    capital, public = to_capital(row), reads_as_public(context)
    sums = [
        LineSumOut(source=source, program=program, amount_vnd=amount)
        for (source, program), amount in sorted(
            capital.sum_by_line().items(), key=lambda line: (line[0][0], line[0][1] or "")
        )
    ]
    return ImplementationPlanOut.from_row(
        row,
        context.territory,
        versions=versions,
        public=public,
        state=find_state(row),
        capital_total_vnd=None if public else capital.total_vnd,
        capital_sums=[] if public else sums,
    )
