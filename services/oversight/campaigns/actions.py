"""The actions on campaigns: record, correct."""

import uuid

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.campaigns.schemas import CampaignCorrectionIn, CampaignIn
from services.oversight.models import RecordVersion
from services.oversight.records.actions import RecordContent, correct_record, insert_record
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_reversed_days
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult


async def record_campaign(
    context: ReportingContext, draft: PartialBody[CampaignIn], directory: AgencyDirectory
) -> RegisterResult[RecordVersion]:
    """Insert a campaign, or return the same one. Raise every fault of it."""
    record = await _prepare(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    return await insert_record(context, at, record)


async def correct_campaign(
    context: ReportingContext,
    campaign_id: uuid.UUID,
    draft: PartialBody[CampaignCorrectionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert a version of a campaign with its whole content anew."""
    record = await _prepare(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    return await correct_record(
        context, at, campaign_id, record, version=draft.body.version, reason=draft.body.reason
    )


async def _prepare(
    context: ReportingContext,
    draft: PartialBody[CampaignIn] | PartialBody[CampaignCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a campaign; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    return await prepare_record(
        context,
        draft,
        "campaigns",
        dated_by="starts_on",
        key=[body.kind, body.title, body.starts_on],
        directory=directory,
        agencies=[("/organizer", body.organizer)],
        references=[("/part_of", "campaigns", body.part_of), ("/document", "documents", body.document)],
        faults=find_reversed_days(
            None if "starts_on" in draft.unread else body.starts_on, body.ends_on, "ends_on"
        ),
    )
