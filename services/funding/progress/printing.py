"""How amounts are printed in million or billion đồng, and when the printed parts do not add. Pure.

Rounding is for the eye alone: each amount is rounded once, half away from zero, from its exact đồng. Rounded parts may
then miss the rounded total by some units; the answer says so instead of bending a figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.funding.progress.rules import Row
from shared.kit.problems import Sentence

PrintUnit = Literal["million", "billion"]
UNITS: Mapping[PrintUnit, int] = {"million": 10**6, "billion": 10**9}

PRINTED = (
    "assigned_vnd", "allocated_vnd", "opening_balance_vnd", "carried_over_vnd", "received_vnd", "given_vnd",
    "cancelled_vnd", "returned_vnd", "available_vnd", "committed_vnd", "disbursed_vnd", "confirmed_vnd",
    "carried_out_vnd", "left_vnd",
)  # fmt: skip

WHY = Sentence(
    "Các phần đã làm tròn cộng lại bằng {parts}, tổng làm tròn là {total}; số đồng chính xác cộng khớp.",
    "The rounded parts add up to {parts} and the rounded total is {total}; the exact đồng add up.",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure whose printed parts do not add up to its printed total."""

    measure: str
    parts: int
    total: int

    @property
    def why(self) -> Sentence:
        """Explain it."""
        facts = {"parts": self.parts, "total": self.total}
        return Sentence(WHY.render("vi", facts), WHY.render("en", facts))


def rounded(amount_vnd: int, unit: PrintUnit) -> int:
    """Round to whole units, half away from zero."""
    size = UNITS[unit]
    whole = (abs(amount_vnd) * 2 + size) // (size * 2)
    return whole if amount_vnd >= 0 else -whole


def printed(row: Row, unit: PrintUnit) -> dict[str, int]:
    """Print the amounts of a row, by measure without its unit."""
    return {name.removesuffix("_vnd"): rounded(getattr(row.amounts, name), unit) for name in PRINTED}


def differences(parts: Sequence[Row], total: Row, unit: PrintUnit) -> list[Difference]:
    """Find the measures whose printed parts do not add up to their printed total."""
    shown, whole = [printed(row, unit) for row in parts], printed(total, unit)
    sums = {name: sum(each[name] for each in shown) for name in whole}
    return [
        Difference(name, sums[name], value) for name, value in whole.items() if shown and sums[name] != value
    ]
