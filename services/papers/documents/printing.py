"""How figures are printed in Vietnamese documents: rounding once, half away from zero; grouping; padding. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal

PrintKind = Literal["count", "percent", "million_vnd", "number", "more_than"]

MILLION = Decimal(1_000_000)
TEN = Decimal(10)
NO_VALUE = "[chưa có số liệu]"
"""What is printed where a slot has no value."""


@dataclass(frozen=True, slots=True)
class PrintRule:
    """How a value is printed."""

    kind: PrintKind = "count"
    decimals: int = 0
    padding: int = 0
    """The digits of a small count in prose: two write 6 as 06."""
    words: Sequence[tuple[str, str]] = ()
    """Words in place of printed numbers."""


def print_value(value: Decimal | None, rule: PrintRule) -> str:
    """Return a value as it is printed: `10.220`, `6,84`, `06`; a text that says so where there is none."""
    if value is None:
        return NO_VALUE
    rounded = round_value(value, rule)
    text = group_digits(rounded)
    if rule.kind == "percent" and "," in text:
        text = text.rstrip("0").rstrip(",")
    if rule.padding and text.isdigit():
        text = text.zfill(rule.padding)
    return dict(rule.words).get(text, text)


def round_value(value: Decimal, rule: PrintRule) -> Decimal:
    """Return the number that is printed: đồng become million đồng, and it is rounded once."""
    if rule.kind == "more_than":
        return (value / TEN).to_integral_value(rounding=ROUND_FLOOR) * TEN
    scaled = value / MILLION if rule.kind == "million_vnd" else value
    return scaled.quantize(Decimal(1).scaleb(-rule.decimals), rounding=ROUND_HALF_UP)


def group_digits(number: Decimal) -> str:
    """Return a number with Vietnamese separators: 1.274.696 and 52,19."""
    return f"{number:,f}".translate(str.maketrans(",.", ".,"))


def read_printed(text: str) -> Decimal | None:
    """Return the number that a printed text means; None where it means none."""
    compact = text.replace(".", "").replace(",", ".").replace("\u00a0", "").strip()
    try:
        return Decimal(compact)
    except ArithmeticError:
        return None
