"""The routes of conferences."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.conferences.preparing import prepare_conference
from services.oversight.conferences.schemas import (
    ConferenceCorrectionIn,
    ConferenceIn,
    ConferenceLevel,
    ConferenceOut,
    ConferencesPage,
)
from services.oversight.context import OverseerContext, PublicRecordContext, reads_as_public
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

PATH = f"{ROOT}/conferences"

router = APIRouter(prefix=PATH, tags=["conferences"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a conference")
async def record_conference(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    draft: Annotated[PartialBody[ConferenceIn], Body()],
    response: Response,
) -> ConferenceOut:
    """Record a conference with the units that took part and its numbered conclusions. The same conference again answers 200."""
    result = await lock_and_insert_record(context, await prepare_conference(context, draft, directory))
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return ConferenceOut.from_row(result.row, context.territory)


@router.get("", summary="List conferences")
async def list_conferences(
    *,
    context: PublicRecordContext,
    unit: UnitsQuery = None,
    level: Annotated[ConferenceLevel | None, Query(description="only those held at this level")] = None,
    program: Annotated[
        str | None, Query(max_length=100, description="only those that name this program")
    ] = None,
    of_unit: OfUnit = None,
    of_unit_since: OfUnitSince = None,
    central: Annotated[bool | None, Query(description="only those of the centre, or only others")] = None,
    period: PeriodFilter,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> ConferencesPage:
    """List conferences, newest first. Conclusions are for readers with a scope."""
    conditions = [*content_is("level", level), *is_for_program(program)]
    conditions += [*belongs_to(of_unit, of_unit_since), *is_dated_in(period)]
    if central is not None:
        is_central = RecordVersion.content["level"].astext == "central"
        conditions.append(is_central if central else ~is_central)
    query = select_records("conferences", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: ConferenceOut.from_row(
            row[0], context.territory, public=reads_as_public(context)
        ),
    )


@router.get("/{conference_id}", summary="Read one conference")
async def read_conference(
    *, context: PublicRecordContext, conference_id: uuid.UUID, as_of: AsOf = None
) -> ConferenceOut:
    """Read a conference with all its versions; also one that was withdrawn."""
    versions = await read_visible_versions(context, "conferences", conference_id, as_of)
    return ConferenceOut.from_row(
        versions[0], context.territory, versions=versions, public=reads_as_public(context)
    )


@router.post(
    "/{conference_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct a conference"
)
async def correct_conference(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    conference_id: uuid.UUID,
    draft: Annotated[PartialBody[ConferenceCorrectionIn], Body()],
    response: Response,
) -> ConferenceOut:
    """State the whole content anew, as the next version; the versions before it stay readable."""
    record = await prepare_conference(context, draft, directory)
    row = await lock_and_correct_record(context, conference_id, record, draft.body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return ConferenceOut.from_row(row, context.territory)


@router.post(
    "/{conference_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a conference"
)
async def withdraw_conference(
    *, context: OverseerContext, conference_id: uuid.UUID, body: ReasonIn, response: Response
) -> ConferenceOut:
    """Take back what was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "conferences", conference_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return ConferenceOut.from_row(row, context.territory)
