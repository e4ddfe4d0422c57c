"""The actions on steering bodies: record, correct, dissolve."""

import uuid
from datetime import date

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.bodies.rules import BodyKinds, SteeringBody, refuse_second_body
from services.oversight.bodies.schemas import DissolutionIn, SteeringBodyCorrectionIn, SteeringBodyIn
from services.oversight.bodies.store import read_bodies_of_unit, to_body
from services.oversight.models import RecordVersion
from services.oversight.records.actions import (
    RecordContent,
    add_version,
    correct_record,
    find_same_record,
    insert_record,
    read_newest,
)
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import (
    ActNotPossible,
    RecordNotFound,
    find_repeated_faults,
    find_reversed_days,
)
from services.oversight.records.store import read_by_ids
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Sentence, make_fault, raise_if_any
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, find_future_date_faults
from shared.territory.units import LEVEL_NAMES

DISSOLVED_ALREADY = Sentence("tổ chức này đã được giải thể", "the body was dissolved already")
REPLACEMENT_DIFFERS = Sentence(
    "Tổ chức thay thế phải là một tổ chức khác cùng loại của cùng đơn vị.",
    "What takes its place must be another body of the same kind and unit.",
)


async def record_body(
    context: ReportingContext,
    draft: PartialBody[SteeringBodyIn],
    directory: AgencyDirectory,
    kinds: BodyKinds,
) -> RegisterResult[RecordVersion]:
    """Insert a body, or return the same one. Raise every fault of it, or `BodyInForce`."""
    record = await _prepare(context, draft, directory, kinds)
    at = await lock_feed(context.session, context.clock)
    if await find_same_record(context, record) is None:
        await _refuse_second(context, record, None)
    return await insert_record(context, at, record)


async def correct_body(
    context: ReportingContext,
    body_id: uuid.UUID,
    draft: PartialBody[SteeringBodyCorrectionIn],
    directory: AgencyDirectory,
    kinds: BodyKinds,
) -> RecordVersion:
    """Insert a version of a body with its whole content anew; its dissolution stays."""
    record = await _prepare(context, draft, directory, kinds)
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "bodies", body_id, draft.body.version)
    dissolved_on = to_body(newest).dissolved_on
    raise_if_any(find_reversed_days(record.day, dissolved_on, "established_on"))
    await _refuse_second(context, record, body_id, dissolved_on)
    return await correct_record(context, at, body_id, record, draft.body)


async def dissolve_body(context: ReportingContext, body_id: uuid.UUID, body: DissolutionIn) -> RecordVersion:
    """Insert the version that ends a body by a document."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "bodies", body_id, body.version)
    if "dissolved_on" in newest.content:
        raise ActNotPossible(reason=DISSOLVED_ALREADY)
    raise_if_any(
        [
            *find_reversed_days(newest.day, body.dissolved_on, "dissolved_on"),
            *find_future_date_faults(body.decision.date, context),
        ]
    )
    if body.replaced_by:
        await _check_replacement(context, to_body(newest), body.replaced_by)
    changes = {
        "dissolved_by": body.decision.model_dump(mode="json"),
        "dissolved_on": body.dissolved_on.isoformat(),
        "replaced_by": str(body.replaced_by) if body.replaced_by else None,
    }
    return await add_version(context, at, newest, "dissolved", changes)


async def _check_replacement(context: ReportingContext, body: SteeringBody, other_id: uuid.UUID) -> None:
    """Raise `RecordNotFound`, or the fault of a body that cannot take the place of one: of another kind or unit, or itself."""
    rows = await read_by_ids(context.session, "bodies", {other_id})
    if not rows:
        raise RecordNotFound(record=str(other_id))
    other = to_body(rows[0])
    if other.id == body.id or (other.kind, other.unit, other.land) != (body.kind, body.unit, body.land):
        raise_if_any([make_fault("/replaced_by", "replacement_differs", REPLACEMENT_DIFFERS)])


async def _prepare(
    context: ReportingContext,
    draft: PartialBody[SteeringBodyIn] | PartialBody[SteeringBodyCorrectionIn],
    directory: AgencyDirectory,
    kinds: BodyKinds,
) -> RecordContent:
    """Return the content of a body; raise every fault of it, or `UnitNotGranted`."""
    body, unread = draft.body, draft.unread
    day = None if "established_on" in unread else body.established_on
    kind = None if day is None or "kind" in unread else kinds.find(body.kind, day)
    faults = [] if "kind" in unread else list(kinds.find_faults(body.kind, day))
    if "founded_by" not in unread:
        faults += find_future_date_faults(body.founded_by.date, context, "/founded_by/date")
    if body.rules_document is not None:
        faults += find_future_date_faults(body.rules_document.date, context, "/rules_document/date")
    faults += find_repeated_faults(
        "members", [(member.agency, member.unit or body.unit) for member in body.members]
    )
    return await prepare_record(
        context,
        draft,
        "bodies",
        dated_by="established_on",
        key=[body.kind, body.founded_by.number, body.founded_by.date, ",".join(sorted(body.programs))],
        directory=directory,
        agencies=[(f"/members/{index}/agency", member.agency) for index, member in enumerate(body.members)],
        levels=[level for level in LEVEL_NAMES if kind is None or level in kind.levels],
        units=[(f"/members/{index}/unit", member.unit, None) for index, member in enumerate(body.members)],
        faults=faults,
    )


async def _refuse_second(
    context: ReportingContext,
    record: RecordContent,
    body_id: uuid.UUID | None,
    dissolved_on: date | None = None,
) -> None:
    content = record.content
    body = SteeringBody(
        id=body_id or uuid.UUID(int=0),
        kind=content["kind"],
        unit=record.unit.unit.code,
        land=record.unit.land,
        programs=frozenset(content["programs"]),
        established_on=record.day,
        dissolved_on=dissolved_on,
        replaced_by=None,
    )
    refuse_second_body(body, await read_bodies_of_unit(context.session, body))
