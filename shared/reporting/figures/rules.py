"""How a figure is made. Pure: rolled-up measures in, exact values out; nothing is rounded here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction

from shared.reporting.catalogue.definitions import BetterDirection, Figure
from shared.reporting.catalogue.formulas import Average, CountUnits, FromRegister, Ratio, Sum
from shared.reporting.measures import Measure
from shared.reporting.report_content import STATUSES, Status

PRECISION = 34
"""Digits carried through a division: a ratio of two sums of eighteen digits keeps far more than the six said."""

HUNDRED = Decimal(100)


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


def evaluate(figure: Figure, measures: Mapping[str, Measure]) -> Outcome:
    """Make a figure from the measures of its scope; a measure that nobody stated leaves it without a value.

    A sum needs at least one term stated; a ratio needs both of its sums. What is missing shows in the coverage,
    which is the least over the inputs.
    """
    used = [measures[code] for code in figure.measure_codes if code in measures]
    complete = len(used) == len(figure.measure_codes)
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
            above, below = _total(figure.measure_codes, measures), Decimal(covers) if covers else None
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


def achieved_percent(
    actual: Decimal | None, planned: Decimal | None, better: BetterDirection
) -> Decimal | None:
    """Give how much of a plan was achieved, in percent.

    Higher is better: actual by planned. Lower is better: planned by actual. Where that would divide by zero nothing
    is said.
    """
    if actual is None or planned is None:
        return None
    return _divide(actual, planned, HUNDRED) if better == "higher" else _divide(planned, actual, HUNDRED)


def share_percent(part: int, whole: int) -> Decimal | None:
    """Give a part of a whole in percent; nothing is said of an empty whole."""
    return _divide(Decimal(part), Decimal(whole), HUNDRED)
