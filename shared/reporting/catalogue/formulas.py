"""The formulas of figures: sums, totals or the sums of their parts, ratios and averages of sums, counts of units by a rule, counts from a register, changes. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.reporting.catalogue.derivations import Values

UnitRule = Callable[[Values], bool]
"""Whether a unit whose inputs are all stated satisfies a rule."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of the stated values of the terms."""

    terms: tuple[str, ...]

    @property
    def text(self) -> str:
        """The formula as a text that a reader can follow."""
        return " + ".join(self.terms)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two sums, times a scale (100 for percent)."""

    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    scale: Decimal = Decimal(100)

    @property
    def text(self) -> str:
        """The formula as a text that a reader can follow."""
        return f"{self.scale:f} * ({' + '.join(self.numerator)}) / ({' + '.join(self.denominator)})"


@dataclass(frozen=True, slots=True)
class Average:
    """The sum of the terms divided by the number of units that state them all."""

    terms: tuple[str, ...]

    @property
    def text(self) -> str:
        """The formula as a text that a reader can follow."""
        return f"({' + '.join(self.terms)}) / units that state them"


@dataclass(frozen=True, slots=True)
class TotalOrParts:
    """The total of each unit where it states one, else the sum of its parts where it states them all (ADR 0033)."""

    total: str
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The formula as a text that a reader can follow."""
        return f"{self.total}, of units that do not state it {' + '.join(self.parts)}"


@dataclass(frozen=True, slots=True)
class CountUnits:
    """The number of units whose inputs satisfy a rule."""

    inputs: tuple[str, ...]
    rule: UnitRule

    @property
    def text(self) -> str:
        """The formula as a text that a reader can follow."""
        return f"units where {self.rule.__name__}"


@dataclass(frozen=True, slots=True)
class FromRegister:
    """A count that a register of the service supplies."""

    register: str

    @property
    def text(self) -> str:
        """The formula as a text that a reader can follow."""
        return f"count from the register {self.register}"


ChangeDirection = Literal["fall", "rise", "share"]


@dataclass(frozen=True, slots=True)
class EndToEndChange:
    """The change of another figure from the end of the period before to the end, or its share of the end before (ADR 0020)."""

    figure: str
    """The code of that figure; a change of a rate is in percentage points."""
    direction: ChangeDirection
    """fall: the end before less the end; rise: the end less the end before; share: percent of what was at the end before."""
    of: str | None = None
    """Of a share: the code of the figure that is read at the end before; None for a fall or rise."""

    @property
    def text(self) -> str:
        """The formula as a text that a reader can follow."""
        if self.direction == "share":
            return f"100 * {self.figure} / {self.of} at the end before"
        ends = (f"{self.figure} at the end before", f"{self.figure} at the end")
        return " - ".join(ends if self.direction == "fall" else reversed(ends))


Formula = Sum | TotalOrParts | Ratio | Average | CountUnits | FromRegister | EndToEndChange
