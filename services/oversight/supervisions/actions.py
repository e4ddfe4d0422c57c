"""The actions on supervisions: record, correct."""

import uuid
from collections.abc import Iterator

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.models import RecordVersion
from services.oversight.records.actions import RecordContent, correct_record, insert_record
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_future_days, find_reversed_days
from services.oversight.supervisions.rules import find_amount_faults
from services.oversight.supervisions.schemas import SupervisionCorrectionIn, SupervisionIn
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, find_future_date_faults


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
