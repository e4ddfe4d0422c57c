"""The formulas of figures: sums, ratios and averages of sums, counts of units by a rule, counts from a register. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from shared.reporting.catalogue.derivations import Values

UnitRule = Callable[[Values], bool]
"""Whether a unit whose inputs are all stated satisfies a rule."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of the stated values of the terms."""

    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two sums, times a scale (100 for percent)."""

    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    scale: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True)
class Average:
    """The sum of the terms divided by the number of units that state them all."""

    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountUnits:
    """The number of units whose inputs satisfy a rule."""

    inputs: tuple[str, ...]
    rule: UnitRule


@dataclass(frozen=True, slots=True)
class FromRegister:
    """A count that a register of the service supplies."""

    register: str


Formula = Sum | Ratio | Average | CountUnits | FromRegister
