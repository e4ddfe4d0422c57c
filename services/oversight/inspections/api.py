"""The routes of inspections."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.context import OverseerContext, PublicRecordContext, reads_as_public
from services.oversight.inspections.preparing import prepare_inspection
from services.oversight.inspections.schemas import (
    InspectionCorrectionIn,
    InspectionIn,
    InspectionOut,
    InspectionsPage,
)
from services.oversight.models import RecordVersion
from services.oversight.records.actions import (
    lock_and_correct_record,
    lock_and_insert_record,
    withdraw_record,
)
from services.oversight.records.query_params import OfUnit, OfUnitSince
from services.oversight.records.rights import read_visible_versions
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import (
    ROOT,
    belongs_to,
    content_is,
    is_dated_in,
    is_for_program,
    select_records,
)
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.reporting.query_params import PeriodFilter
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing

PATH = f"{ROOT}/inspections"

router = APIRouter(prefix=PATH, tags=["inspections"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record an inspection")
async def record_inspection(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    draft: Annotated[PartialBody[InspectionIn], Body()],
    response: Response,
) -> InspectionOut:
    """Record an inspection team with the units that it visited and what it found. The same inspection again answers 200."""
    result = await lock_and_insert_record(context, await prepare_inspection(context, draft, directory))
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return InspectionOut.from_row(result.row, context.territory)


@router.get("", summary="List inspections")
async def list_inspections(
    *,
    context: PublicRecordContext,
    directory: CurrentAgencies,
    unit: UnitsQuery = None,
    led_by: Annotated[
        str | None, Query(max_length=100, description="only the teams that this agency led")
    ] = None,
    program: Annotated[
        str | None, Query(max_length=100, description="only those that name this program")
    ] = None,
    of_unit: OfUnit = None,
    of_unit_since: OfUnitSince = None,
    of_committee: Annotated[
        bool | None, Query(description="only teams of a steering committee, or only those of other agencies")
    ] = None,
    period: PeriodFilter,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> InspectionsPage:
    """List inspections, newest first. Findings are for readers with a scope."""
    conditions = [*content_is("led_by", led_by), *is_for_program(program)]
    conditions += [*belongs_to(of_unit, of_unit_since), *is_dated_in(period)]
    if of_committee is not None:
        steering = [agency.code for agency in directory.agencies if agency.steers]
        of_steering = RecordVersion.content["led_by"].astext.in_(steering)
        conditions.append(of_steering if of_committee else ~of_steering)
    query = select_records("inspections", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: InspectionOut.from_row(
            row[0], context.territory, public=reads_as_public(context)
        ),
    )


@router.get("/{inspection_id}", summary="Read one inspection")
async def read_inspection(
    *, context: PublicRecordContext, inspection_id: uuid.UUID, as_of: AsOf = None
) -> InspectionOut:
    """Read an inspection with all its versions; also one that was withdrawn."""
    versions = await read_visible_versions(context, "inspections", inspection_id, as_of)
    return InspectionOut.from_row(
        versions[0], context.territory, versions=versions, public=reads_as_public(context)
    )


@router.post(
    "/{inspection_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct an inspection"
)
async def correct_inspection(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    inspection_id: uuid.UUID,
    draft: Annotated[PartialBody[InspectionCorrectionIn], Body()],
    response: Response,
) -> InspectionOut:
    """State the whole content anew, as the next version; the versions before it stay readable."""
    record = await prepare_inspection(context, draft, directory)
    row = await lock_and_correct_record(context, inspection_id, record, draft.body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return InspectionOut.from_row(row, context.territory)


@router.post(
    "/{inspection_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw an inspection"
)
async def withdraw_inspection(
    *, context: OverseerContext, inspection_id: uuid.UUID, body: ReasonIn, response: Response
) -> InspectionOut:
    """Take back what was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "inspections", inspection_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return InspectionOut.from_row(row, context.territory)
