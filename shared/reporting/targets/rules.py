"""Targets: the plan for a figure, and the part of it that was achieved. Pure.

A target is a value, a least value, a greatest value or a range. How the percentage is computed follows from that and from
which direction is better, and is part of the answer.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.kit.problems import Sentence
from shared.reporting.catalogue.definitions import BetterDirection, Figure
from shared.reporting.catalogue.formulas import Average, EndToEndChange, Ratio
from shared.reporting.ratios import HUNDRED, divide_exactly

ZERO = Decimal(0)

TargetKind = Literal["value", "at_least", "at_most", "range"]
AchievementMethod = Literal[
    "done_by_planned", "planned_by_done", "within_range", "done_by_bound", "bound_by_done"
]

METHODS: dict[AchievementMethod, Sentence] = {
    "done_by_planned": Sentence("100 × thực hiện / kế hoạch", "100 × done / planned"),
    "planned_by_done": Sentence(
        "100 × kế hoạch / thực hiện (thấp hơn là tốt hơn)", "100 × planned / done (lower is better)"
    ),
    "within_range": Sentence("100: nằm trong khoảng kế hoạch", "100: within the planned range"),
    "done_by_bound": Sentence(
        "100 × thực hiện / giới hạn gần nhất của khoảng kế hoạch",
        "100 × done / the nearest bound of the range",
    ),
    "bound_by_done": Sentence(
        "100 × giới hạn gần nhất của khoảng kế hoạch / thực hiện (thấp hơn là tốt hơn)",
        "100 × the nearest bound of the range / done (lower is better)",
    ),
}
"""The sentence that says how a percentage is computed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan for a figure."""

    kind: TargetKind
    value: Decimal
    """The planned value, or the bound; of a range the lower bound."""
    upper: Decimal | None = None
    """The upper bound of a range; None for the other kinds."""

    def find_direction(self, better: BetterDirection) -> BetterDirection:
        """Return which direction is better for this target: a bound says so itself, else the figure does."""
        if self.kind == "at_least":
            return "higher"
        return "lower" if self.kind == "at_most" else better


@dataclass(frozen=True, slots=True)
class TargetLimits:
    """What a figure can be, and so what can be planned for it."""

    minimum: Decimal | None
    maximum: Decimal | None
    decimals: int | None
    """The decimal places of a count; None where it is divided."""

    def contains(self, value: Decimal) -> bool:
        """Whether the figure can have this value."""
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )

    @property
    def text(self) -> str:
        """The range as a text."""
        return f"≥ {self.minimum}" if self.maximum is None else f"{self.minimum} … {self.maximum}"


def find_limits(figure: Figure) -> TargetLimits:
    """Return what a figure can be: a change may be below 0, a share of households is at most 100 %, a count is whole."""
    formula = figure.formula
    if isinstance(formula, EndToEndChange):
        return TargetLimits(None, None, None)
    if isinstance(formula, Ratio):
        is_share = formula.scale == HUNDRED and figure.unit_of_measure == "percent"
        return TargetLimits(ZERO, HUNDRED if is_share else None, None)
    return TargetLimits(ZERO, None, None if isinstance(formula, Average) else figure.decimals)


@dataclass(frozen=True, slots=True)
class Achievement:
    """The achieved part of a target."""

    percent: Decimal | None
    """None where nothing was done yet as far as is known, or it would divide by zero."""
    met: bool | None
    """None where it is unknown what was done."""
    method: AchievementMethod


def compute_achievement(done: Decimal | None, plan: Plan, better: BetterDirection) -> Achievement:
    """Return how much of a target was achieved: above 100 is better than planned, in either direction."""
    higher = plan.find_direction(better) == "higher"
    low, high = plan.value, plan.value if plan.upper is None else plan.upper
    if done is None:
        return Achievement(None, None, _name_method(plan, higher=higher))
    met = done >= low if higher else done <= high
    if plan.upper is not None and low <= done <= high:
        return Achievement(HUNDRED, met, "within_range")
    bound = low if done < low else high
    percent = divide_exactly(done, bound, HUNDRED) if higher else divide_exactly(bound, done, HUNDRED)
    return Achievement(percent, met, _name_method(plan, higher=higher))


def _name_method(plan: Plan, *, higher: bool) -> AchievementMethod:
    if plan.upper is None:
        return "done_by_planned" if higher else "planned_by_done"
    return "done_by_bound" if higher else "bound_by_done"
