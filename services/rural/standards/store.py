"""The query of what units reported for a standard."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.standards.rules import ReportedValue, ReportedValues
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.models import OBSERVATION_IN_EFFECT, EffectiveReport, Observation


async def read_latest_values(
    session: AsyncSession,
    catalogue: Catalogue,
    units: Collection[str],
    indicators: Collection[str],
    on: date,
    as_of: datetime | None,
) -> ReportedValues:
    """Return the accepted value of each unit and indicator for the latest year that had ended by a day. One statement.

    Each value is that under the standard in force at the end of its year.
    """
    last_year = on.year if Period(on.year).ends_on <= on else on.year - 1
    query = (
        select(
            Observation.unit,
            Observation.indicator,
            Observation.value,
            Observation.period,
            EffectiveReport.form,
            EffectiveReport.standard,
        )
        .join(EffectiveReport, OBSERVATION_IN_EFFECT)
        .where(
            Observation.year <= last_year,
            Observation.unit.in_(units),
            Observation.indicator.in_(indicators),
            EffectiveReport.basis == "accepted",
        )
        .order_by(Observation.year)
    )
    if as_of is None:
        query = query.where(EffectiveReport.until.is_(None))
    else:
        query = query.where(
            EffectiveReport.since <= as_of,
            or_(EffectiveReport.until.is_(None), EffectiveReport.until > as_of),
        )
    rows = await session.execute(query)
    return {
        (unit, indicator): ReportedValue(value, period)
        for unit, indicator, value, period, form, standard in rows
        if standard == catalogue.find_form_standard(form, Period.parse(period).ends_on)
    }
