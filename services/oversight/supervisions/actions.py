"""The actions on supervisions: record, correct."""

import uuid

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.models import RecordVersion
from services.oversight.records.actions import RecordContent, correct_record, insert_record
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_reversed_days
from services.oversight.supervisions.schemas import SupervisionCorrectionIn, SupervisionIn
from shared.kit.change_feed import lock_feed
from shared.kit.json_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult


async def record_supervision(
    context: ReportingContext, draft: PartialBody[SupervisionIn], directory: AgencyDirectory
) -> RegisterResult[RecordVersion]:
    """Insert a supervision, or return the same one. Raise every fault of it."""
    record = await _prepare(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    return await insert_record(context, at, record)


async def correct_supervision(
    context: ReportingContext,
    supervision_id: uuid.UUID,
    draft: PartialBody[SupervisionCorrectionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert a version of a supervision with its whole content anew."""
    record = await _prepare(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    return await correct_record(
        context, at, supervision_id, record, version=draft.body.version, reason=draft.body.reason
    )


async def _prepare(
    context: ReportingContext,
    draft: PartialBody[SupervisionIn] | PartialBody[SupervisionCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a supervision; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    return await prepare_record(
        context,
        draft,
        "supervisions",
        dated_by="starts_on",
        key=[body.kind, body.body, body.round, body.starts_on],
        directory=directory,
        agencies=[*((f"/requests/{index}/owner", row.owner) for index, row in enumerate(body.requests))],
        faults=find_reversed_days(
            None if "starts_on" in draft.unread else body.starts_on, body.ends_on, "ends_on"
        ),
    )
