"""Values with days of validity and a legal basis. The standard library only, so that rules may use them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Something that is in force from its first to its last day, both included."""

    valid_from: date
    valid_to: date | None = None
    """None while it holds."""

    def is_in_force(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def overlaps(self, other: "Dated") -> bool:
        """Whether both are in force on some day."""
        return self.is_in_force(other.valid_from) or other.is_in_force(self.valid_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedFact(Dated):
    """A fact with the document behind it."""

    legal_basis: str
    confidence: str
    """The confidence: sourced, from memory, unsure."""


AnyDated = TypeVar("AnyDated", bound=Dated)


def select_in_force(rows: Iterable[AnyDated], on: date) -> list[AnyDated]:
    """Return the rows that are in force on a day, in their order."""
    return [row for row in rows if row.is_in_force(on)]
