"""The rules of a program over the values that a report states for one unit: faults, and values that follow from others. Pure.

A derived value is kept in the transaction of the values that it follows from, with its grounds: each value beside its
threshold and the legal basis of that. So its reasons stay readable whatever rule is in force later.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from shared.kit.problems import Fault, Sentence
from shared.periods import Period

Values = Mapping[str, Decimal]
"""One unit's values by indicator code."""

Comparator = Literal[">=", "<=", "="]


@dataclass(frozen=True, slots=True)
class ReportedUnit:
    """The unit and period of the values that a rule is given."""

    unit: str
    line: tuple[str, ...]
    """The unit and those above it on the period's last day, the nearest first."""
    period: Period
    standard: str = ""
    """The standard that the values are measured under; empty for a form without standards."""


@dataclass(frozen=True, slots=True)
class ThresholdGround:
    """One value compared with a threshold."""

    indicator: str
    value: Decimal
    comparator: Comparator
    threshold: Decimal
    legal_basis: str
    confidence: str

    @property
    def is_met(self) -> bool:
        """Whether the value reaches the threshold."""
        if self.comparator == "=":
            return self.value == self.threshold
        return self.value >= self.threshold if self.comparator == ">=" else self.value <= self.threshold


@dataclass(frozen=True, slots=True)
class Derivation:
    """A value that follows from others of the same unit, with its reasons."""

    indicator: str
    value: Decimal
    rule: str
    """The rule: its set, region and year."""
    why: Sentence
    """The reason, its facts filled in."""
    grounds: tuple[ThresholdGround, ...]

    def to_reasons(self) -> dict[str, Any]:
        """Return the reasons as JSON, as they are kept beside the value."""
        return {
            "rule": self.rule,
            "why": self.why.vi,
            "why_en": self.why.en,
            "grounds": [
                {
                    "indicator": ground.indicator,
                    "value": str(ground.value),
                    "comparator": ground.comparator,
                    "threshold": str(ground.threshold),
                    "met": ground.is_met,
                    "legal_basis": ground.legal_basis,
                    "confidence": ground.confidence,
                }
                for ground in self.grounds
            ],
        }


def to_grounds(reasons: Mapping[str, Any] | None) -> list[ThresholdGround]:
    """Return the grounds in the stored reasons of a value; none for a value without reasons."""
    return [
        ThresholdGround(
            ground["indicator"],
            Decimal(ground["value"]),
            ground["comparator"],
            Decimal(ground["threshold"]),
            ground["legal_basis"],
            ground["confidence"],
        )
        for ground in (reasons["grounds"] if reasons else ())
    ]


Check = Callable[[Values], Iterator[Fault]]
"""A rule across the values that one report states for one unit; the pointer of a fault is the code of the indicator."""

DerivationRule = Callable[[ReportedUnit, Values], Iterator[Derivation | Fault]]
"""A rule that derives values from those that one report states for one unit, or returns the faults that prevent it.

A check that needs the unit and period is a rule that derives nothing.
"""
