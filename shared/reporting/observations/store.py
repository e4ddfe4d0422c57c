"""The query for the values in effect."""

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, DateTime, bindparam, func, literal, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.periods import Period
from shared.reporting.catalogue.standards import NO_STANDARD, FormStandards
from shared.reporting.models import EffectiveReport
from shared.reporting.observations.values import EffectiveValue

_EFFECTIVE_VALUES = text(
    """
    WITH in_effect AS MATERIALIZED (
        SELECT report_id, received_at, unit, period, form, nil, preliminary_of FROM standings
        WHERE basis = :basis AND period = ANY(:periods)
          AND since <= coalesce(CAST(:as_of AS timestamptz), 'infinity')
          AND (until IS NULL OR until > CAST(:as_of AS timestamptz))
          AND (CAST(:reporters AS text[]) IS NULL OR unit = ANY(:reporters))
          AND standard = coalesce(CAST(:standards AS jsonb) ->> form, '')
    )
    SELECT o.unit, o.period, o.indicator, o.value, o.status, o.covers, s.received_at, o.report_id,
           o.reasons IS NOT NULL AS has_reasons, o.nil, s.preliminary_of IS NOT NULL AS preliminary
    FROM observations o
    JOIN in_effect s ON s.report_id = o.report_id
    WHERE o.year = :year AND o.period = ANY(:periods) AND o.unit = ANY(:units)
      AND (CAST(:indicators AS text[]) IS NULL OR o.indicator = ANY(:indicators))
      AND (s.preliminary_of IS NULL OR NOT CAST(:official_only AS boolean) AND NOT EXISTS (
          SELECT FROM in_effect official
          WHERE official.nil AND official.form = s.preliminary_of AND official.period = s.period
            AND official.unit IN (o.unit, s.unit)
      ))
    """
).bindparams(
    bindparam("units", type_=Codes),
    bindparam("periods", type_=Codes),
    bindparam("indicators", type_=Codes),
    bindparam("reporters", type_=Codes),
    bindparam("as_of", type_=DateTime(timezone=True)),
)


def is_of_standards(standards: FormStandards) -> ColumnElement[bool]:
    """Return the condition that a report in effect belongs to the standard that is read of its form."""
    standard = literal(dict(standards), JSONB).op("->>")(EffectiveReport.form)
    return EffectiveReport.standard == func.coalesce(standard, NO_STANDARD)


async def read_effective_values(
    session: AsyncSession,
    *,
    period: Period,
    basis: str,
    standards: FormStandards,
    units: Collection[str],
    indicators: Collection[str] | None = None,
    reporters: Collection[str] | None = None,
    as_of: datetime | None = None,
    parts: Collection[Period] | None = None,
    official_only: bool = False,
) -> list[EffectiveValue]:
    """Return the values of these units in effect, now or at an instant, for a period and its sub-periods. One statement.

    `parts` are the sub-periods to read, where a code means another unit in those that ended on another map. `reporters`,
    where they are few and known, spares a look at the reports of all others. `standards` are those that are read of forms.
    Values of preliminary forms are among them, unless only official ones are read; `prefer_official` chooses.
    """
    rows = await session.execute(
        _EFFECTIVE_VALUES,
        {
            "year": period.year,
            "periods": [str(part) for part in (period.with_subperiods() if parts is None else parts)],
            "basis": basis,
            "standards": json.dumps(dict(standards)),
            "units": sorted(units),
            "indicators": sorted(indicators) if indicators is not None else None,
            "reporters": sorted(reporters) if reporters is not None else None,
            "as_of": as_of,
            "official_only": official_only,
        },
    )
    return [EffectiveValue(*row) for row in rows]
