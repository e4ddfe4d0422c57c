"""Check the body of a campaign before anything is locked."""

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.campaigns.schemas import CampaignCorrectionIn, CampaignIn
from services.oversight.records.actions import RecordContent
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_reversed_days
from shared.kit.partial_body import PartialBody
from shared.reporting.context import ReportingContext


async def prepare_campaign(
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
