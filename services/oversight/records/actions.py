"""The actions on every record: insert, correct, withdraw, and the acts of its register. The feed is locked while they run."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from services.oversight.models import RecordVersion
from services.oversight.records.rights import require_record_granted
from services.oversight.records.rules import (
    PROVES_TASK,
    WITHDRAWN,
    Act,
    ActNotPossible,
    RecordChanged,
    RecordExists,
    RecordWithdrawn,
    RegisterName,
)
from services.oversight.records.schemas import CorrectionFields, ReasonIn
from services.oversight.records.store import content_has, find_by_key, read_records, read_versions
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, UnitOnDay

SINGULARS: Mapping[RegisterName, str] = {
    "bodies": "body",
    "documents": "document",
    "campaigns": "campaign",
    "conferences": "conference",
    "inspections": "inspection",
    "recommendations": "recommendation",
    "supervisions": "supervision",
    "difficulties": "difficulty",
    "tasks": "task",
    "plans": "plan",
}
"""The word for one record of a register, with which the types of its events begin."""
PRODUCT_MEMBERS: Mapping[RegisterName, str] = {"documents": "document", "conferences": "conference"}
"""By register: the member of a task's completion that names a record of it as the product."""


@dataclass(frozen=True, slots=True)
class RecordContent:
    """The content of a record, valid and not yet written."""

    register: RegisterName
    key: str
    unit: UnitOnDay
    day: date
    content: Mapping[str, Any]
    """The members of the body, as JSON."""


async def find_same_record(context: ReportingContext, record: RecordContent) -> RecordVersion | None:
    """Return the record with this identity; raise `RecordExists` where its content is another. The feed is locked.

    Texts are the same however they are typed.
    """
    same = await find_by_key(context.session, record.register, record.key)
    if same is not None:
        recorded = {name: same.content.get(name) for name in record.content}
        if _canonicalize_texts(recorded) != _canonicalize_texts(record.content):
            raise RecordExists(record=str(same.id))
    return same


def _canonicalize_texts(content: Any) -> Any:
    """Return JSON with each text in its canonical form."""
    if isinstance(content, str):
        return canonicalize(content)
    if isinstance(content, list):
        return [_canonicalize_texts(part) for part in content]
    if isinstance(content, Mapping):
        return {name: _canonicalize_texts(part) for name, part in content.items()}
    return content


async def insert_record(
    context: ReportingContext, at: datetime, record: RecordContent
) -> RegisterResult[RecordVersion]:
    """Insert the first version of a record at the instant of the locked feed, or return the same record."""
    same = await find_same_record(context, record)
    if same is not None:
        return RegisterResult(same, created=False)
    row = _make_version(context, at, record, uuid7(at), 1, "recorded", None)
    return RegisterResult(await _write(context, at, row), created=True)


async def lock_and_insert_record(
    context: ReportingContext, record: RecordContent
) -> RegisterResult[RecordVersion]:
    """Lock the feed, and insert the first version of a record, or return the same record."""
    return await insert_record(context, await lock_feed(context.session, context.clock), record)


async def correct_record(
    context: ReportingContext,
    at: datetime,
    record_id: uuid.UUID,
    record: RecordContent,
    correction: CorrectionFields,
) -> RecordVersion:
    """Insert a version with the whole content anew; raise where another version, or another record, is in the way.

    What acts of the register have added, such as answers, stays.
    """
    newest = await read_newest(context, record.register, record_id, correction.version)
    other = await find_by_key(context.session, record.register, record.key)
    if other is not None and other.id != record_id:
        raise RecordExists(record=str(other.id))
    added = {name: value for name, value in newest.content.items() if name not in record.content}
    corrected = replace(record, content={**added, **record.content})
    row = _make_version(context, at, corrected, record_id, newest.version + 1, "corrected", correction.reason)
    return await _write(context, at, row)


async def lock_and_correct_record(
    context: ReportingContext, record_id: uuid.UUID, record: RecordContent, correction: CorrectionFields
) -> RecordVersion:
    """Lock the feed, and insert a version with the whole content anew."""
    at = await lock_feed(context.session, context.clock)
    return await correct_record(context, at, record_id, record, correction)


async def add_version(
    context: ReportingContext,
    at: datetime,
    newest: RecordVersion,
    act: Act,
    changes: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> RecordVersion:
    """Insert a version of a record by an act of its register: the content as it was, with the changes."""
    row = RecordVersion(
        id=newest.id,
        version=newest.version + 1,
        register=newest.register,
        key=newest.key,
        act=act,
        day=newest.day,
        unit=newest.unit,
        land=newest.land,
        land_since=newest.land_since,
        line=newest.line,
        content={**newest.content, **(changes or {})},
        reason=reason,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    return await _write(context, at, row)


async def withdraw_record(
    context: ReportingContext, register: RegisterName, record_id: uuid.UUID, body: ReasonIn
) -> RecordVersion:
    """Lock the feed, and insert the version by which a record counts no more; it stays readable by its id."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, register, record_id, body.version)
    await _refuse_proving_task(context, register, record_id)
    return await add_version(context, at, newest, WITHDRAWN, reason=body.reason)


async def _refuse_proving_task(
    context: ReportingContext, register: RegisterName, record_id: uuid.UUID
) -> None:
    """Raise `ActNotPossible` where a record is the product that proves a task done."""
    if register in PRODUCT_MEMBERS:
        proven = content_has("completions", {PRODUCT_MEMBERS[register]: str(record_id)})
        for task in await read_records(context.session, "tasks", None, None, *proven):
            raise ActNotPossible(reason=PROVES_TASK.filled(task=str(task.id)))


async def read_newest(
    context: ReportingContext, register: RegisterName, record_id: uuid.UUID, version: int | None = None
) -> RecordVersion:
    """Return the newest version of a record of a granted unit, or of one that a granted unit succeeded.

    Raise `RecordNotFound`, `RecordWithdrawn`, `RecordChanged` where it is not the version given, or `UnitNotGranted`.
    """
    newest = (await read_versions(context.session, register, record_id))[0]
    require_record_granted(context, to_unit_on_day(context, newest))
    require_live(newest, version)
    return newest


def require_live(newest: RecordVersion, version: int | None) -> None:
    """Raise `RecordWithdrawn`, or `RecordChanged` where the newest version is not the one given."""
    if newest.act == WITHDRAWN:
        raise RecordWithdrawn(record=str(newest.id))
    if version is not None and version != newest.version:
        raise RecordChanged(newest=newest.version, version=version)


def to_unit_on_day(context: ReportingContext, row: RecordVersion) -> UnitOnDay:
    """Return the unit of a record on its day."""
    unit = context.territory.unit(row.unit, row.day)
    return UnitOnDay(unit, tuple(row.line), (row.land, row.land_since), row.day)


def _make_version(
    context: ReportingContext,
    at: datetime,
    record: RecordContent,
    record_id: uuid.UUID,
    version: int,
    act: Act,
    reason: str | None,
) -> RecordVersion:
    return RecordVersion(
        id=record_id,
        version=version,
        register=record.register,
        key=record.key,
        act=act,
        day=record.day,
        **record.unit.to_columns(),
        content=dict(record.content),
        reason=reason,
        client_id=context.caller.client_id,
        recorded_at=at,
    )


async def _write(context: ReportingContext, at: datetime, row: RecordVersion) -> RecordVersion:
    context.session.add(row)
    await context.session.flush()
    singular = SINGULARS[row.register]  # type: ignore[index]  # a column holds names of registers only
    data = {"unit": row.unit, "day": row.day.isoformat(), "version": row.version}
    await publish_events(
        context.session, at, [Event(f"{singular}.{row.act}", f"{row.register}/{row.id}", data)]
    )
    return row
