"""The values in effect, and the measures that are made from them. Pure."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.observations.measures import (
    Measure,
    measure_totals,
    measure_unit_by_unit,
    sum_measures,
)
from shared.reporting.observations.time_aggregation import PeriodMeasure, aggregate_over_time
from shared.territory.tree import Territory


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
    nil: bool = False
    """Whether nil was stated in place of a value."""
    preliminary: bool = False
    """Whether it is stated on a preliminary form."""
    stated_by: str | None = None
    """The unit of the period's own map that stated it, where its land lies in `unit` on the map that is read."""
    same_land: bool = True
    """Whether `unit` is exactly the land that it was stated for."""

    @property
    def origin(self) -> str:
        """The unit that it was stated for."""
        return self.stated_by or self.unit


def prefer_official(territory: Territory, values: Sequence[EffectiveValue]) -> Sequence[EffectiveValue]:
    """Return the values without those of preliminary forms of which an official one states the unit, or one above or below."""
    if not any(value.preliminary for value in values):
        return values
    stated: dict[tuple[str, str], set[str]] = defaultdict(set)
    above: dict[tuple[str, str], set[str]] = defaultdict(set)
    for value in values:
        if not value.preliminary:
            key = value.period, value.indicator
            stated[key].add(value.unit)
            above[key].update(_list_above(territory, value))
    return [
        value
        for value in values
        if not value.preliminary
        or (
            value.unit not in above[value.period, value.indicator]
            and stated[value.period, value.indicator].isdisjoint((value.unit, *_list_above(territory, value)))
        )
    ]


def _list_above(territory: Territory, value: EffectiveValue) -> list[str]:
    return [unit.code for unit in territory.ancestors(value.unit, Period.parse(value.period).ends_on)]


def to_measures(
    catalogue: Catalogue, period: Period, values: Iterable[EffectiveValue], root: str | None = None
) -> dict[str, Measure]:
    """Return the measures of a period from the values in effect, by code, those made unit by unit included. Pure.

    `root` is the unit that contains all others of which there are values, if there is one.
    """
    is_flow = catalogue.find_flows(period.ends_on).__contains__
    stated = list(to_period_measures(period, values))
    stated += _find_totals(catalogue, stated, root)
    by_unit = aggregate_over_time(stated, period, is_flow)
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
            Measure(
                value.value,
                Fraction(value.covers),
                value.status,
                value.received_at,
                value.received_at,
                nil_covers=Fraction(value.covers if value.nil else 0),
                preliminary_covers=Fraction(value.covers if value.preliminary else 0),
            ),
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


def _find_totals(
    catalogue: Catalogue, stated: Iterable[PeriodMeasure], root: str | None
) -> list[PeriodMeasure]:
    """Return the total, or the sum of the parts, of each unit and part of the period."""
    if not catalogue.totals_or_parts:
        return []
    totals = []
    by_part: dict[Period, dict[tuple[str, str], dict[str, Measure]]] = defaultdict(lambda: defaultdict(dict))
    for row in stated:
        by_part[row.period][row.unit, row.origin][row.code] = row.measure
    for figure, formula in catalogue.totals_or_parts:
        for part, units in by_part.items():
            measures = measure_totals(formula, units, None if root is None else (root, root))
            for (unit, origin), measure in measures.items():
                totals.append(PeriodMeasure(unit, part, figure.measure_code, measure, origin))
    return totals


def _measure_unit_by_unit(
    catalogue: Catalogue, by_unit: dict[tuple[str, str], Measure]
) -> dict[str, Measure]:
    units: dict[str, dict[str, Measure]] = defaultdict(dict)
    for (unit, code), measure in by_unit.items():
        units[unit][code] = measure
    made = {
        figure.code: measure_unit_by_unit(figure, units)
        for figure in catalogue.figures.values()
        if figure.is_made_unit_by_unit and figure.measure_code == figure.code
    }
    return {code: measure for code, measure in made.items() if measure is not None}
