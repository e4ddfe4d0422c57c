"""Printing of amounts in million or billion đồng, and the differences between printed parts and the printed total. Pure.

Each amount is rounded once, half away from zero, from its exact đồng. Rounded parts can then differ from the rounded total;
the answer reports the difference and changes no figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.funding.progress.rules import ProgressGroup
from shared.kit.problems import Sentence

PrintUnit = Literal["million", "billion"]
UNITS_VND: Mapping[PrintUnit, int] = {"million": 10**6, "billion": 10**9}

PRINTED_MEASURES = (
    "assigned_vnd", "allocated_vnd", "opening_balance_vnd", "carried_over_vnd", "received_vnd", "given_vnd",
    "succeeded_vnd", "cancelled_vnd", "returned_vnd", "available_vnd", "committed_vnd",
    "disbursed_vnd", "confirmed_vnd", "carried_out_vnd", "left_vnd",
)  # fmt: skip
BALANCES = frozenset({"available_vnd", "left_vnd"})
"""Measures that have a value at the end of a month, and do not add up over months."""

EXPLANATION = Sentence(
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
    def explanation(self) -> Sentence:
        """The explanation with both sums."""
        facts = {"parts": self.parts, "total": self.total}
        return Sentence(EXPLANATION.render("vi", facts), EXPLANATION.render("en", facts))


def round_amount(amount_vnd: int, unit: PrintUnit) -> int:
    """Return an amount in whole units, rounded half away from zero."""
    unit_vnd = UNITS_VND[unit]
    whole = (abs(amount_vnd) * 2 + unit_vnd) // (unit_vnd * 2)
    return whole if amount_vnd >= 0 else -whole


def print_amounts(group: ProgressGroup, unit: PrintUnit) -> dict[str, int]:
    """Return the rounded amounts of a group, by measure without `_vnd`."""
    return {
        name.removesuffix("_vnd"): round_amount(
            getattr(group if name in BALANCES else group.amounts, name), unit
        )
        for name in PRINTED_MEASURES
    }


def find_differences(
    parts: Sequence[ProgressGroup], total: ProgressGroup, unit: PrintUnit
) -> list[Difference]:
    """Return the measures whose printed parts do not add up to their printed total."""
    printed_parts, printed_total = [print_amounts(part, unit) for part in parts], print_amounts(total, unit)
    sums = {name: sum(printed[name] for printed in printed_parts) for name in printed_total}
    by_month = any("month" in part.keys for part in parts)
    return [
        Difference(name, sums[name], value)
        for name, value in printed_total.items()
        if printed_parts and sums[name] != value and not (by_month and f"{name}_vnd" in BALANCES)
    ]
