"""The measures of a period from what is stated for it and for its sub-periods. Pure.

Flows add up over sub-periods: the jobs of a year are the jobs of its months. Of a stock the last value counts: the households
of a year are those at its end, so a value of the period itself comes first, then that of the sub-period that ends last. A
flow is never stated for a period and for a part of it at once (such a report is refused), so nothing counts twice. Units that
merged add up in the unit that they became, each with its own last value.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from shared.periods import Period
from shared.reporting.observations.measures import Measure, sum_measures


@dataclass(frozen=True, slots=True)
class PeriodMeasure:
    """A measure of one unit for a period or a sub-period of it."""

    unit: str
    period: Period
    code: str
    measure: Measure
    origin: str
    """The unit that stated it; not `unit` where its land lies in that one on the map that is read."""


def aggregate_over_time(
    stated: Iterable[PeriodMeasure], period: Period, is_flow: Callable[[str], bool]
) -> dict[tuple[str, str], Measure]:
    """Return each unit's measure of a period, by (unit, code)."""
    counted: dict[tuple[str, str], list[Measure]] = defaultdict(list)
    for row in select_counted(stated, period, is_flow):
        measure = _in_proportion(row, period) if is_flow(row.code) else row.measure
        counted[row.unit, row.code].append(measure)
    return {key: total for key, measures in counted.items() if (total := sum_measures(measures)) is not None}


def select_counted(
    stated: Iterable[PeriodMeasure], period: Period, is_flow: Callable[[str], bool]
) -> Iterator[PeriodMeasure]:
    """Return the measures that count for a period: all of a flow, of a stock the last of each unit that stated it."""
    last: dict[tuple[str, str, str], PeriodMeasure] = {}
    for row in stated:
        if is_flow(row.code):
            yield row
            continue
        key = row.unit, row.origin, row.code
        if key not in last or _rank(row.period, period) > _rank(last[key].period, period):
            last[key] = row
    yield from last.values()


def _rank(subperiod: Period, period: Period) -> tuple[bool, date, date]:
    return subperiod == period, subperiod.ends_on, subperiod.starts_on


def _in_proportion(row: PeriodMeasure, period: Period) -> Measure:
    """Return a measure whose coverage is in proportion to its months: eleven of twelve are not a whole year."""
    if row.period.kind is period.kind:
        return row.measure
    share = Fraction(row.period.kind.months, period.kind.months)
    measure = row.measure
    return replace(
        measure,
        covers=measure.covers * share,
        nil_covers=measure.nil_covers * share,
        preliminary_covers=measure.preliminary_covers * share,
    )
