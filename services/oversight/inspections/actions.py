"""The actions on inspections: record, correct."""

import uuid

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.inspections.schemas import InspectionCorrectionIn, InspectionIn
from services.oversight.models import RecordVersion
from services.oversight.records.actions import RecordContent, correct_record, insert_record
from services.oversight.records.preparing import prepare_record
from services.oversight.records.references import require_records
from services.oversight.records.rules import find_reversed_days
from shared.kit.change_feed import lock_feed
from shared.kit.json_body import PartialBody
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult


async def record_inspection(
    context: ReportingContext, draft: PartialBody[InspectionIn], directory: AgencyDirectory
) -> RegisterResult[RecordVersion]:
    """Insert an inspection, or return the same one. Raise every fault of it."""
    record = await _prepare(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    return await insert_record(context, at, record)


async def correct_inspection(
    context: ReportingContext,
    inspection_id: uuid.UUID,
    draft: PartialBody[InspectionCorrectionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert a version of an inspection with its whole content anew."""
    record = await _prepare(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    return await correct_record(
        context, at, inspection_id, record, version=draft.body.version, reason=draft.body.reason
    )


async def _prepare(
    context: ReportingContext,
    draft: PartialBody[InspectionIn] | PartialBody[InspectionCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of an inspection; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    record = await prepare_record(
        context,
        draft,
        "inspections",
        dated_by="starts_on",
        key=[body.founded_by.number, body.founded_by.date, body.title],
        directory=directory,
        acting=[("/led_by", body.led_by)],
        faults=find_reversed_days(
            None if "starts_on" in draft.unread else body.starts_on, body.ends_on, "ends_on"
        ),
    )
    await require_records(context, [("/plan", "documents", body.plan)])
    return record
