"""The actions on conferences: record, correct."""

import uuid

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.conferences.schemas import ConferenceCorrectionIn, ConferenceIn
from services.oversight.models import RecordVersion
from services.oversight.records.actions import RecordContent, correct_record, insert_record
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_repeated_faults, find_reversed_days
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult


async def record_conference(
    context: ReportingContext, draft: PartialBody[ConferenceIn], directory: AgencyDirectory
) -> RegisterResult[RecordVersion]:
    """Insert a conference, or return the same one. Raise every fault of it."""
    record = await _prepare(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    return await insert_record(context, at, record)


async def correct_conference(
    context: ReportingContext,
    conference_id: uuid.UUID,
    draft: PartialBody[ConferenceCorrectionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert a version of a conference with its whole content anew."""
    record = await _prepare(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    return await correct_record(
        context, at, conference_id, record, version=draft.body.version, reason=draft.body.reason
    )


async def _prepare(
    context: ReportingContext,
    draft: PartialBody[ConferenceIn] | PartialBody[ConferenceCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a conference; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
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
        units=[(f"/units_present/{index}", code, None) for index, code in enumerate(body.units_present)],
        faults=[
            *find_reversed_days(None if "held_on" in draft.unread else body.held_on, body.ends_on, "ends_on"),
            *find_repeated_faults("units_present", [(code,) for code in body.units_present]),
        ],
    )
