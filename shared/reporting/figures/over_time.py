"""How what is stated for parts of a period becomes the period's own. Pure.

Flows add up over sub-periods: the jobs of a year are the jobs of its months. Stocks take the last: the households of a
year are those at its end, so what is stated for the period itself comes first, then the sub-period that ends last. A
flow is never stated for a period and for a part of it at once (`reports/submitting.py` refuses that), so nothing counts
twice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from shared.periods import Period, PeriodKind
from shared.reporting.figures.rules import Measure, combine


@dataclass(frozen=True, slots=True)
class Stretch:
    """A measure of one unit over the asked period or a part of it."""

    unit: str
    period: Period
    code: str
    measure: Measure


def stretches(asked: Period) -> list[Period]:
    """Give a period and every shorter one within it."""
    return [asked, *(part for kind in PeriodKind if kind != asked.kind for part in asked.parts(kind))]


def over_time(
    stated: Iterable[Stretch], asked: Period, is_flow: Callable[[str], bool]
) -> dict[tuple[str, str], Measure]:
    """Make each unit's measure of the asked period, by (unit, code)."""
    found: dict[tuple[str, str], list[Stretch]] = defaultdict(list)
    for one in stated:
        found[one.unit, one.code].append(one)
    return {
        (unit, code): _added(parts, asked) if is_flow(code) else _last(parts, asked)
        for (unit, code), parts in found.items()
    }


def _last(parts: list[Stretch], asked: Period) -> Measure:
    own = next((one for one in parts if one.period == asked), None)
    return (own or max(parts, key=lambda one: (one.period.ends_on, one.period.starts_on))).measure


def _added(parts: list[Stretch], asked: Period) -> Measure:
    """Add up; coverage counts in proportion to length, for eleven of twelve months are no whole year."""
    weighted = (
        replace(one.measure, covers=one.measure.covers * Fraction(one.period.kind.months, asked.kind.months))
        for one in parts
    )
    whole = combine(weighted)
    assert whole is not None
    return whole
