"""Queries of registrations and their steps. Flushes, never commits."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, exists, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from services.rural.criteria.program_tables import TABLE
from services.rural.criteria.sets import CriteriaSets
from services.rural.models import Recognition, Registration, RegistrationStep
from shared.kit.problems import NotFound, Sentence
from shared.reporting.register_rows import is_in_units, order_newest_first

PATH = "/v1/rural/registrations"

OF_REGISTRATION = and_(
    Recognition.unit == Registration.unit,
    Recognition.land_since == Registration.land_since,
    Recognition.level == Registration.level,
    Recognition.criteria_set == Registration.criteria_set,
    Recognition.year == Registration.year,
)
"""The recognition of the unit at the level, under the set and for the year of a registration."""

RECOGNITION_ID: ScalarSelect[Any] = (
    select(Recognition.id)
    .where(OF_REGISTRATION)
    .order_by(Recognition.effective_on, Recognition.id)
    .limit(1)
    .correlate(Registration)
    .scalar_subquery()
)


async def find_sets_in_use(session: AsyncSession, before: object, after: object) -> list[dict[str, str]]:
    """Return the criteria sets that a later version of the catalogue lacks and that recognitions or registrations name."""
    removed = sorted(cast("CriteriaSets", before).keys() - cast("CriteriaSets", after).keys())
    if not removed:
        return []
    named = union(
        select(Recognition.criteria_set).where(Recognition.criteria_set.in_(removed)),
        select(Registration.criteria_set).where(Registration.criteria_set.in_(removed)),
    )
    return [{"table": TABLE, "code": code} for code in sorted(await session.scalars(named))]


class RegistrationNotFound(NotFound):
    """No registration has this id."""

    code = "registration_not_found"
    detail = Sentence("Không có đăng ký này.", "There is no such registration.")


@dataclass(frozen=True, slots=True)
class RegistrationFilter:
    """The filters of a list of registrations; None filters nothing."""

    level: str | None = None
    year: int | None = None
    state: str | None = None


def select_registrations(units: Collection[str] | None, filters: RegistrationFilter) -> Select[Any]:
    """Select registrations of these units with the id of their recognitions, newest first."""
    query = _select_with_steps()
    if units is not None:
        query = query.where(is_in_units(Registration, units))
    for column, value in ((Registration.level, filters.level), (Registration.year, filters.year)):
        if value is not None:
            query = query.where(column == value)
    if filters.state is not None:
        query = query.where(_make_state() == filters.state)
    return order_newest_first(query, Registration)


async def find_registration(
    session: AsyncSession, registration_id: uuid.UUID
) -> tuple[Registration, uuid.UUID | None]:
    """Return a registration and the id of its recognition. Raise `RegistrationNotFound`."""
    row = (
        await session.execute(
            _select_with_steps()
            .where(Registration.id == registration_id)
            .execution_options(populate_existing=True)
        )
    ).one_or_none()
    if row is None:
        raise RegistrationNotFound(registration=str(registration_id))
    return row[0], row[1]


async def find_same(session: AsyncSession, row: Registration) -> Registration | None:
    """Return the registration of the same unit, set and year, or None."""
    same: Registration | None = await session.scalar(
        select(Registration).where(
            Registration.unit == row.unit,
            Registration.land_since == row.land_since,
            Registration.criteria_set == row.criteria_set,
            Registration.year == row.year,
        )
    )
    return same


async def find_registrations_of_year(
    session: AsyncSession, units: Collection[str], year: int
) -> dict[str, tuple[Registration, uuid.UUID | None]]:
    """Return the registrations of communes at the level meets for a year, by commune. Two statements."""
    rows = await session.execute(
        _select_with_steps().where(
            Registration.unit.in_(units), Registration.year == year, Registration.level == "meets"
        )
    )
    return {row[0].unit: (row[0], row[1]) for row in rows}


def _select_with_steps() -> Select[Any]:
    query: Select[Any] = select(Registration, RECOGNITION_ID.label("recognition"))
    return query.options(selectinload(Registration.steps))


def _make_state() -> ColumnElement[str]:
    last_step = (
        select(RegistrationStep.step)
        .where(RegistrationStep.registration_id == Registration.id)
        .order_by(RegistrationStep.ordinal.desc())
        .limit(1)
        .correlate(Registration)
        .scalar_subquery()
    )
    recognized = exists().where(OF_REGISTRATION).correlate(Registration)
    return case((recognized, "recognized"), else_=func.coalesce(last_step, "registered"))
