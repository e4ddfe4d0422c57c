"""The refresh of roll-ups: the sum of the values in effect at and below each answering unit (see ADR 0012).

Whoever changes which reports are in effect finds the roll-ups of their units and indicators, and refreshes them while
the unit and year are locked (see ADR 0003). They are recomputed from the values in effect, never adjusted.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import join_codes, run_sql
from shared.periods import Period, PeriodKind
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.models import RollUp
from shared.reporting.observations.measures import Measure, measure_unit_by_unit
from shared.reporting.observations.store import read_effective_values
from shared.reporting.observations.values import EffectiveValue, prefer_official, to_measures
from shared.reporting.report_content import StatedValue
from shared.reporting.rollups.sql import DELETE_ROLL_UPS, READ_VALUES_IN_EFFECT, REFRESH_SUMS
from shared.territory.tree import Territory

NOT_SUMMED = "-"
"""Stands for the answering unit of a value that is not summed."""


@dataclass(frozen=True)
class _UnitSelection:
    """The units whose values are summed for one period, with the answering unit of each."""

    period: Period
    standard: str
    answering: Mapping[str, str]
    """The answering unit of each unit."""
    reporters: Collection[str]
    """The units that may state values of these units."""

    @property
    def answering_units(self) -> list[str]:
        return sorted(set(self.answering.values()))

    def to_parameters(
        self, basis: str, indicators: Iterable[str], replaced_report: uuid.UUID | None = None
    ) -> tuple[object, ...]:
        """Return the ten parameters that `rollups/sql.py` names."""
        return (
            self.period.year,
            str(self.period),
            basis,
            join_codes(self.answering_units),
            json.dumps(dict.fromkeys(indicators)),
            json.dumps(self.answering),
            join_codes(self.answering),
            join_codes(self.reporters),
            replaced_report,
            self.standard,
        )


class RollUpRefresh:
    """The roll-ups of some units and indicators in a period under a standard, found before the unit and year are locked.

    They are those of the indicators and of the figures that are made from them unit by unit, at the units' answering
    units. An indicator whose values do not add up has no roll-up.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        territory: Territory,
        *,
        period: Period,
        standard: str,
        units: Collection[str],
        indicators: Collection[str],
    ) -> None:
        self._catalogue, self._territory, self._units = catalogue, territory, units
        self._standard = standard
        figures = {
            figure.code: figure for code in indicators for figure in catalogue.made_unit_by_unit.get(code, ())
        }
        flows = catalogue.find_flows(period.ends_on)
        over_subperiods = {
            code
            for code, figure in figures.items()
            if figure.measure_code not in flows and _has_subperiods(catalogue, figure.inputs, period)
        }
        additive = [code for code in indicators if code not in catalogue.non_additive]
        self._stocks_over_subperiods = {
            code for code in additive if code not in flows and _has_subperiods(catalogue, (code,), period)
        }
        self._summed = sorted(code for code in additive if code not in self._stocks_over_subperiods)
        self._figures = [figure for code, figure in figures.items() if code not in over_subperiods]
        self._figures_over_subperiods = [figures[code] for code in over_subperiods]
        self._selection = self._select_units(period)

    @classmethod
    def for_values(
        cls,
        catalogue: Catalogue,
        territory: Territory,
        *,
        period: Period,
        standard: str,
        values: Collection[StatedValue],
    ) -> "RollUpRefresh":
        """Return the roll-ups that these values are part of."""
        return cls(
            catalogue,
            territory,
            period=period,
            standard=standard,
            units={value.unit for value in values},
            indicators={value.indicator for value in values},
        )

    def to_parameters(self, basis: str, replaced_report: uuid.UUID | None = None) -> tuple[object, ...]:
        """Return the parameters of the sums on a basis, without the values of a report that ceases to be in effect."""
        return self._selection.to_parameters(basis, self._summed, replaced_report)

    def list_answering_units(self, values: Iterable[StatedValue]) -> list[str]:
        """Return in which unit's sum each value is counted, or `NOT_SUMMED`."""
        answering, summed = self._selection.answering, frozenset(self._summed)
        return [
            answering.get(value.unit, NOT_SUMMED) if value.indicator in summed else NOT_SUMMED
            for value in values
        ]

    async def refresh(self, session: AsyncSession, basis: str) -> None:
        """Refresh all of them on a basis: one statement, and those of `refresh_figures`."""
        if self._summed and self._selection.answering:
            await run_sql(session, REFRESH_SUMS, *self.to_parameters(basis))
        await self.refresh_figures(session, basis)

    async def refresh_figures(self, session: AsyncSession, basis: str) -> None:
        """Refresh what is not a sum of the values stated for the period itself: counts, averages, stocks over sub-periods.

        Three statements if there is a count or an average, whatever the number of units and indicators. If the form is
        also reported for sub-periods, three for the period and for each longer one that contains it.
        """
        if not self._selection.answering:
            return
        if self._figures:
            await self._refresh_unit_by_unit(session, basis)
        if self._stocks_over_subperiods or self._figures_over_subperiods:
            period = self._selection.period
            for longer in (period, *period.enclosing_periods()):
                if not self._territory.same_map(period.ends_on, longer.ends_on):
                    break  # figures of the longer period are made unit by unit: there, a code may mean another unit
                await self._refresh_over_subperiods(session, basis, self._select_units(longer))

    async def _refresh_unit_by_unit(self, session: AsyncSession, basis: str) -> None:
        inputs = sorted({code for figure in self._figures for code in figure.inputs})
        parameters = self._selection.to_parameters(basis, inputs)
        await _delete_roll_ups(
            session, basis, self._selection, [figure.measure_code for figure in self._figures]
        )
        rows = await run_sql(session, READ_VALUES_IN_EFFECT, *parameters)
        roll_ups = _make_figures(self._figures, map(_Input._make, rows))
        await _insert_roll_ups(session, basis, self._selection, roll_ups)

    async def _refresh_over_subperiods(
        self, session: AsyncSession, basis: str, selection: _UnitSelection
    ) -> None:
        """Refresh what the sub-periods of a period decide: stocks, of which the last one counts, and figures made of them."""
        codes = {
            *self._stocks_over_subperiods,
            *(figure.measure_code for figure in self._figures_over_subperiods),
        }
        inputs = {code for figure in self._figures_over_subperiods for code in figure.inputs}
        values = await read_effective_values(
            session,
            period=selection.period,
            basis=basis,
            standards=dict.fromkeys(self._catalogue.forms, self._standard),
            units=selection.answering,
            indicators={*self._stocks_over_subperiods, *inputs},
            reporters=selection.reporters,
            parts=[
                part
                for part in selection.period.with_subperiods()
                if self._territory.same_map(part.ends_on, selection.period.ends_on)
            ],
        )
        by_answering_unit: dict[str, list[EffectiveValue]] = defaultdict(list)
        for value in prefer_official(self._territory, values):
            by_answering_unit[selection.answering[value.unit]].append(value)
        await _delete_roll_ups(session, basis, selection, codes)
        rows = [
            _to_row(unit, code, measure)
            for unit, unit_values in by_answering_unit.items()
            for code, measure in to_measures(self._catalogue, selection.period, unit_values, unit).items()
            if code in codes
        ]
        await _insert_roll_ups(session, basis, selection, rows)

    def _select_units(self, period: Period) -> _UnitSelection:
        """Return the answering units for a period, with all units whose values are summed in them, and who may state these."""
        territory, on = self._territory, period.ends_on
        present = [unit for unit in self._units if territory.find(unit, on)]
        answering_units = sorted({territory.answering_unit(unit, on).code for unit in present})
        answering = {
            unit: answering_unit
            for answering_unit in answering_units
            for unit in (answering_unit, *_list_communes_below(territory, answering_unit, period))
        }
        ancestors = {
            ancestor.code
            for answering_unit in answering_units
            for ancestor in territory.ancestors(answering_unit, on)
        }
        return _UnitSelection(period, self._standard, answering, [*answering, *ancestors])


def list_series_of_nil(
    catalogue: Catalogue, territory: Territory, form: str, unit: str, period: Period
) -> list[StatedValue]:
    """Return what a nil report on an official form states, as nil of each indicator, where the form has a preliminary one.

    Its preliminary values do not count while nothing is stated officially, so the sums of these are refreshed.
    """
    if not any(other.preliminary_of == form for other in catalogue.forms.values()):
        return []
    below = (lower.code for lower in territory.children(unit, period.ends_on) if lower.level == "district")
    codes = [indicator.code for indicator in catalogue.find_indicators(form, period.ends_on)]
    return [
        StatedValue(stated, code, Decimal(0), "official", nil=True)
        for stated in (unit, *below)
        for code in codes
    ]


def _has_subperiods(catalogue: Catalogue, codes: Iterable[str], period: Period) -> bool:
    """Whether one of the indicators is on a form that is also reported for sub-periods."""
    on = period.ends_on
    indicators = (catalogue.find_indicator(code, on) for code in codes)
    return any(
        indicator is not None and catalogue.forms[indicator.form].periods != {PeriodKind.YEAR}
        for indicator in indicators
    )


def _list_communes_below(territory: Territory, unit: str, period: Period) -> list[str]:
    return [child.code for child in territory.children(unit, period.ends_on) if child.level == "commune"]


async def _delete_roll_ups(
    session: AsyncSession, basis: str, selection: _UnitSelection, measures: Collection[str]
) -> None:
    units, codes = join_codes(selection.answering_units), join_codes(sorted(measures))
    parameters = selection.period.year, str(selection.period), basis, units, codes, selection.standard
    await run_sql(session, DELETE_ROLL_UPS, *parameters)


async def _insert_roll_ups(
    session: AsyncSession, basis: str, selection: _UnitSelection, rows: Iterable[Mapping[str, object]]
) -> None:
    key = {
        "year": selection.period.year,
        "period": str(selection.period),
        "basis": basis,
        "standard": selection.standard,
    }
    roll_ups = [{**key, **row} for row in rows]
    if roll_ups:
        await session.execute(insert(RollUp), roll_ups)


class _Input(NamedTuple):
    """A value in effect from which a figure is made unit by unit."""

    answering_unit: str
    unit: str
    indicator: str
    value: Decimal
    covers: int
    nil: bool
    preliminary: bool
    status: int
    received_at: datetime


def _make_figures(figures: Iterable[Figure], inputs: Iterable[_Input]) -> Iterator[dict[str, object]]:
    measures: dict[str, dict[str, dict[str, Measure]]] = defaultdict(lambda: defaultdict(dict))
    for row in inputs:
        measures[row.answering_unit][row.unit][row.indicator] = Measure(
            row.value,
            Fraction(row.covers),
            row.status,
            row.received_at,
            row.received_at,
            nil_covers=Fraction(row.covers if row.nil else 0),
            preliminary_covers=Fraction(row.covers if row.preliminary else 0),
        )
    for figure in figures:
        for answering_unit, by_unit in measures.items():
            measure = measure_unit_by_unit(figure, by_unit, answering_unit)
            if measure is not None:
                yield _to_row(answering_unit, figure.measure_code, measure)


def _to_row(unit: str, code: str, measure: Measure) -> dict[str, object]:
    return {
        "unit": unit,
        "measure": code,
        "value": measure.value,
        "covers": int(measure.covers),
        "nil_covers": int(measure.nil_covers),
        "preliminary_covers": int(measure.preliminary_covers),
        "status": measure.status,
        "oldest_at": measure.oldest_at,
        "newest_at": measure.newest_at,
    }
