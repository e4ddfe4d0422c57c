"""Check the body of a supervision before anything is locked."""

from collections.abc import Iterator

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.records.actions import RecordContent
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_future_days, find_reversed_days
from services.oversight.supervisions.rules import find_amount_faults
from services.oversight.supervisions.schemas import SupervisionCorrectionIn, SupervisionIn
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import find_future_date_faults


async def prepare_supervision(
    context: ReportingContext,
    draft: PartialBody[SupervisionIn] | PartialBody[SupervisionCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a supervision; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    starts_on = None if "starts_on" in draft.unread else body.starts_on
    return await prepare_record(
        context,
        draft,
        "supervisions",
        dated_by="starts_on",
        key=[body.kind, body.body, body.round, body.starts_on],
        directory=directory,
        agencies=[*((f"/requests/{index}/owner", row.owner) for index, row in enumerate(body.requests))],
        faults=[
            *find_reversed_days(starts_on, body.ends_on, "ends_on"),
            *_find_request_faults(context, body),
            *find_amount_faults(body.to_recover_vnd, body.recovered_vnd, len(body.recovery_entries)),
        ],
    )


def _find_request_faults(context: ReportingContext, body: SupervisionIn) -> Iterator[Fault]:
    """Yield the faults of requests and of the document of conclusions that are dated after today."""
    today = local_day(context.now)
    for index, request in enumerate(body.requests):
        yield from find_future_days(today, **{f"requests/{index}/delivered_on": request.delivered_on})
    if body.conclusions_document is not None:
        yield from find_future_date_faults(
            body.conclusions_document.date, context, "/conclusions_document/date"
        )
