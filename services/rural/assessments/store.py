"""How assessments are found: the criteria that stand for communes, of one period or of all."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.rules import CRITERIA
from shared.periods import Period
from shared.reporting.basis import BasisName
from shared.reporting.figures.store import standing_values
from shared.reporting.models import Observation, Report, Standing

FORM = "criteria_assessment"

Assessments = dict[str, tuple[Report, dict[str, Decimal]]]
"""The assessments of one commune by period, the oldest first, each with the report that states it."""


async def latest_period(session: AsyncSession, basis: BasisName) -> Period | None:
    """Give the latest year for which an assessment stands, or None."""
    found = await session.scalar(
        select(Standing.period)
        .where(Standing.form == FORM, Standing.basis == basis, Standing.until.is_(None))
        .order_by(Standing.year.desc(), Standing.period.desc())
        .limit(1)
    )
    return Period.parse(found) if found else None


async def of_period(
    session: AsyncSession,
    communes: Collection[str],
    period: Period,
    basis: BasisName,
    as_of: datetime | None = None,
) -> dict[str, dict[str, Decimal]]:
    """Give what stands for communes in a period, by commune. One statement."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for one in await standing_values(
        session, period=period, basis=basis, units=communes, indicators=CRITERIA, as_of=as_of
    ):
        found[one.unit][one.indicator] = one.value
    return found


async def of_commune(session: AsyncSession, commune: str, basis: BasisName) -> Assessments:
    """Give every assessment of a commune that stands."""
    rows = await session.execute(
        select(Observation.period, Observation.indicator, Observation.value, Report)
        .join(Standing, Standing.report_id == Observation.report_id)
        .join(Report, Report.id == Observation.report_id)
        .where(
            Observation.unit == commune,
            Observation.indicator.in_(CRITERIA),
            Standing.basis == basis,
            Standing.until.is_(None),
        )
        .order_by(Observation.year, Observation.period)
    )
    found: Assessments = {}
    for period, indicator, value, report in rows:
        found.setdefault(period, (report, {}))[1][indicator] = value
    return found
