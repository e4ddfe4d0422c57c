"""Measures: the value of one indicator, or of a count of units, added up in a scope. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import CountUnits, TotalOrParts

StatingUnit = TypeVar("StatingUnit")
"""What names a unit."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The value of one indicator, or of one count, in a scope."""

    value: Decimal
    covers: Fraction
    """The number of expected units that the value covers; a part of the period counts in proportion."""
    status: int
    """The least status of the values in it: 0 estimate, 1 preliminary, 2 official."""
    oldest_at: datetime
    newest_at: datetime
    nil_covers: Fraction = Fraction(0)
    """The number of covered units that stated nil in place of a value."""
    preliminary_covers: Fraction = Fraction(0)
    """The number of covered units that are read from preliminary forms."""


def sum_measures(measures: Iterable[Measure]) -> Measure | None:
    """Return the sum of measures of one code over several units; None where there are none."""
    terms = list(measures)
    if len(terms) <= 1:
        return terms[0] if terms else None
    return Measure(
        value=sum((term.value for term in terms), Decimal(0)),
        covers=_sum_fractions([term.covers for term in terms]),
        status=min(term.status for term in terms),
        oldest_at=min(term.oldest_at for term in terms),
        newest_at=max(term.newest_at for term in terms),
        nil_covers=_sum_fractions([term.nil_covers for term in terms]),
        preliminary_covers=_sum_fractions([term.preliminary_covers for term in terms]),
    )


def _sum_fractions(terms: Collection[Fraction]) -> Fraction:
    """Return the sum; terms of one denominator, mostly whole numbers, are added as integers, which is ten times cheaper."""
    denominators = {term.denominator for term in terms}
    if len(denominators) == 1:
        return Fraction(sum(term.numerator for term in terms), denominators.pop())
    return sum(terms, Fraction(0))


def measure_unit_by_unit(
    figure: Figure, units: Mapping[str, Mapping[str, Measure]], root: str | None = None
) -> Measure | None:
    """Return the measure of a figure that is made unit by unit, a count or an average from the units that state all inputs.

    `root` is the one among the units that contains the others, if there is one.
    """
    if isinstance(figure.formula, TotalOrParts):
        return sum_measures(measure_totals(figure.formula, units, root).values())
    complete = [inputs for inputs in units.values() if all(code in inputs for code in figure.inputs)]
    total = sum_measures(inputs[code] for inputs in complete for code in figure.inputs)
    if total is None:
        return None
    preliminary = sum(
        1 for inputs in complete if any(inputs[code].preliminary_covers for code in figure.inputs)
    )
    total = replace(total, nil_covers=Fraction(0), preliminary_covers=Fraction(preliminary))
    match figure.formula:
        case CountUnits(codes, rule):
            satisfying = sum(1 for inputs in complete if rule({code: inputs[code].value for code in codes}))
            return replace(total, value=Decimal(satisfying), covers=Fraction(len(complete)))
        case _:
            covers = (min(inputs[code].covers for code in figure.inputs) for inputs in complete)
            return replace(total, covers=sum(covers, Fraction(0)))


def measure_totals(
    formula: TotalOrParts, units: Mapping[StatingUnit, Mapping[str, Measure]], root: StatingUnit | None
) -> dict[StatingUnit, Measure]:
    """Return the total of each unit, or the sum of its parts where it states no total and all parts.

    What is stated for the root and for units below counts once: the total of the root, else what is stated below it.
    """
    totals = {unit: inputs[formula.total] for unit, inputs in units.items() if formula.total in inputs}
    measures = dict(totals)
    for unit, inputs in units.items():
        if unit not in totals and formula.parts and all(code in inputs for code in formula.parts):
            measures[unit] = _add_parts([inputs[code] for code in formula.parts])
    if root is None or root not in measures or len(measures) == 1:
        return measures
    if root in totals or not totals:
        return {root: measures[root]}
    return {unit: measure for unit, measure in measures.items() if unit != root}


def _add_parts(parts: Collection[Measure]) -> Measure:
    """Return the sum of the parts that one unit states; it covers what each of them covers."""
    total = sum_measures(parts)
    assert total is not None, "there are parts"
    return replace(
        total,
        covers=min(part.covers for part in parts),
        nil_covers=min(part.nil_covers for part in parts),
        preliminary_covers=min(part.preliminary_covers for part in parts),
    )
