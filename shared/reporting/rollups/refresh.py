"""Roll-ups: the sum of what stands at and below each answering unit, kept current as reports come and go.

Whoever changes what stands finds the units and indicators that it `RollUpRefresh`, and has them made anew while holding their
place (`reports/places.py`). The touched rows are recomputed from what stands, never patched, so they equal a
recomputation from scratch by making. The statements are in `adding_up.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shared.periods import Period, PeriodKind
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.effective_values import EffectiveValue, read_effective_values, to_measures
from shared.reporting.measures import Measure, measure_unit_by_unit
from shared.reporting.models import Report
from shared.reporting.report_content import StatedValue
from shared.reporting.rollups.sql import ADD_MADE, ADD_UP, CLEAR, INPUTS, NOWHERE
from shared.territory.tree import Territory


def _in_parts(catalogue: Catalogue, codes: Iterable[str], period: Period) -> bool:
    """Tell whether one of these is on a form that is also reported for parts of a year."""
    on = period.ends_on
    found = (catalogue.find_indicator(code, on) for code in codes)
    return any(one is not None and catalogue.forms[one.form].periods != {PeriodKind.YEAR} for one in found)


@dataclass(frozen=True)
class _Place:
    """Where values of some units land for one period: the answering unit of each unit, and who may state for them."""

    period: Period
    answering: Mapping[str, str]
    reporters: Collection[str]

    def scope(self, basis: str) -> dict[str, object]:
        """Give the columns that all of its roll-ups on a basis have in common."""
        return {"year": self.period.year, "period": str(self.period), "basis": basis}

    def members(self) -> dict[str, object]:
        """Give whose values are read, and by whom they may be stated."""
        return {"members": list(self.answering), "places": self.answering, "reporters": self.reporters}

    def answering_units(self) -> list[str]:
        return sorted(set(self.answering.values()))


class RollUpRefresh:
    """The roll-ups that some values of a period touch, found before anybody waits for them to be made anew.

    Those of the indicators, and of what is made from them unit by unit, where the units answer. Nothing is rolled up of
    an indicator whose values do not add.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        territory: Territory,
        *,
        period: Period,
        units: Collection[str],
        indicators: Collection[str],
    ) -> None:
        self._catalogue, self._territory, self._units = catalogue, territory, units
        made = {
            figure.code: figure for code in indicators for figure in catalogue.made_unit_by_unit.get(code, ())
        }
        whole = {code: it for code, it in made.items() if _in_parts(catalogue, it.inputs, period)}
        added = [code for code in indicators if code not in catalogue.non_additive]
        flows = catalogue.find_flows(period.ends_on)
        stocks = [code for code in added if code not in flows]
        in_parts = {code for code in stocks if _in_parts(catalogue, (code,), period)}
        self._added = sorted(code for code in added if code not in in_parts)
        self._made = [figure for code, figure in made.items() if code not in whole]
        self._in_parts, self._whole = in_parts, list(whole.values())
        self._place = self._place_of(period)

    def own_sums(self, values: Iterable[StatedValue]) -> dict[str, object]:
        """Give the parameters of `OWN_SUMS`: whose sums, of what, and in which of them each value counts."""
        places, added = self._place.answering, frozenset(self._added)
        return {
            "answering": [
                places.get(it.unit, NOWHERE) if it.indicator in added else NOWHERE for it in values
            ],
            "answering_units": self._place.answering_units(),
            "measures": dict.fromkeys(self._added),
        }

    async def refresh(self, session: AsyncSession, basis: str, *, ceased: bool = True) -> None:
        """Make all of them anew on a basis; where nothing `ceased` to stand, none has to go.

        One statement, one more where something ceased to stand, and those of `refresh_made`.
        """
        await self.add_up(session, basis, ceased=ceased)
        await self.refresh_made(session, basis)

    async def add_up(
        self,
        session: AsyncSession,
        basis: str,
        *,
        ceased: bool = True,
        coming: Report | None = None,
        leaving: Report | None = None,
    ) -> None:
        """Make the sums anew on a basis, of what stands, or will when a report comes and another one leaves.

        One statement, one more where something ceases to stand.
        """
        here = self._place
        if not self._added or not here.answering:
            return
        if ceased:
            await _clear(session, basis, here, self._added)
        asked = {**here.scope(basis), **here.members(), "measures": dict.fromkeys(self._added)}
        if coming is not None:
            asked |= {"coming": coming.id, "coming_at": coming.received_at}
        if leaving is not None:
            asked["leaving"] = leaving.id
        await ADD_UP.rows(session, asked)

    async def refresh_made(self, session: AsyncSession, basis: str) -> None:
        """Make anew what is no sum of what is stated for the period itself.

        Three statements where a count or an average is touched, whatever the number of units and indicators; where a form
        is also reported for parts of a year, three for each period that holds this one.
        """
        here = self._place
        if self._made and here.answering:
            await _clear(session, basis, here, [figure.code for figure in self._made])
            inputs = sorted({code for figure in self._made for code in figure.inputs})
            asked = {**here.scope(basis), **here.members(), "measures": dict.fromkeys(inputs)}
            rows = await session.execute(INPUTS, asked)
            await _keep(session, basis, here, _made(self._made, (_Input(*row) for row in rows)))
        if (self._in_parts or self._whole) and here.answering:
            for holding in (here.period, *here.period.enclosing_periods()):
                if not self._territory.same_map(here.period.ends_on, holding.ends_on):
                    break  # the longer period is read unit by unit: there, a code may mean other land
                await self._as_a_whole(session, basis, self._place_of(holding))

    async def _as_a_whole(self, session: AsyncSession, basis: str, there: _Place) -> None:
        """Make what a period's parts have a say in: stocks, whose last statement counts, and what is made of units."""
        codes = {*self._in_parts, *(figure.code for figure in self._whole)}
        stated = await read_effective_values(
            session,
            period=there.period,
            basis=basis,
            units=there.answering,
            indicators={*self._in_parts, *(code for figure in self._whole for code in figure.inputs)},
            reporters=there.reporters,
            parts=[
                part
                for part in there.period.with_subperiods()
                if self._territory.same_map(part.ends_on, there.period.ends_on)
            ],
        )
        by_place: dict[str, list[EffectiveValue]] = defaultdict(list)
        for one in stated:
            by_place[there.answering[one.unit]].append(one)
        await _clear(session, basis, there, codes)
        await _keep(
            session,
            basis,
            there,
            [
                _row(place, code, measure)
                for place, values in by_place.items()
                for code, measure in to_measures(self._catalogue, there.period, values).items()
                if code in codes
            ],
        )

    def _place_of(self, period: Period) -> _Place:
        """Find the answering unit of every unit whose values land where something changed, for a period.

        Whoever may state a value there: the units themselves and those above.
        """
        territory, on = self._territory, period.ends_on
        standing = [unit for unit in self._units if territory.find(unit, on)]
        answering = sorted({territory.answering_unit(unit, on).code for unit in standing})
        places = {member: place for place in answering for member in _members(territory, place, period)}
        above = {one.code for place in answering for one in territory.ancestors(place, on)}
        return _Place(period, places, [*places, *above])


async def _clear(session: AsyncSession, basis: str, there: _Place, measures: Collection[str]) -> None:
    asked = {"answering": there.answering_units(), "measures": sorted(measures)}
    await session.execute(CLEAR, {**there.scope(basis), **asked})


async def _keep(
    session: AsyncSession, basis: str, there: _Place, rows: Iterable[Mapping[str, object]]
) -> None:
    kept = [{**there.scope(basis), **row} for row in rows]
    if kept:
        await session.execute(ADD_MADE, kept)


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
            measure = measure_unit_by_unit(figure, units)
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
