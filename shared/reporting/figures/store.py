"""Reading what figures are made from: roll-ups for the present, the observations themselves for anything else."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import DateTime, TextClause, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.periods import Period
from shared.reporting.catalogue import Catalogue
from shared.reporting.figures.rules import Measure, combine, unit_by_unit
from shared.reporting.figures.time_aggregation import Stretch, counting, over_time, stretches
from shared.reporting.models import RollUp

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

_STANDS = "{0}.basis = :basis AND {0}.until IS NULL"
_STOOD = """
    {0}.basis = :basis AND {0}.since <= CAST(:as_of AS timestamptz)
    AND ({0}.until IS NULL OR {0}.until > CAST(:as_of AS timestamptz))
"""


def _words_beside_nil(stood: str) -> TextClause:
    """Look for nil first, and for what else those few units said one by one: whatever is known of the table."""
    return text(
        f"""
        SELECT said_nil.form, said_nil.unit, also.period, also.nil
        FROM (
            SELECT DISTINCT n.unit, n.form FROM standings n
            WHERE n.nil AND n.period = ANY(:periods) AND n.unit = ANY(:units) AND {stood.format("n")}
        ) said_nil
        CROSS JOIN unnest(CAST(:periods AS text[])) AS part (period)
        CROSS JOIN LATERAL (
            SELECT s.period, s.nil FROM standings s
            WHERE s.unit = said_nil.unit AND s.period = part.period AND s.form = said_nil.form AND {stood.format("s")}
            OFFSET 0
        ) also
        """
    ).bindparams(bindparam("units", type_=Codes), bindparam("periods", type_=Codes))


_WORDS_NOW = _words_beside_nil(_STANDS)
_WORDS_THEN = _words_beside_nil(_STOOD).bindparams(bindparam("as_of", type_=DateTime(timezone=True)))


class StandingValue(NamedTuple):
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


class PeriodStatement(NamedTuple):
    """That a unit spoke on a form for a period or a part of it, or stated that nothing happened then."""

    form: str
    unit: str
    period: Period
    nil: bool


async def standing_values(
    session: AsyncSession,
    *,
    period: Period,
    basis: str,
    units: Collection[str],
    indicators: Collection[str] | None = None,
    reporters: Collection[str] | None = None,
    as_of: datetime | None = None,
    parts: Collection[Period] | None = None,
) -> list[StandingValue]:
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
    return [StandingValue(*row) for row in rows]


async def rolled_up(
    session: AsyncSession,
    catalogue: Catalogue,
    *,
    period: Period,
    basis: str,
    units: Collection[str],
    parts: Collection[Period] | None = None,
) -> dict[str, Measure]:
    """Add up the roll-ups of these answering units, by measure. One statement; its cost is their number.

    Flows are rolled up for each period by itself and add up here, those of all parts or of the ones named; the rest is
    rolled up for the period as a whole.
    """
    named = {str(part): part for part in (stretches(period) if parts is None else parts)}
    flow = catalogue.flows(period.ends_on).__contains__
    rows = await session.execute(
        select(
            RollUp.unit,
            RollUp.period,
            RollUp.measure,
            RollUp.value,
            RollUp.covers,
            RollUp.status,
            RollUp.oldest_at,
            RollUp.newest_at,
        ).where(
            RollUp.year == period.year,
            RollUp.period.in_(named),
            RollUp.basis == basis,
            RollUp.unit.in_(units),
        )
    )
    stated = (
        Stretch(unit, named[part], code, Measure(value, Fraction(covers), status, oldest_at, newest_at), unit)
        for unit, part, code, value, covers, status, oldest_at, newest_at in rows
        if named[part] == period or flow(code)
    )
    return _by_code(over_time(stated, period, flow))


async def measured(
    session: AsyncSession,
    catalogue: Catalogue,
    *,
    period: Period,
    basis: str,
    units: Collection[str],
    as_of: datetime | None = None,
    parts: Collection[Period] | None = None,
) -> dict[str, Measure]:
    """Make the measures from the observations themselves, as they stood at an instant (None: now).

    Costs what the values of these units cost; proves the roll-ups.
    """
    stated = await standing_values(session, period=period, basis=basis, units=units, as_of=as_of, parts=parts)
    return measures_from(catalogue, period, stated)


def measures_from(catalogue: Catalogue, asked: Period, stated: Iterable[StandingValue]) -> dict[str, Measure]:
    """Make the measures of a period from standing values, counts over units included. Pure."""
    by_unit = over_time(_stretched(asked, stated), asked, catalogue.flows(asked.ends_on).__contains__)
    added = {(unit, code): it for (unit, code), it in by_unit.items() if code not in catalogue.apart}
    return _by_code(added) | _unit_by_unit(catalogue, by_unit)


def that_count(catalogue: Catalogue, asked: Period, stated: Sequence[StandingValue]) -> list[StandingValue]:
    """Give the values that a figure of the period is made from: not what a later statement of a stock overtook. Pure."""
    kept = {
        (one.unit, one.origin, str(one.period), one.code)
        for one in counting(_stretched(asked, stated), asked, catalogue.flows(asked.ends_on).__contains__)
    }
    return [one for one in stated if (one.unit, one.origin, one.period, one.indicator) in kept]


def _stretched(asked: Period, stated: Iterable[StandingValue]) -> Iterator[Stretch]:
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


def _by_code(by_unit: dict[tuple[str, str], Measure]) -> dict[str, Measure]:
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
        if figure.unit_by_unit
    }
    return {code: measure for code, measure in made.items() if measure is not None}


async def words_beside_nil(
    session: AsyncSession,
    *,
    parts: Collection[Period],
    basis: str,
    units: Collection[str],
    as_of: datetime | None = None,
) -> list[PeriodStatement]:
    """Give which of these units stated, for some of these periods, that nothing happened, and all that they said there.

    One statement; its cost is that of the units that stated so.
    """
    named = {str(part): part for part in parts}
    asked = {"periods": list(named), "basis": basis, "units": list(units)}
    rows = await (
        session.execute(_WORDS_NOW, asked)
        if as_of is None
        else session.execute(_WORDS_THEN, {**asked, "as_of": as_of})
    )
    return [PeriodStatement(form, unit, named[part], nil) for form, unit, part, nil in rows]
