"""What a program makes of the values that a report states for one unit: faults, and values that follow by a dated rule.

A derived value is kept in the same transaction as what it follows from, marked as derived, with its grounds: each value
beside the threshold it was held to, on which legal basis. So it says why for ever, whatever rule is in force later. Pure.
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
class Subject:
    """Of whom and when the values of a report speak."""

    unit: str
    line: tuple[str, ...]
    """The unit and those above it on the period's last day, the nearest first."""
    period: Period


@dataclass(frozen=True, slots=True)
class Ground:
    """One value held to a threshold."""

    indicator: str
    value: Decimal
    comparator: Comparator
    threshold: Decimal
    legal_basis: str
    confidence: str

    @property
    def holds(self) -> bool:
        """Whether the value stands up to the threshold."""
        if self.comparator == "=":
            return self.value == self.threshold
        return self.value >= self.threshold if self.comparator == ">=" else self.value <= self.threshold


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that follows from others of the same unit."""

    indicator: str
    value: Decimal
    rule: str
    """By which rule: of which set, for whom, for which year."""
    why: Sentence
    """The reason in words, its facts filled in."""
    grounds: tuple[Ground, ...]

    def reasons(self) -> dict[str, Any]:
        """Write down why, as it is kept beside the value."""
        return {
            "rule": self.rule,
            "why": self.why.vi,
            "why_en": self.why.en,
            "grounds": [
                {
                    "indicator": it.indicator,
                    "value": str(it.value),
                    "comparator": it.comparator,
                    "threshold": str(it.threshold),
                    "met": it.holds,
                    "legal_basis": it.legal_basis,
                    "confidence": it.confidence,
                }
                for it in self.grounds
            ],
        }


Check = Callable[[Values], Iterator[Fault]]
"""A rule across the values that one report states for one unit, in any period; a fault's place is the indicator's code."""

Derivation = Callable[[Subject, Values], Iterator[Derived | Fault]]
"""What follows from the values that one report states for one unit, or what keeps it from being told.

A check that has to know of whom and when is one that derives nothing.
"""
