"""How a figure is made. Pure: rolled-up measures in, exact values out; nothing is rounded here."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction

from shared.reporting.catalogue import Better, Figure
from shared.reporting.formulas import Average, CountUnits, FromRegister, Ratio, Sum
from shared.reporting.statements import STATUSES, Status

PRECISION = 34
"""Digits carried through a division: a ratio of two sums of eighteen digits keeps far more than the six said."""

HUNDRED = Decimal(100)


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """A figure's exact value in a scope, and what it was made from."""

    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    covers: int = 0
    status: Status | None = None
    oldest_at: datetime | None = None
    newest_at: datetime | None = None


NOTHING_STATED = Outcome(None)


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


def evaluate(figure: Figure, measures: Mapping[str, Measure]) -> Outcome:
    """Make a figure from the measures of its scope; a measure that nobody stated leaves it without a value.

    A sum needs at least one term stated; a ratio needs both of its sums. What is missing shows in the coverage,
    which is the least over the inputs.
    """
    used = [measures[code] for code in figure.measures if code in measures]
    complete = len(used) == len(figure.measures)
    covers = int(min((it.covers for it in used), default=Fraction(0))) if complete else 0
    if not used or isinstance(figure.formula, FromRegister):
        return NOTHING_STATED
    value, numerator, denominator = _value(figure, measures, covers)
    return Outcome(
        value=value,
        numerator=numerator,
        denominator=denominator,
        covers=covers,
        status=STATUSES[min(it.status for it in used)],
        oldest_at=min(it.oldest_at for it in used),
        newest_at=max(it.newest_at for it in used),
    )


def _value(
    figure: Figure, measures: Mapping[str, Measure], covers: int
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    match figure.formula:
        case Sum(terms):
            return _total(terms, measures), None, None
        case CountUnits():
            return measures[figure.code].value, None, None
        case Ratio(numerator, denominator, scale):
            above, below = _total(numerator, measures), _total(denominator, measures)
            return _divide(above, below, scale), above, below
        case Average():
            above, below = _total(figure.measures, measures), Decimal(covers) if covers else None
            return _divide(above, below, Decimal(1)), above, below
        case FromRegister():
            return None, None, None


def _total(terms: Iterable[str], measures: Mapping[str, Measure]) -> Decimal | None:
    stated = [measures[code].value for code in terms if code in measures]
    return sum(stated, Decimal(0)) if stated else None


def _divide(above: Decimal | None, below: Decimal | None, scale: Decimal) -> Decimal | None:
    if above is None or not below:
        return None
    with localcontext() as context:
        context.prec = PRECISION
        return above * scale / below


def achieved_percent(actual: Decimal | None, planned: Decimal | None, better: Better) -> Decimal | None:
    """Give how much of a plan was achieved, in percent.

    Higher is better: actual by planned. Lower is better: planned by actual. Where that would divide by zero nothing
    is said.
    """
    if actual is None or planned is None:
        return None
    return _divide(actual, planned, HUNDRED) if better == "higher" else _divide(planned, actual, HUNDRED)


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


def share_percent(part: int, whole: int) -> Decimal | None:
    """Give a part of a whole in percent; nothing is said of an empty whole."""
    return _divide(Decimal(part), Decimal(whole), HUNDRED)
