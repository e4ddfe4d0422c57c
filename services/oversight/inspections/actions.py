"""The actions on inspections: record, correct."""

import uuid
from collections.abc import Iterator
from datetime import date

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.inspections.schemas import InspectionCorrectionIn, InspectionIn
from services.oversight.models import RecordVersion
from services.oversight.records.actions import RecordContent, correct_record, insert_record
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_future_days, find_repeated_faults, find_reversed_days
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault
from shared.periods import local_day
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
    starts_on = None if "starts_on" in draft.unread else body.starts_on
    return await prepare_record(
        context,
        draft,
        "inspections",
        dated_by="starts_on",
        key=[body.founded_by.number, body.founded_by.date, body.title],
        directory=directory,
        acting=[("/led_by", body.led_by)],
        units=[(f"/visits/{index}/unit", visit.unit, visit.on) for index, visit in enumerate(body.visits)],
        references=[("/plan", "documents", body.plan)],
        faults=[
            *find_reversed_days(starts_on, body.ends_on, "ends_on"),
            *_find_visit_faults(context, body, starts_on),
        ],
    )


def _find_visit_faults(
    context: ReportingContext, body: InspectionIn, starts_on: date | None
) -> Iterator[Fault]:
    """Yield the faults of visits: repeated, after today, or outside the days of the team's work."""
    yield from find_repeated_faults("visits", [(visit.unit, visit.on) for visit in body.visits])
    today = local_day(context.now)
    for index, visit in enumerate(body.visits):
        at = f"visits/{index}/on"
        yield from find_future_days(today, **{at: visit.on})
        yield from find_reversed_days(starts_on, visit.on, at)
        yield from find_reversed_days(visit.on, body.ends_on, at)
