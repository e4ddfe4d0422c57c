"""Check the body of a conference before anything is locked."""

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.conferences.schemas import ConferenceCorrectionIn, ConferenceIn
from services.oversight.records.actions import RecordContent
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_repeated_faults, find_reversed_days
from shared.kit.partial_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.territory.units import LEVEL_NAMES, Level


async def prepare_conference(
    context: ReportingContext,
    draft: PartialBody[ConferenceIn] | PartialBody[ConferenceCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a conference; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    levels: tuple[Level, ...] = tuple(LEVEL_NAMES)
    if "level" not in draft.unread and body.level != "central":
        levels = (body.level,)
    return await prepare_record(
        context,
        draft,
        "conferences",
        dated_by="held_on",
        key=[body.level, body.title, body.held_on],
        directory=directory,
        agencies=[(f"/conclusions/{index}/owner", row.owner) for index, row in enumerate(body.conclusions)],
        acting=[("/convener", body.convener)],
        from_centre=body.level == "central",
        levels=levels,
        units=[(f"/units_present/{index}", code, None) for index, code in enumerate(body.units_present)],
        faults=[
            *find_reversed_days(None if "held_on" in draft.unread else body.held_on, body.ends_on, "ends_on"),
            *find_repeated_faults("units_present", [(code,) for code in body.units_present]),
        ],
    )
