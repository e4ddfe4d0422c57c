"""The routes of communication."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.campaigns.preparing import prepare_campaign
from services.oversight.campaigns.schemas import (
    CampaignCorrectionIn,
    CampaignIn,
    CampaignKind,
    CampaignOut,
    CampaignsPage,
)
from services.oversight.context import OverseerContext, PublicRecordContext, reads_as_public
from services.oversight.records.actions import (
    lock_and_correct_record,
    lock_and_insert_record,
    withdraw_record,
)
from services.oversight.records.query_params import ProgramFilter
from services.oversight.records.rights import read_visible_versions
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import ROOT, content_is, is_for_program, select_records
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing

PATH = f"{ROOT}/campaigns"

router = APIRouter(prefix=PATH, tags=["campaigns"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a campaign")
async def record_campaign(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    draft: Annotated[PartialBody[CampaignIn], Body()],
    response: Response,
) -> CampaignOut:
    """Record a plan of communication, a campaign, a movement or an activity. The same campaign again answers 200."""
    result = await lock_and_insert_record(context, await prepare_campaign(context, draft, directory))
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return CampaignOut.from_row(result.row, context.territory)


@router.get("", summary="List communication")
async def list_campaigns(
    *,
    context: PublicRecordContext,
    unit: UnitsQuery = None,
    kind: Annotated[
        CampaignKind | None, Query(description="only plans, campaigns, movements or activities")
    ] = None,
    program: ProgramFilter = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> CampaignsPage:
    """List communication, newest first."""
    conditions = [*content_is("kind", kind), *is_for_program(program)]
    query = select_records("campaigns", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: CampaignOut.from_row(
            row[0], context.territory, public=reads_as_public(context)
        ),
    )


@router.get("/{campaign_id}", summary="Read one campaign")
async def read_campaign(
    *, context: PublicRecordContext, campaign_id: uuid.UUID, as_of: AsOf = None
) -> CampaignOut:
    """Read a campaign with all its versions; also one that was withdrawn."""
    versions = await read_visible_versions(context, "campaigns", campaign_id, as_of)
    return CampaignOut.from_row(
        versions[0], context.territory, versions=versions, public=reads_as_public(context)
    )


@router.post("/{campaign_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct a campaign")
async def correct_campaign(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    campaign_id: uuid.UUID,
    draft: Annotated[PartialBody[CampaignCorrectionIn], Body()],
    response: Response,
) -> CampaignOut:
    """State the whole content anew, as the next version; the versions before it stay readable."""
    record = await prepare_campaign(context, draft, directory)
    row = await lock_and_correct_record(context, campaign_id, record, draft.body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return CampaignOut.from_row(row, context.territory)


@router.post("/{campaign_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a campaign")
async def withdraw_campaign(
    *, context: OverseerContext, campaign_id: uuid.UUID, body: ReasonIn, response: Response
) -> CampaignOut:
    """Take back what was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "campaigns", campaign_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return CampaignOut.from_row(row, context.territory)
