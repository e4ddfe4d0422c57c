"""Reading what figures are made from: roll-ups for the present, the observations themselves for anything else."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ARRAY, DateTime, Text, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.periods import Period
from shared.reporting.catalogue import Catalogue, Count
from shared.reporting.figures.rules import Measure, combine, count_satisfying
from shared.reporting.models import RollUp, Standing

_STANDING_VALUES = text(
    """
    SELECT o.unit, o.indicator, o.value, o.status, o.covers, s.received_at
    FROM observations o
    JOIN standings s ON s.report_id = o.report_id AND s.basis = :basis
         AND s.since <= coalesce(CAST(:as_of AS timestamptz), 'infinity')
         AND (s.until IS NULL OR s.until > CAST(:as_of AS timestamptz))
    WHERE o.year = :year AND o.period = :period AND o.unit = ANY(:units)
    """
).bindparams(bindparam("units", type_=ARRAY(Text)), bindparam("as_of", type_=DateTime(timezone=True)))


class StandingValue(NamedTuple):
    """One value that stands."""

    unit: str
    indicator: str
    value: Decimal
    status: int
    covers: int
    received_at: datetime


async def standing_values(
    session: AsyncSession,
    *,
    period: Period,
    basis: str,
    units: Collection[str],
    as_of: datetime | None = None,
) -> list[StandingValue]:
    """Give the values of these units that stand, or stood at an instant. One statement."""
    rows = await session.execute(
        _STANDING_VALUES,
        {
            "year": period.year,
            "period": str(period),
            "basis": basis,
            "units": sorted(units),
            "as_of": as_of,
        },
    )
    return [StandingValue(*row) for row in rows]


async def rolled_up(
    session: AsyncSession, *, period: Period, basis: str, units: Collection[str]
) -> dict[str, Measure]:
    """Add up the roll-ups of these answering units, by measure. One statement; its cost is their number."""
    rows = await session.execute(
        select(
            RollUp.measure,
            func.sum(RollUp.value).label("value"),
            func.sum(RollUp.covers).label("covers"),
            func.min(RollUp.status).label("status"),
            func.min(RollUp.oldest_at).label("oldest_at"),
            func.max(RollUp.newest_at).label("newest_at"),
        )
        .where(
            RollUp.year == period.year,
            RollUp.period == str(period),
            RollUp.basis == basis,
            RollUp.unit.in_(units),
        )
        .group_by(RollUp.measure)
    )
    return {
        row.measure: Measure(row.value, int(row.covers), row.status, row.oldest_at, row.newest_at)
        for row in rows
    }


async def measured(
    session: AsyncSession,
    catalogue: Catalogue,
    *,
    period: Period,
    basis: str,
    units: Collection[str],
    as_of: datetime | None = None,
) -> dict[str, Measure]:
    """Make the measures from the observations themselves, as they stood at an instant (None: now).

    Costs what the values of these units cost; used for one commune, for the past, and to prove the roll-ups.
    """
    rows = await standing_values(session, period=period, basis=basis, units=units, as_of=as_of)
    stated: dict[str, list[Measure]] = defaultdict(list)
    by_unit: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for unit, indicator, value, status, covers, received_at in rows:
        stated[indicator].append(Measure(value, covers, status, received_at, received_at))
        by_unit[unit][indicator] = value
    found = {code: combined for code, all_of in stated.items() if (combined := combine(all_of)) is not None}
    return found | _counts(catalogue, by_unit, stated)


def _counts(
    catalogue: Catalogue,
    by_unit: Mapping[str, Mapping[str, Decimal]],
    stated: Mapping[str, list[Measure]],
) -> dict[str, Measure]:
    found = {}
    for figure in catalogue.figures.values():
        if not isinstance(figure.formula, Count):
            continue
        complete, satisfying = count_satisfying(figure, by_unit)
        made_from = [one for code in figure.inputs for one in stated.get(code, ())]
        if complete:
            found[figure.code] = Measure(
                Decimal(satisfying),
                complete,
                min(one.status for one in made_from),
                min(one.oldest_at for one in made_from),
                max(one.newest_at for one in made_from),
            )
    return found


async def nil_units(
    session: AsyncSession, *, period: Period, basis: str, as_of: datetime | None = None
) -> dict[str, set[str]]:
    """Give the units that stated "nothing happened", by form."""
    query = select(Standing.form, Standing.unit).where(
        Standing.period == str(period), Standing.basis == basis, Standing.nil
    )
    if as_of is None:
        query = query.where(Standing.until.is_(None))
    else:
        query = query.where(Standing.since <= as_of, (Standing.until.is_(None)) | (Standing.until > as_of))
    found: dict[str, set[str]] = defaultdict(set)
    for form, unit in await session.execute(query):
        found[form].add(unit)
    return found
