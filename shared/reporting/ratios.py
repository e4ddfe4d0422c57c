"""Exact division and percentages. Pure; nothing is rounded here."""

from decimal import Decimal, localcontext

DIVISION_DIGITS = 34
"""Digits that a division keeps: with fewer, a ratio of two sums of eighteen digits would lose digits that the wire shows."""

HUNDRED = Decimal(100)


def divide_exactly(above: Decimal | None, below: Decimal | None, scale: Decimal) -> Decimal | None:
    """Return a ratio times a scale; None where a part is unknown, or it would divide by zero."""
    if above is None or not below:
        return None
    with localcontext() as context:
        context.prec = DIVISION_DIGITS
        return above * scale / below


def compute_share_percent(part: int, whole: int) -> Decimal | None:
    """Return a part of a whole in percent; None of an empty whole."""
    return divide_exactly(Decimal(part), Decimal(whole), HUNDRED)
