"""Queries for publications, and for the reports that came into or went out of effect between two instants."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.canonical_text import canonicalize
from shared.kit.models import Change
from shared.reporting.catalogue.standards import FormStandards
from shared.reporting.figures.map_projection import SourceMap
from shared.reporting.models import EffectiveReport, Observation, Publication, Report
from shared.reporting.observations.store import is_of_standards


class EffectChange(NamedTuple):
    """A report that came into effect, or went out of it."""

    report: Report
    began: bool
    at: datetime


async def read_effect_changes(
    session: AsyncSession,
    *,
    basis: str,
    standards: FormStandards,
    source_maps: Collection[SourceMap],
    after: datetime,
    until: datetime,
) -> list[EffectChange]:
    """Return what came into or went out of effect on the units of these maps after one instant and by another, in order."""
    began = and_(EffectiveReport.since > after, EffectiveReport.since <= until)
    ended = and_(EffectiveReport.until > after, EffectiveReport.until <= until)
    periods = [str(part) for source in source_maps for part in source.parts]
    states_values_there = (
        select(Observation.report_id)
        .where(
            Observation.report_id == Report.id,
            Observation.year == Report.year,
            Observation.period == Report.period,
            or_(*_on_maps(source_maps)),
        )
        .exists()
    )
    rows = await session.execute(
        select(Report, EffectiveReport.since, EffectiveReport.until)
        .join(EffectiveReport, EffectiveReport.report_id == Report.id)
        .where(
            EffectiveReport.basis == basis,
            is_of_standards(standards),
            EffectiveReport.preliminary_of.is_(None),
            EffectiveReport.period.in_(periods),
            or_(began, ended),
            states_values_there,
        )
    )
    changes = []
    for report, since, ended_at in rows:
        if after < since <= until:
            changes.append(EffectChange(report, began=True, at=since))
        if ended_at is not None and after < ended_at <= until:
            changes.append(EffectChange(report, began=False, at=ended_at))
    return sorted(changes, key=lambda change: (change.at, change.began))


async def read_stated_values(
    session: AsyncSession, changes: Collection[EffectChange], source_maps: Collection[SourceMap]
) -> dict[uuid.UUID, dict[tuple[str, str], Decimal]]:
    """Return the values of each of these reports for the units of these maps, by unit and indicator. One statement."""
    reports = {change.report.id: change.report for change in changes}
    rows = await session.execute(
        select(Observation.report_id, Observation.unit, Observation.indicator, Observation.value).where(
            Observation.year.in_({report.year for report in reports.values()}),
            Observation.report_id.in_(reports),
            or_(*_on_maps(source_maps)),
        )
    )
    by_report: dict[uuid.UUID, dict[tuple[str, str], Decimal]] = {report_id: {} for report_id in reports}
    for report_id, unit, indicator, value in rows:
        by_report[report_id][unit, indicator] = value
    return by_report


def _on_maps(source_maps: Collection[SourceMap]) -> list[ColumnElement[bool]]:
    return [
        and_(Observation.period.in_([str(part) for part in source.parts]), Observation.unit.in_(source.units))
        for source in source_maps
    ]


async def read_register_changes(
    session: AsyncSession, types: Collection[str], *, after: datetime, until: datetime
) -> Sequence[Change]:
    """Return the changes of these types after one instant and by another, in their order. One statement."""
    changes = await session.scalars(
        select(Change)
        .where(Change.at > after, Change.at <= until, Change.type.in_(types))
        .order_by(Change.sequence)
    )
    return changes.all()


def select_publications(
    unit: str | None, period: str | None, bases: Collection[str] | None
) -> Select[Publication]:
    """Return the query for publications, newest first; None: of any unit, period or basis."""
    query = select(Publication).order_by(Publication.published_at.desc(), Publication.id.desc())
    if bases is not None:
        query = query.where(Publication.basis.in_(bases))
    if unit is not None:
        query = query.where(Publication.unit == unit)
    return query if period is None else query.where(Publication.period == period)


async def find_publication(session: AsyncSession, unit: str, period: str, name: str) -> Publication | None:
    """Return the publication of this name, however it is spelled, for the unit and period, or None."""
    rows = await session.scalars(
        select(Publication)
        .where(Publication.unit == unit, Publication.period == period)
        .order_by(Publication.published_at)
    )
    return next((row for row in rows if canonicalize(row.name) == canonicalize(name)), None)
