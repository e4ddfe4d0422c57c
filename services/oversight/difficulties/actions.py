"""Check the body of a difficulty, and the actions on it: correct, pass on, answer, drop."""

import uuid

from services.oversight.agencies.rules import AGENCY_LEVELS, AgencyDirectory
from services.oversight.difficulties.rules import (
    FINISHED_ALREADY,
    PASSED_ALREADY,
    AnsweredByRaiser,
    select_answering_units,
)
from services.oversight.difficulties.schemas import (
    DifficultyAnswerIn,
    DifficultyCorrectionIn,
    DifficultyIn,
    PassOnIn,
)
from services.oversight.difficulties.store import to_difficulty
from services.oversight.models import RecordVersion
from services.oversight.records.actions import (
    RecordContent,
    add_version,
    correct_record,
    read_newest,
    require_live,
)
from services.oversight.records.preparing import prepare_record
from services.oversight.records.references import find_unknown_records
from services.oversight.records.rights import is_record_granted
from services.oversight.records.rules import ActNotPossible, find_future_days, find_reversed_days
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import read_versions
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitOnDay, locate_unit
from shared.territory.units import LEVEL_NAMES


async def correct_difficulty(
    context: ReportingContext,
    difficulty_id: uuid.UUID,
    draft: PartialBody[DifficultyCorrectionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert a version of a difficulty with its whole content anew."""
    record = await prepare_difficulty(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "difficulties", difficulty_id, draft.body.version)
    passed_to = newest.content["passed_to"]
    versions = await read_versions(context.session, "difficulties", difficulty_id)
    if any(row.act == "passed" for row in versions) and draft.body.passed_to != passed_to:
        raise ActNotPossible(reason=PASSED_ALREADY.filled(agency=passed_to))
    raise_if_any(find_reversed_days(record.day, to_difficulty(newest).answered_on, "raised_on"))
    return await correct_record(context, at, difficulty_id, record, draft.body)


async def prepare_difficulty(
    context: ReportingContext,
    draft: PartialBody[DifficultyIn] | PartialBody[DifficultyCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a difficulty; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    return await prepare_record(
        context,
        draft,
        "difficulties",
        dated_by="raised_on",
        key=[body.raised_on, body.component, body.text],
        directory=directory,
        agencies=[("/passed_to", body.passed_to)],
    )


async def pass_difficulty_on(
    context: ReportingContext, difficulty_id: uuid.UUID, body: PassOnIn, directory: AgencyDirectory
) -> RecordVersion:
    """Insert the version by which another agency has to answer."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "difficulties", difficulty_id, body.version)
    _require_open(newest)
    raise_if_any(directory.find_faults([("/passed_to", body.passed_to)], local_day(context.now)))
    return await add_version(context, at, newest, "passed", {"passed_to": body.passed_to}, body.reason)


async def answer_difficulty(
    context: ReportingContext,
    difficulty_id: uuid.UUID,
    body: DifficultyAnswerIn,
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert the version with the answer, and the document that gives it, by a client of the competent level."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "difficulties", difficulty_id)
    _require_answer_granted(context, directory, newest)
    require_live(newest, body.version)
    _require_open(newest)
    raise_if_any(
        [
            *find_future_days(local_day(context.now), answered_on=body.answered_on),
            *find_reversed_days(newest.day, body.answered_on, "answered_on"),
            *await find_unknown_records(context.session, [("/document", "documents", body.document)]),
        ]
    )
    changes = {
        "answered_on": body.answered_on.isoformat(),
        "answer": body.answer,
        "answered_by": str(body.document) if body.document else None,
    }
    return await add_version(context, at, newest, "answered", changes)


async def drop_difficulty(
    context: ReportingContext, difficulty_id: uuid.UUID, body: ReasonIn
) -> RecordVersion:
    """Insert the version by which a difficulty is no longer one."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "difficulties", difficulty_id, body.version)
    _require_open(newest)
    day = local_day(context.now).isoformat()
    return await add_version(context, at, newest, "dropped", {"dropped_on": day}, body.reason)


def _require_answer_granted(
    context: ReportingContext, directory: AgencyDirectory, newest: RecordVersion
) -> None:
    """Raise `AnsweredByRaiser` where the caller was granted no unit for which the difficulty may be answered."""
    territory, day = context.territory, newest.day
    line = [(code, territory.unit(code, day).level) for code in newest.line]
    passed_to = newest.content["passed_to"]
    level = None if passed_to is None else directory.find_level(passed_to)
    codes = select_answering_units(line, level, AGENCY_LEVELS)
    units = [locate_unit(territory, code, day, levels=list(LEVEL_NAMES)) for code in codes]
    if not any(isinstance(unit, UnitOnDay) and is_record_granted(context, unit) for unit in units):
        raise AnsweredByRaiser(units=", ".join(codes))


def _require_open(newest: RecordVersion) -> None:
    if newest.content.get("answered_on") or newest.content.get("dropped_on"):
        raise ActNotPossible(reason=FINISHED_ALREADY)
