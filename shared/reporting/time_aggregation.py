"""How what is stated for parts of a period becomes the period's own. Pure.

Flows add up over sub-periods: the jobs of a year are the jobs of its months. Stocks take the last: the households of a
year are those at its end, so what is stated for the period itself comes first, then the sub-period that ends last. A
flow is never stated for a period and for a part of it at once (`reports/nearby.py` refuses that), so nothing counts
twice. Units that merged add up within each one that they became, each with its own last.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache

from shared.periods import Period, PeriodKind
from shared.reporting.measures import Measure, combine


@dataclass(frozen=True, slots=True)
class Stretch:
    """A measure of one unit over the asked period or a part of it."""

    unit: str
    period: Period
    code: str
    measure: Measure
    origin: str
    """The unit that stated it: another one than `unit` when its land lies in that one by now."""


@cache
def stretches(asked: Period) -> tuple[Period, ...]:
    """Give a period and every shorter one within it."""
    return (asked, *(part for kind in PeriodKind if kind != asked.kind for part in asked.parts(kind)))


def over_time(
    stated: Iterable[Stretch], asked: Period, is_flow: Callable[[str], bool]
) -> dict[tuple[str, str], Measure]:
    """Make each unit's measure of the asked period, by (unit, code)."""
    found: dict[tuple[str, str], list[Measure]] = defaultdict(list)
    for one in counting(stated, asked, is_flow):
        found[one.unit, one.code].append(_in_proportion(one, asked) if is_flow(one.code) else one.measure)
    return {key: whole for key, parts in found.items() if (whole := combine(parts)) is not None}


def counting(stated: Iterable[Stretch], asked: Period, is_flow: Callable[[str], bool]) -> Iterator[Stretch]:
    """Give the statements that count: every one of a flow, of a stock the last of each unit that stated it."""
    last: dict[tuple[str, str, str], Stretch] = {}
    for one in stated:
        if is_flow(one.code):
            yield one
            continue
        key = one.unit, one.origin, one.code
        if key not in last or _later(one.period, asked) > _later(last[key].period, asked):
            last[key] = one
    yield from last.values()


def _later(part: Period, asked: Period) -> tuple[bool, date, date]:
    return part == asked, part.ends_on, part.starts_on


def _in_proportion(one: Stretch, asked: Period) -> Measure:
    """Count coverage in proportion to length, for eleven of twelve months are no whole year."""
    if one.period.kind is asked.kind:
        return one.measure
    covers = one.measure.covers * Fraction(one.period.kind.months, asked.kind.months)
    return replace(one.measure, covers=covers)
