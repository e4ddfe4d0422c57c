"""Reading what figures are made from: roll-ups for the present, the observations themselves for anything else."""

from collections.abc import Collection, Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import DateTime, TextClause, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.effective_values import (
    EffectiveValue,
    read_effective_values,
    sum_by_code,
    to_measures,
    to_period_measures,
)
from shared.reporting.measures import Measure
from shared.reporting.models import RollUp
from shared.reporting.time_aggregation import PeriodMeasure, aggregate_over_time, select_counted

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


class PeriodStatement(NamedTuple):
    """That a unit spoke on a form for a period or a part of it, or stated that nothing happened then."""

    form: str
    unit: str
    period: Period
    nil: bool


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
    named = {str(part): part for part in (period.with_subperiods() if parts is None else parts)}
    flow = catalogue.find_flows(period.ends_on).__contains__
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
        PeriodMeasure(
            unit, named[part], code, Measure(value, Fraction(covers), status, oldest_at, newest_at), unit
        )
        for unit, part, code, value, covers, status, oldest_at, newest_at in rows
        if named[part] == period or flow(code)
    )
    return sum_by_code(aggregate_over_time(stated, period, flow))


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
    stated = await read_effective_values(
        session, period=period, basis=basis, units=units, as_of=as_of, parts=parts
    )
    return to_measures(catalogue, period, stated)


def that_count(catalogue: Catalogue, asked: Period, stated: Sequence[EffectiveValue]) -> list[EffectiveValue]:
    """Give the values that a figure of the period is made from: not what a later statement of a stock overtook. Pure."""
    kept = {
        (one.unit, one.origin, str(one.period), one.code)
        for one in select_counted(
            to_period_measures(asked, stated), asked, catalogue.find_flows(asked.ends_on).__contains__
        )
    }
    return [one for one in stated if (one.unit, one.origin, one.period, one.indicator) in kept]


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
