"""The query for the values in effect."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.periods import Period
from shared.reporting.observations.values import EffectiveValue

_EFFECTIVE_VALUES = text(
    """
    WITH in_effect AS MATERIALIZED (
        SELECT report_id, received_at FROM standings
        WHERE basis = :basis AND period = ANY(:periods)
          AND since <= coalesce(CAST(:as_of AS timestamptz), 'infinity')
          AND (until IS NULL OR until > CAST(:as_of AS timestamptz))
          AND (CAST(:reporters AS text[]) IS NULL OR unit = ANY(:reporters))
    )
    SELECT o.unit, o.period, o.indicator, o.value, o.status, o.covers, s.received_at, o.report_id,
           o.reasons IS NOT NULL AS has_reasons, o.nil
    FROM observations o
    JOIN in_effect s ON s.report_id = o.report_id
    WHERE o.year = :year AND o.period = ANY(:periods) AND o.unit = ANY(:units)
      AND (CAST(:indicators AS text[]) IS NULL OR o.indicator = ANY(:indicators))
    """
).bindparams(
    bindparam("units", type_=Codes),
    bindparam("periods", type_=Codes),
    bindparam("indicators", type_=Codes),
    bindparam("reporters", type_=Codes),
    bindparam("as_of", type_=DateTime(timezone=True)),
)


async def read_effective_values(
    session: AsyncSession,
    *,
    period: Period,
    basis: str,
    units: Collection[str],
    indicators: Collection[str] | None = None,
    reporters: Collection[str] | None = None,
    as_of: datetime | None = None,
    parts: Collection[Period] | None = None,
) -> list[EffectiveValue]:
    """Return the values of these units in effect, now or at an instant, for a period and its sub-periods. One statement.

    `parts` are the sub-periods to read, where a code means another unit in those that ended on another map. `reporters`,
    where they are few and known, spares a look at the reports of all others.
    """
    rows = await session.execute(
        _EFFECTIVE_VALUES,
        {
            "year": period.year,
            "periods": [str(part) for part in (period.with_subperiods() if parts is None else parts)],
            "basis": basis,
            "units": sorted(units),
            "indicators": sorted(indicators) if indicators is not None else None,
            "reporters": sorted(reporters) if reporters is not None else None,
            "as_of": as_of,
        },
    )
    return [EffectiveValue(*row) for row in rows]
