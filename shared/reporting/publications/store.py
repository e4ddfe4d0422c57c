"""How publications are found, and which reports moved between two instants."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.models import Change
from shared.reporting.figures.map_projection import MapEra
from shared.reporting.models import EffectiveReport, Observation, Publication, Report


class Moved(NamedTuple):
    """A report that began or ceased to stand."""

    report: Report
    began: bool
    at: datetime


async def moved_between(
    session: AsyncSession,
    *,
    basis: str,
    eras: Collection[MapEra],
    after: datetime,
    until: datetime,
) -> list[Moved]:
    """Give the reports on the units of these maps whose standing began or ended after one instant and by another, in order."""
    began = and_(EffectiveReport.since > after, EffectiveReport.since <= until)
    ended = and_(EffectiveReport.until > after, EffectiveReport.until <= until)
    periods = [str(part) for era in eras for part in era.parts]
    touches = (
        select(Observation.report_id)
        .where(
            Observation.report_id == Report.id,
            Observation.year == Report.year,
            Observation.period == Report.period,
            or_(*_lying_in(eras)),
        )
        .exists()
    )
    rows = await session.execute(
        select(Report, EffectiveReport.since, EffectiveReport.until)
        .join(EffectiveReport, EffectiveReport.report_id == Report.id)
        .where(
            EffectiveReport.basis == basis, EffectiveReport.period.in_(periods), or_(began, ended), touches
        )
    )
    found = []
    for report, since, ended_at in rows:
        if after < since <= until:
            found.append(Moved(report, began=True, at=since))
        if ended_at is not None and after < ended_at <= until:
            found.append(Moved(report, began=False, at=ended_at))
    return sorted(found, key=lambda it: (it.at, it.began))


async def values_behind(
    session: AsyncSession, moved: Collection[Moved], eras: Collection[MapEra]
) -> dict[uuid.UUID, dict[tuple[str, str], Decimal]]:
    """Give what each of these reports states for the units of these maps, by unit and indicator. One statement."""
    reports = {it.report.id: it.report for it in moved}
    rows = await session.execute(
        select(Observation.report_id, Observation.unit, Observation.indicator, Observation.value).where(
            Observation.year.in_({it.year for it in reports.values()}),
            Observation.report_id.in_(reports),
            or_(*_lying_in(eras)),
        )
    )
    found: dict[uuid.UUID, dict[tuple[str, str], Decimal]] = {report_id: {} for report_id in reports}
    for report_id, unit, indicator, value in rows:
        found[report_id][unit, indicator] = value
    return found


def _lying_in(eras: Collection[MapEra]) -> list[ColumnElement[bool]]:
    return [
        and_(Observation.period.in_([str(part) for part in era.parts]), Observation.unit.in_(era.units))
        for era in eras
    ]


async def told_between(
    session: AsyncSession, types: Collection[str], *, after: datetime, until: datetime
) -> Sequence[Change]:
    """Give the changes of these types after one instant and by another, in their order. One statement."""
    found = await session.scalars(
        select(Change)
        .where(Change.at > after, Change.at <= until, Change.type.in_(types))
        .order_by(Change.sequence)
    )
    return found.all()


async def same_name(session: AsyncSession, unit: str, period: str, name: str) -> Publication | None:
    """Give the publication that has this name for the unit and period, or None."""
    found: Publication | None = await session.scalar(
        select(Publication).where(
            Publication.unit == unit, Publication.period == period, Publication.name == name
        )
    )
    return found
