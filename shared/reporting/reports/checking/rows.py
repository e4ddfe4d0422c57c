"""What is wrong with the rows of a report. Pure.

One question is asked of all rows before the next one, so that each costs little where the answer is that nothing is wrong.
A fault is found with its row, its pointer counted from there; `in_rows` puts them in the order of the body.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import chain
from operator import itemgetter
from typing import Literal

from shared.kit.problems import Fault, make_fault
from shared.reporting.catalogue.definitions import MAX_DECIMALS, Indicator
from shared.reporting.report_content import NAMES, READ, ReportContent, to_canonical_text
from shared.reporting.reports.checking.eligibility import Eligibility
from shared.reporting.reports.checking.sentences import (
    VALUE_OUT_OF_RANGE,
    VALUE_REPEATED,
    VALUE_STATED_ABOVE,
    VALUE_TOO_PRECISE,
)
from shared.territory.tree import Territory

SMALLEST = tuple(Decimal(1).scaleb(-places) for places in range(MAX_DECIMALS + 1))
"""The smallest amount that can be said with so many decimal places: every other one is a multiple of it."""

InRow = tuple[int, Fault]
"""A fault with the place of its row; it points from there, as `/unit`, or to the row itself by nothing."""


def in_rows(statement: ReportContent, *found: Iterable[InRow]) -> list[Fault]:
    """Put faults in the order of their rows, those of one row as they were found; none is at a field that was not read."""
    return [
        replace(it, pointer=f"/observations/{ordinal}{it.pointer}")
        for ordinal, it in sorted(chain(*found), key=itemgetter(0))
        if not it.pointer or it.pointer[1:] not in statement.partial.get(ordinal, READ)
    ]


def repeated(statement: ReportContent) -> Iterator[InRow]:
    """Name each row that states again what one before it states."""
    units, indicators, _ = statement.columns
    if len(set(zip(units, indicators, strict=True))) == len(units):
        return
    seen: dict[tuple[str, str], int] = {}
    for ordinal, one in statement.rows():
        if statement.partial.get(ordinal, READ).isdisjoint(NAMES):
            first = seen.setdefault((one.unit, one.indicator), ordinal)
            if first != ordinal:
                yield ordinal, make_fault("", "value_repeated", VALUE_REPEATED, first=first)


def named(
    statement: ReportContent, field: Literal["unit", "indicator"], wrong: Mapping[str, Fault]
) -> Iterator[InRow]:
    """Name at every row what is wrong with the unit, or the indicator, that it names."""
    if wrong:
        for ordinal, one in statement.rows():
            found = wrong.get(getattr(one, field))
            if found is not None:
                yield ordinal, found


def beyond_limits(statement: ReportContent, indicators: Mapping[str, Indicator]) -> Iterator[InRow]:
    """Name each value that its indicator cannot have: too small, too large, or too precise."""
    _, codes, amounts = statement.columns
    for ordinal, code, value in zip(statement.ordinals, codes, amounts, strict=True):
        indicator = indicators.get(code)
        if indicator is None:
            continue
        if not indicator.minimum <= value <= indicator.maximum:
            limits = {
                "minimum": to_canonical_text(indicator.minimum),
                "maximum": to_canonical_text(indicator.maximum),
            }
            shown = {"value": to_canonical_text(value), **limits}
            yield ordinal, make_fault("/value", "value_out_of_range", VALUE_OUT_OF_RANGE, **shown)
        if value % SMALLEST[indicator.decimals]:
            shown = {"value": to_canonical_text(value), "decimals": str(indicator.decimals)}
            yield ordinal, make_fault("/value", "value_too_precise", VALUE_TOO_PRECISE, **shown)


def misfitting(statement: ReportContent, fits: Collection[Eligibility]) -> Iterator[InRow]:
    """Name what keeps the unit of a value from stating it."""
    if any(fit.misfits for fit in set(fits)):
        for ordinal, fit in zip(statement.ordinals, fits, strict=True):
            for found in fit.misfits:
                yield ordinal, found


def stated_above(statement: ReportContent, territory: Territory, on: date) -> Iterator[InRow]:
    """Name each value that the same report states for a unit above, which holds it already."""
    units = statement.units
    above = {unit: [it for it in _line_above(unit, territory, on) if it in units] for unit in units}
    if not any(above.values()):
        return
    stated = {(one.unit, one.indicator) for one in statement.values}
    for ordinal, one in statement.rows():
        for code in above[one.unit]:
            if (code, one.indicator) in stated:
                yield (
                    ordinal,
                    make_fault("", "value_stated_above", VALUE_STATED_ABOVE, unit=one.unit, above=code),
                )
                break


def _line_above(code: str, territory: Territory, on: date) -> list[str]:
    known = territory.find(code, on) is not None
    return [it.code for it in territory.ancestors(code, on)] if known else []
