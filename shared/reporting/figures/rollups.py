"""Roll-ups: the sum of what stands at and below each answering unit, kept current as reports come and go.

Whoever changes what stands calls `refresh` while holding the write order, with the units and indicators it touched. The
touched rows are recomputed from what stands, never patched, so they equal a recomputation from scratch by making.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.periods import Period, PeriodKind
from shared.reporting.catalogue import Catalogue, Figure
from shared.reporting.figures.over_time import stretches
from shared.reporting.figures.rules import Measure, unit_by_unit
from shared.reporting.figures.store import StandingValue, measures_from, standing_values
from shared.territory.tree import Territory

_CLEAR = text(
    """
    DELETE FROM roll_ups
    WHERE year = :year AND period = :period AND basis = :basis
      AND unit = ANY(:answering) AND measure = ANY(:measures)
    """
).bindparams(bindparam("answering", type_=Codes), bindparam("measures", type_=Codes))

_STANDING = """
    WITH standing AS MATERIALIZED (
        SELECT report_id, received_at FROM standings
        WHERE basis = :basis AND until IS NULL AND period = :period AND unit = ANY(:reporters)
    )"""
"""The few reports that can state a value in question: those of its unit and of the units above. Found first, so that a
period too new for statistics costs no more than an old one."""

_STATED = """
        FROM standing s JOIN observations o ON o.report_id = s.report_id
        WHERE o.year = :year AND o.period = :period AND o.unit = ANY(:units) AND o.indicator = ANY(:measures)"""
"""The units are named beside the join: whatever is known of the table, only their values are read."""

_PLACE = "CAST(:places AS jsonb) ->> o.unit"
"""Where a unit answers, looked up in an object: a join with a list would compare each value with all of the list."""

_ADD_UP = text(
    f"""
    {_STANDING}, added AS MATERIALIZED (
        SELECT {_PLACE} AS answering, o.indicator, sum(o.value) AS value, sum(o.covers) AS covers,
               min(o.status) AS status, min(s.received_at) AS oldest_at, max(s.received_at) AS newest_at
        {_STATED}
        GROUP BY answering, o.indicator
    ), cleared AS (
        DELETE FROM roll_ups r
        WHERE r.year = :year AND r.period = :period AND r.basis = :basis
          AND r.unit = ANY(:answering) AND r.measure = ANY(:measures)
          AND (r.unit, r.measure) NOT IN (SELECT answering, indicator FROM added)
    )
    INSERT INTO roll_ups (year, period, basis, unit, measure, value, covers, status, oldest_at, newest_at)
    SELECT :year, :period, :basis, answering, indicator, value, covers, status, oldest_at, newest_at FROM added
    ON CONFLICT (year, period, basis, unit, measure) DO UPDATE SET
        value = excluded.value, covers = excluded.covers, status = excluded.status,
        oldest_at = excluded.oldest_at, newest_at = excluded.newest_at
    """
).bindparams(
    bindparam("units", type_=Codes),
    bindparam("places", type_=JSONB),
    bindparam("reporters", type_=Codes),
    bindparam("answering", type_=Codes),
    bindparam("measures", type_=Codes),
)

_INPUTS = text(
    f"""
    {_STANDING}
    SELECT {_PLACE} AS answering, o.unit, o.indicator, o.value, o.covers, o.status, s.received_at
    {_STATED}
    """
).bindparams(
    bindparam("units", type_=Codes),
    bindparam("places", type_=JSONB),
    bindparam("reporters", type_=Codes),
    bindparam("measures", type_=Codes),
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

    One statement, and three more where a count or an average is touched, whatever the number of units and indicators;
    where a form is also reported for parts of a year, three more for each period that holds this one. Nothing is rolled up
    of an indicator whose values do not add.
    """
    if not units or not indicators:
        return
    made = {figure.code: figure for code in indicators for figure in catalogue.unit_by_unit.get(code, ())}
    whole = {code: figure for code, figure in made.items() if _in_parts(catalogue, figure.inputs, period)}
    added = [code for code in indicators if code not in catalogue.apart]
    flows = catalogue.flows(period.ends_on)
    stocks = [code for code in added if code not in flows]
    in_parts = [code for code in stocks if _in_parts(catalogue, (code,), period)]
    touched = _Touched(session, catalogue, territory, basis, units)
    await touched.stated(
        period,
        [code for code in added if code not in in_parts],
        [figure for figure in made.values() if figure.code not in whole],
    )
    if in_parts or whole:
        for holding in (period, *period.within()):
            if not territory.same_map(period.ends_on, holding.ends_on):
                break  # the longer period is read unit by unit: there, a code may mean other land
            await touched.as_a_whole(holding, in_parts, list(whole.values()))


def _in_parts(catalogue: Catalogue, codes: Iterable[str], period: Period) -> bool:
    """Tell whether one of these is on a form that is also reported for parts of a year."""
    on = period.ends_on
    found = (catalogue.indicator(code, on) for code in codes)
    return any(one is not None and catalogue.forms[one.form].periods != {PeriodKind.YEAR} for one in found)


@dataclass(frozen=True)
class _Touched:
    """Where something changed, and the ways to make its roll-ups anew."""

    session: AsyncSession
    catalogue: Catalogue
    territory: Territory
    basis: str
    units: Collection[str]

    async def stated(self, period: Period, indicators: Collection[str], made: Collection[Figure]) -> None:
        """Add up what is stated for the period itself."""
        if not indicators and not made:
            return
        places = self._places(period)
        scope = self._scope(period)
        members = {
            "units": list(places),
            "places": places,
            "reporters": self._reporters(period, places),
        }
        if indicators:
            answering = sorted(set(places.values()))
            await self.session.execute(
                _ADD_UP, {**scope, **members, "answering": answering, "measures": sorted(indicators)}
            )
        if made:
            await self._clear(period, places, [figure.code for figure in made])
            inputs = sorted({code for figure in made for code in figure.inputs})
            rows = await self.session.execute(_INPUTS, {**scope, **members, "measures": inputs})
            await self._keep(period, _made(made, (_Input(*row) for row in rows)))

    async def as_a_whole(self, period: Period, stocks: Collection[str], made: Collection[Figure]) -> None:
        """Make what a period's parts have a say in: stocks, whose last statement counts, and what is made of units."""
        places = self._places(period)
        codes = {*stocks, *(figure.code for figure in made)}
        stated = await standing_values(
            self.session,
            period=period,
            basis=self.basis,
            units=places,
            indicators={*stocks, *(code for figure in made for code in figure.inputs)},
            reporters=self._reporters(period, places),
            parts=[
                part for part in stretches(period) if self.territory.same_map(part.ends_on, period.ends_on)
            ],
        )
        by_place: dict[str, list[StandingValue]] = defaultdict(list)
        for one in stated:
            by_place[places[one.unit]].append(one)
        await self._clear(period, places, codes)
        await self._keep(
            period,
            [
                _row(place, code, measure)
                for place, values in by_place.items()
                for code, measure in measures_from(self.catalogue, period, values).items()
                if code in codes
            ],
        )

    def _places(self, period: Period) -> dict[str, str]:
        """Give the answering unit of every unit whose values land where something changed."""
        on = period.ends_on
        standing = [unit for unit in self.units if self.territory.find(unit, on)]
        answering = sorted({self.territory.answering_unit(unit, on).code for unit in standing})
        return {member: place for place in answering for member in _members(self.territory, place, period)}

    def _reporters(self, period: Period, places: Mapping[str, str]) -> list[str]:
        """Give the units whose reports may state a value at one of these: the units themselves and those above."""
        above = {
            one.code
            for place in set(places.values())
            for one in self.territory.ancestors(place, period.ends_on)
        }
        return [*places, *above]

    def _scope(self, period: Period) -> dict[str, object]:
        return {"year": period.year, "period": str(period), "basis": self.basis}

    async def _clear(self, period: Period, places: Mapping[str, str], measures: Collection[str]) -> None:
        answering = sorted(set(places.values()))
        await self.session.execute(
            _CLEAR, {**self._scope(period), "answering": answering, "measures": sorted(measures)}
        )

    async def _keep(self, period: Period, rows: Iterable[Mapping[str, object]]) -> None:
        kept = [{**self._scope(period), **row} for row in rows]
        if kept:
            await self.session.execute(_ADD_MADE, kept)


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
                yield _row(place, figure.code, measure)


def _row(place: str, code: str, measure: Measure) -> dict[str, object]:
    return {
        "unit": place,
        "measure": code,
        "value": measure.value,
        "covers": int(measure.covers),
        "status": measure.status,
        "oldest_at": measure.oldest_at,
        "newest_at": measure.newest_at,
    }
