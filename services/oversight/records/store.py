"""Queries of the versions of records. Flushes, never commits.

The newest version of a record, as known at an instant, is its content; a record whose newest version is a withdrawal is in no
list.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.oversight.models import RecordVersion
from services.oversight.records.rules import WITHDRAWN, RecordNotFound, RegisterName
from shared.periods import Period
from shared.reporting.register_rows import is_in_units, is_recorded_by, order_newest_first
from shared.territory.models import UnitRow
from shared.territory.units import CODE_SHAPES, Level, to_commune_code

ROOT = "/v1/oversight"


def select_records(
    register: RegisterName,
    units: Collection[str] | None = None,
    as_of: datetime | None = None,
    *conditions: ColumnElement[bool],
) -> Select[Any]:
    """Select the newest version of each record of a register, newest first; units are those of each record's day."""
    query = select(RecordVersion).where(
        RecordVersion.register == register,
        is_recorded_by(RecordVersion, as_of),
        RecordVersion.act != WITHDRAWN,
        _is_newest(as_of),
        *conditions,
    )
    if units is not None:
        query = query.where(is_in_units(RecordVersion, units))
    return order_newest_first(query, RecordVersion)


async def read_records(
    session: AsyncSession,
    register: RegisterName,
    units: Collection[str] | None = None,
    as_of: datetime | None = None,
    *conditions: ColumnElement[bool],
) -> Sequence[RecordVersion]:
    """Return the newest version of each record of a register. One statement."""
    return (await session.scalars(select_records(register, units, as_of, *conditions))).all()


async def read_versions(
    session: AsyncSession, register: RegisterName, record_id: uuid.UUID, as_of: datetime | None = None
) -> Sequence[RecordVersion]:
    """Return the versions of a record, the newest first; raise `RecordNotFound`."""
    rows = await session.scalars(
        select(RecordVersion)
        .where(
            RecordVersion.id == record_id,
            RecordVersion.register == register,
            is_recorded_by(RecordVersion, as_of),
        )
        .order_by(RecordVersion.version.desc())
    )
    versions = rows.all()
    if not versions:
        raise RecordNotFound(record=str(record_id))
    return versions


async def find_by_key(session: AsyncSession, register: RegisterName, key: str) -> RecordVersion | None:
    """Return the newest version of the record with an identity; None where there is none, or it was withdrawn."""
    row: RecordVersion | None = await session.scalar(
        select_records(register, None, None, RecordVersion.key == key).limit(1)
    )
    return row


async def find_missing(
    session: AsyncSession, register: RegisterName, ids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Return those of the ids that no record of a register has; a withdrawn one counts as missing."""
    if not ids:
        return set()
    return set(ids) - {row.id for row in await read_by_ids(session, register, ids)}


async def read_by_ids(
    session: AsyncSession, register: RegisterName, ids: Collection[uuid.UUID]
) -> Sequence[RecordVersion]:
    """Return the newest versions of the records with these ids; a withdrawn one is left out."""
    return await read_records(session, register, None, None, has_id(ids))


def has_id(ids: Collection[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition that a record has one of these ids, as one parameter however many they are."""
    return RecordVersion.id == func.any(literal(list(ids), ARRAY(Uuid)))


def is_of_unit(unit: str, land: tuple[str, date]) -> list[ColumnElement[bool]]:
    """Return the conditions that a record is of the unit that bore a code on a land; a code may be given again."""
    code, since = land
    return [RecordVersion.unit == unit, RecordVersion.land == code, RecordVersion.land_since == since]


def content_is(name: str, value: str | None) -> list[ColumnElement[bool]]:
    """Return the condition that a member of the content has a value; none where the value is None."""
    return [] if value is None else [RecordVersion.content[name].astext == value]


def is_for_program(program: str | None) -> list[ColumnElement[bool]]:
    """Return the condition that a record is for a program: it names it, or none; no condition where the program is None."""
    programs = RecordVersion.content["programs"]
    return [] if program is None else [or_(programs.contains([program]), programs == literal([], JSONB))]


def content_has(name: str, value: object | None) -> list[ColumnElement[bool]]:
    """Return the condition that a list of the content has a value; none where the value is None."""
    return [] if value is None else [RecordVersion.content[name].contains([value])]


def belongs_to(unit: str | None, since: date | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions that a record is one of exactly this unit, and of the unit that has its code since a day.

    None where the unit is None. A village has the first day of its commune.
    """
    if unit is None:
        return []
    first_day = [] if since is None else [RecordVersion.land_since == since]
    return [RecordVersion.unit == unit, *first_day]


async def read_first_day(session: AsyncSession, unit: str, on: date) -> date | None:
    """Return the first day of the unit that has a code on a day, of a village that of its commune; None where there is none."""
    code = to_commune_code(unit) or unit
    first_day: date | None = await session.scalar(
        select(UnitRow.valid_from).where(
            UnitRow.code == code,
            UnitRow.valid_from <= on,
            or_(UnitRow.valid_to.is_(None), UnitRow.valid_to >= on),
        )
    )
    return first_day


def has_level(level: Level | None) -> list[ColumnElement[bool]]:
    """Return the condition that a record's unit is of a level; none where the level is None."""
    return [] if level is None else [RecordVersion.unit.regexp_match(f"^{CODE_SHAPES[level]}$")]


def is_dated_in(period: Period | None) -> list[ColumnElement[bool]]:
    """Return the condition that a record's day lies in a period; none where the period is None."""
    return [] if period is None else [RecordVersion.day.between(period.starts_on, period.ends_on)]


def _is_newest(as_of: datetime | None) -> ColumnElement[bool]:
    newer = aliased(RecordVersion)
    return ~exists().where(
        newer.id == RecordVersion.id,
        newer.version > RecordVersion.version,
        is_recorded_by(newer, as_of),
    )
