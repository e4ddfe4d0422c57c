"""Roll-ups: the sum of what stands at and below each answering unit, kept current as reports come and go.

Whoever changes what stands calls `refresh` while holding the write order, with the units and indicators it touched. The
touched rows are recomputed from what stands, never patched, so they equal a recomputation from scratch by making.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.periods import Period
from shared.reporting.catalogue import Catalogue, Figure
from shared.reporting.figures.rules import Measure, unit_by_unit
from shared.territory.tree import Territory

_CLEAR = text(
    """
    DELETE FROM roll_ups
    WHERE year = :year AND period = :period AND basis = :basis
      AND unit = ANY(:answering) AND measure = ANY(:measures)
    """
).bindparams(bindparam("answering", type_=ARRAY(Text)), bindparam("measures", type_=ARRAY(Text)))

_ADD_UP = text(
    """
    INSERT INTO roll_ups (year, period, basis, unit, measure, value, covers, status, oldest_at, newest_at)
    SELECT o.year, o.period, s.basis, place.answering, o.indicator,
           sum(o.value), sum(o.covers), min(o.status), min(s.received_at), max(s.received_at)
    FROM unnest(CAST(:units AS text[]), CAST(:places AS text[])) AS place (unit, answering)
    JOIN observations o ON o.year = :year AND o.period = :period AND o.unit = place.unit
         AND o.indicator = ANY(:measures)
    CROSS JOIN LATERAL (
        SELECT basis, received_at FROM standings
        WHERE report_id = o.report_id AND basis = :basis AND until IS NULL
        OFFSET 0  -- looked up value by value, also where a period is too new for statistics
    ) AS s
    GROUP BY o.year, o.period, s.basis, place.answering, o.indicator
    """
).bindparams(
    bindparam("units", type_=ARRAY(Text)),
    bindparam("places", type_=ARRAY(Text)),
    bindparam("measures", type_=ARRAY(Text)),
)

_INPUTS = text(
    """
    SELECT place.answering, o.unit, o.indicator, o.value, o.covers, o.status, s.received_at
    FROM unnest(CAST(:units AS text[]), CAST(:places AS text[])) AS place (unit, answering)
    JOIN observations o ON o.year = :year AND o.period = :period AND o.unit = place.unit
         AND o.indicator = ANY(:measures)
    CROSS JOIN LATERAL (
        SELECT basis, received_at FROM standings
        WHERE report_id = o.report_id AND basis = :basis AND until IS NULL
        OFFSET 0  -- looked up value by value, also where a period is too new for statistics
    ) AS s
    """
).bindparams(
    bindparam("units", type_=ARRAY(Text)),
    bindparam("places", type_=ARRAY(Text)),
    bindparam("measures", type_=ARRAY(Text)),
)

_ADD_MADE = text(
    """
    INSERT INTO roll_ups (year, period, basis, unit, measure, value, covers, status, oldest_at, newest_at)
    VALUES (:year, :period, :basis, :unit, :measure, :value, :covers, :status, :oldest_at, :newest_at)
    """
)


async def refresh(
    session: AsyncSession,
    catalogue: Catalogue,
    territory: Territory,
    *,
    basis: str,
    period: Period,
    units: Collection[str],
    indicators: Collection[str],
) -> None:
    """Recompute the roll-ups of these indicators, and of what is made from them unit by unit, where these units answer.

    Two statements, and two more where a count or an average is touched, whatever the number of units and indicators.
    """
    if not units or not indicators:
        return
    on = period.ends_on
    answering = sorted({territory.answering_unit(unit, on).code for unit in units})
    members = [(member, place) for place in answering for member in _members(territory, place, period)]
    made = {figure.code: figure for code in indicators for figure in catalogue.unit_by_unit.get(code, ())}
    scope = {"year": period.year, "period": str(period), "basis": basis}
    places = {"units": [unit for unit, _ in members], "places": [place for _, place in members]}
    await session.execute(_CLEAR, {**scope, "answering": answering, "measures": sorted({*indicators, *made})})
    await session.execute(_ADD_UP, {**scope, **places, "measures": sorted(indicators)})
    if made:
        inputs = sorted({code for figure in made.values() for code in figure.inputs})
        stated = await session.execute(_INPUTS, {**scope, **places, "measures": inputs})
        added = list(_made(made.values(), (_Input(*row) for row in stated)))
        if added:
            await session.execute(_ADD_MADE, [{**scope, **row} for row in added])


def _members(territory: Territory, place: str, period: Period) -> list[str]:
    """Give the units whose values land in an answering unit's roll-up: itself, and the communes right below it."""
    on = period.ends_on
    below = (unit.code for unit in territory.children(place, on) if unit.level == "commune")
    return [place, *below]


class _Input(NamedTuple):
    """One standing value that such a figure is made from."""

    place: str
    unit: str
    indicator: str
    value: Decimal
    covers: int
    status: int
    received_at: datetime


def _made(figures: Iterable[Figure], rows: Iterable[_Input]) -> Iterator[dict[str, object]]:
    places: dict[str, dict[str, dict[str, Measure]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        places[row.place][row.unit][row.indicator] = Measure(
            row.value, Fraction(row.covers), row.status, row.received_at, row.received_at
        )
    for figure in figures:
        for place, units in places.items():
            measure = unit_by_unit(figure, units)
            if measure is not None:
                yield {
                    "unit": place,
                    "measure": figure.code,
                    "value": measure.value,
                    "covers": int(measure.covers),
                    "status": measure.status,
                    "oldest_at": measure.oldest_at,
                    "newest_at": measure.newest_at,
                }
