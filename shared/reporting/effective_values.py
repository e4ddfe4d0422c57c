"""The observations in effect, and the measures that are made from them."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.measures import Measure, measure_unit_by_unit, sum_measures
from shared.reporting.time_aggregation import PeriodMeasure, aggregate_over_time

_EFFECTIVE_VALUES = text(
    """
    WITH standing AS MATERIALIZED (
        SELECT report_id, received_at FROM standings
        WHERE basis = :basis AND period = ANY(:periods)
          AND since <= coalesce(CAST(:as_of AS timestamptz), 'infinity')
          AND (until IS NULL OR until > CAST(:as_of AS timestamptz))
          AND (CAST(:reporters AS text[]) IS NULL OR unit = ANY(:reporters))
    )
    SELECT o.unit, o.period, o.indicator, o.value, o.status, o.covers, s.received_at, o.report_id,
           o.reasons IS NOT NULL AS has_reasons
    FROM observations o
    JOIN standing s ON s.report_id = o.report_id
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


class EffectiveValue(NamedTuple):
    """A value of a report in effect."""

    unit: str
    period: str
    indicator: str
    value: Decimal
    status: int
    covers: int
    received_at: datetime
    report_id: uuid.UUID
    has_reasons: bool = False
    """Whether a rule of the program derives it from other values."""
    stated_by: str | None = None
    """The unit of the period's own map that stated it, where its land lies in `unit` on the map that is read."""
    same_land: bool = True
    """Whether `unit` is exactly the land that it was stated for."""

    @property
    def origin(self) -> str:
        """The unit that it was stated for."""
        return self.stated_by or self.unit


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


def to_measures(catalogue: Catalogue, period: Period, values: Iterable[EffectiveValue]) -> dict[str, Measure]:
    """Return the measures of a period from the values in effect, by code, those made unit by unit included. Pure."""
    is_flow = catalogue.find_flows(period.ends_on).__contains__
    by_unit = aggregate_over_time(to_period_measures(period, values), period, is_flow)
    additive = {key: measure for key, measure in by_unit.items() if key[1] not in catalogue.non_additive}
    return sum_by_code(additive) | _measure_unit_by_unit(catalogue, by_unit)


def to_period_measures(period: Period, values: Iterable[EffectiveValue]) -> Iterator[PeriodMeasure]:
    """Return each value as a measure of the period, or of the sub-period, for which it is stated."""
    parts = {str(part): part for part in period.with_subperiods()}
    return (
        PeriodMeasure(
            value.unit,
            parts[value.period],
            value.indicator,
            Measure(value.value, Fraction(value.covers), value.status, value.received_at, value.received_at),
            value.origin,
        )
        for value in values
    )


def sum_by_code(by_unit: dict[tuple[str, str], Measure]) -> dict[str, Measure]:
    """Return the sum over all units, by code."""
    by_code: dict[str, list[Measure]] = defaultdict(list)
    for (_, code), measure in by_unit.items():
        by_code[code].append(measure)
    return {code: total for code, terms in by_code.items() if (total := sum_measures(terms)) is not None}


def _measure_unit_by_unit(
    catalogue: Catalogue, by_unit: dict[tuple[str, str], Measure]
) -> dict[str, Measure]:
    units: dict[str, dict[str, Measure]] = defaultdict(dict)
    for (unit, code), measure in by_unit.items():
        units[unit][code] = measure
    made = {
        figure.code: measure_unit_by_unit(figure, units)
        for figure in catalogue.figures.values()
        if figure.is_made_unit_by_unit
    }
    return {code: measure for code, measure in made.items() if measure is not None}
