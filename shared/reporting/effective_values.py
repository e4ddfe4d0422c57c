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
from shared.reporting.measures import Measure, combine, unit_by_unit
from shared.reporting.time_aggregation import Stretch, over_time, stretches

_STANDING_VALUES = text(
    """
    WITH standing AS MATERIALIZED (
        SELECT report_id, received_at FROM standings
        WHERE basis = :basis AND period = ANY(:periods)
          AND since <= coalesce(CAST(:as_of AS timestamptz), 'infinity')
          AND (until IS NULL OR until > CAST(:as_of AS timestamptz))
          AND (CAST(:reporters AS text[]) IS NULL OR unit = ANY(:reporters))
    )
    SELECT o.unit, o.period, o.indicator, o.value, o.status, o.covers, s.received_at, o.report_id,
           o.reasons IS NOT NULL AS reasoned
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
    """One value that stands."""

    unit: str
    period: str
    indicator: str
    value: Decimal
    status: int
    covers: int
    received_at: datetime
    report_id: uuid.UUID
    reasoned: bool = False
    """Whether a rule of the program tells it from other values, and why."""
    stated_by: str | None = None
    """The unit of the period's own day that stated it, where its land lies in `unit` on the map that is read."""
    same_land: bool = True
    """Whether `unit` is the land that it was stated of, and no more."""

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
    """Give the values of these units that stand, or stood at an instant, for a period and its parts. One statement.

    Of some parts where they are named: a code means another unit in a part that ended on another map. Naming the reporters, where they are few and known, spares a look at everybody else's reports.
    """
    rows = await session.execute(
        _STANDING_VALUES,
        {
            "year": period.year,
            "periods": [str(part) for part in (stretches(period) if parts is None else parts)],
            "basis": basis,
            "units": sorted(units),
            "indicators": sorted(indicators) if indicators is not None else None,
            "reporters": sorted(reporters) if reporters is not None else None,
            "as_of": as_of,
        },
    )
    return [EffectiveValue(*row) for row in rows]


def to_measures(catalogue: Catalogue, asked: Period, stated: Iterable[EffectiveValue]) -> dict[str, Measure]:
    """Make the measures of a period from standing values, counts over units included. Pure."""
    by_unit = over_time(to_stretches(asked, stated), asked, catalogue.find_flows(asked.ends_on).__contains__)
    added = {(unit, code): it for (unit, code), it in by_unit.items() if code not in catalogue.non_additive}
    return sum_by_code(added) | _unit_by_unit(catalogue, by_unit)


def to_stretches(asked: Period, stated: Iterable[EffectiveValue]) -> Iterator[Stretch]:
    """Return each value as a measure of the period, or of the part of it, for which it is stated."""
    parts = {str(part): part for part in stretches(asked)}
    return (
        Stretch(
            one.unit,
            parts[one.period],
            one.indicator,
            Measure(one.value, Fraction(one.covers), one.status, one.received_at, one.received_at),
            one.origin,
        )
        for one in stated
    )


def sum_by_code(by_unit: dict[tuple[str, str], Measure]) -> dict[str, Measure]:
    """Return the sum over all units, by code."""
    found: dict[str, list[Measure]] = defaultdict(list)
    for (_, code), measure in by_unit.items():
        found[code].append(measure)
    return {code: whole for code, parts in found.items() if (whole := combine(parts)) is not None}


def _unit_by_unit(catalogue: Catalogue, by_unit: dict[tuple[str, str], Measure]) -> dict[str, Measure]:
    units: dict[str, dict[str, Measure]] = defaultdict(dict)
    for (unit, code), measure in by_unit.items():
        units[unit][code] = measure
    made = {
        figure.code: unit_by_unit(figure, units)
        for figure in catalogue.figures.values()
        if figure.is_made_unit_by_unit
    }
    return {code: measure for code, measure in made.items() if measure is not None}
