"""Measures: the value of one indicator, or of a count of units, added up in a scope. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import CountUnits


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


def measure_unit_by_unit(figure: Figure, units: Mapping[str, Mapping[str, Measure]]) -> Measure | None:
    """Return the measure of a count or an average, from the units that state all of its inputs and from no others."""
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
