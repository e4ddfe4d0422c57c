"""A measure: what units state of one indicator, or how many units satisfy a rule, added up in a scope. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import CountUnits


@dataclass(frozen=True, slots=True)
class Measure:
    """What stands for one indicator, or one count, in a scope."""

    value: Decimal
    covers: Fraction
    """How many expected units the value speaks for; a part of the period counts in proportion."""
    status: int
    """The least status of the values in it: 0 estimate, 1 preliminary, 2 official."""
    oldest_at: datetime
    newest_at: datetime


def combine(measures: Iterable[Measure]) -> Measure | None:
    """Add up measures of the same thing over several roll-ups."""
    found = list(measures)
    if len(found) <= 1:
        return found[0] if found else None
    return Measure(
        value=sum((it.value for it in found), Decimal(0)),
        covers=_added([it.covers for it in found]),
        status=min(it.status for it in found),
        oldest_at=min(it.oldest_at for it in found),
        newest_at=max(it.newest_at for it in found),
    )


def _added(parts: Collection[Fraction]) -> Fraction:
    """Add up fractions; mostly all are whole, and adding as fractions is ten times the work."""
    denominators = {it.denominator for it in parts}
    if len(denominators) == 1:
        return Fraction(sum(it.numerator for it in parts), denominators.pop())
    return sum(parts, Fraction(0))


def unit_by_unit(figure: Figure, units: Mapping[str, Mapping[str, Measure]]) -> Measure | None:
    """Make the measure of a count or an average from the units that state all of its inputs, and from no others."""
    complete = [said for said in units.values() if all(code in said for code in figure.inputs)]
    whole = combine(said[code] for said in complete for code in figure.inputs)
    if whole is None:
        return None
    match figure.formula:
        case CountUnits(inputs, rule):
            satisfying = sum(1 for said in complete if rule({code: said[code].value for code in inputs}))
            return replace(whole, value=Decimal(satisfying), covers=Fraction(len(complete)))
        case _:
            covers = (min(said[code].covers for code in figure.inputs) for said in complete)
            return replace(whole, covers=sum(covers, Fraction(0)))
