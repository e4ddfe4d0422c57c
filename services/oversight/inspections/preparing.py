"""Check the body of an inspection before anything is locked."""

from collections.abc import Iterator
from datetime import date

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.inspections.schemas import InspectionCorrectionIn, InspectionIn
from services.oversight.records.actions import RecordContent
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_future_days, find_repeated_faults, find_reversed_days
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault
from shared.periods import local_day
from shared.reporting.context import ReportingContext


async def prepare_inspection(
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
