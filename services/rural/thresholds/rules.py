"""Rules of a table of thresholds: the faults of its rows, and the thresholds in use with the tables of offices. Pure.

A table is that of a province. It replaces the whole table before it, and goes before the thresholds of the region. A row may be
for one unit in the province. Accepted verdicts keep the thresholds by which they were made.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from services.rural.criteria.indicators import MAX_AMOUNT, MAX_PERCENT
from services.rural.criteria.sets import CriteriaSet, CriteriaSets, CriterionIndicator
from services.rural.criteria.thresholds import Threshold, Thresholds
from shared.kit.problems import Fault, Sentence, make_fault

INDICATOR_UNKNOWN = Sentence(
    "Không có chỉ tiêu “{indicator}” trong các bộ tiêu chí.",
    "No criteria set has the indicator “{indicator}”.",
)
WITHOUT_THRESHOLD = Sentence(
    "Chỉ tiêu {number} chỉ có đạt hoặc không đạt, không có ngưỡng.",
    "Indicator {number} is met or not met; it has no threshold.",
)
YEARS_REVERSED = Sentence(
    "Năm cuối {last} trước năm đầu {first}.", "The last year, {last}, is before the first, {first}."
)
YEARS_NOT_OF_SET = Sentence(
    "Bộ tiêu chí {set} áp dụng cho các năm {first}-{last}.",
    "The set {set} is for the years {first} to {last}.",
)
VALUE_OUT_OF_RANGE = Sentence(
    "Ngưỡng phải từ 0 đến {maximum} {unit_of_measure}.",
    "A threshold must be from 0 to {maximum} {unit_of_measure}.",
)
THRESHOLD_REPEATED = Sentence(
    "Trùng với dòng {row}: cùng chỉ tiêu, đơn vị và năm.",
    "It repeats row {row}: the same indicator, unit and year.",
)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A threshold as it is posted, at its index in the posted list; fields in `unread` are at fault already."""

    ordinal: int
    threshold: Threshold
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OfficeTable:
    """The latest table of a province, and the days on which the province is the unit of its code."""

    unit: str
    unit_since: date
    unit_until: date | None
    thresholds: tuple[Threshold, ...]


def find_row_faults(rows: Sequence[TableRow], sets: CriteriaSets) -> Iterator[Fault]:
    """Yield the faults of the rows of a table: indicator, years, value, repetition."""
    numbers = {
        number.code: (number, criteria_set)
        for criteria_set in sets.values()
        for number in criteria_set.numbers
    }
    earlier: dict[tuple[str, str], list[TableRow]] = {}
    for row in rows:
        at, threshold = f"/thresholds/{row.ordinal}", row.threshold
        if "indicator" in row.unread:
            continue
        if threshold.indicator not in numbers:
            shown = threshold.indicator[:60]
            yield make_fault(f"{at}/indicator", "indicator_unknown", INDICATOR_UNKNOWN, indicator=shown)
            continue
        number, criteria_set = numbers[threshold.indicator]
        if number.passes:
            yield make_fault(
                f"{at}/indicator", "indicator_without_threshold", WITHOUT_THRESHOLD, number=number.name
            )
            continue
        yield from _find_year_faults(at, row, criteria_set)
        yield from _find_value_faults(at, row, number)
        if not row.unread:
            same = earlier.setdefault((threshold.indicator, threshold.area), [])
            for other in same:
                if other.threshold.overlaps(threshold):
                    yield make_fault(at, "threshold_repeated", THRESHOLD_REPEATED, row=other.ordinal)
                    break
            same.append(row)


def _find_year_faults(at: str, row: TableRow, criteria_set: CriteriaSet) -> Iterator[Fault]:
    if {"first_year", "last_year"} & row.unread:
        return
    first, last = row.threshold.years
    if last < first:
        yield make_fault(f"{at}/last_year", "years_reversed", YEARS_REVERSED, first=first, last=last)
    elif first < criteria_set.first_year or last > criteria_set.last_year:
        name = "first_year" if first < criteria_set.first_year else "last_year"
        yield make_fault(
            f"{at}/{name}",
            "years_not_of_set",
            YEARS_NOT_OF_SET,
            set=criteria_set.code,
            first=criteria_set.first_year,
            last=criteria_set.last_year,
        )


def _find_value_faults(at: str, row: TableRow, number: CriterionIndicator) -> Iterator[Fault]:
    maximum = MAX_PERCENT if number.kind == "percent" else MAX_AMOUNT
    if "value" not in row.unread and not Decimal(0) <= row.threshold.value <= maximum:
        yield make_fault(
            f"{at}/value",
            "value_out_of_range",
            VALUE_OUT_OF_RANGE,
            maximum=maximum,
            unit_of_measure=number.unit_of_measure,
        )


def apply_tables(shipped: Thresholds, tables: Collection[OfficeTable]) -> Thresholds:
    """Return the thresholds in use: those of the offices' tables in place of others for the same units."""
    replaced: set[str] = set()
    by_indicator: dict[str, list[Threshold]] = {}
    for table in tables:
        replaced.add(table.unit)
        for threshold in table.thresholds:
            replaced.add(threshold.area)
            of_days = replace(threshold, valid_from=table.unit_since, valid_to=table.unit_until)
            by_indicator.setdefault(threshold.indicator, []).append(of_days)
    merged: Mapping[str, tuple[Threshold, ...]] = {
        code: (
            *by_indicator.get(code, ()),
            *(row for row in rows if row.unit is None or row.unit not in replaced),
        )
        for code, rows in shipped.by_indicator.items()
    }
    return replace(shipped, by_indicator=merged)
