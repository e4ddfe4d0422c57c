"""A report as frozen values, before anything is kept: what it states. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple

Status = Literal["estimate", "preliminary", "official"]
STATUSES: tuple[Status, ...] = ("estimate", "preliminary", "official")
"""From the least to the most certain; the common status of several values is the least of theirs."""


class StatedValue(NamedTuple):
    """One stated value: which unit, which indicator, how much, how certain."""

    unit: str
    indicator: str
    value: Decimal
    status: Status
    derived: bool = False
    """Whether it was not posted and follows from what was, by a dated rule."""


class Columns(NamedTuple):
    """Which units, which indicators and how much are stated, in the order of the values."""

    units: tuple[str, ...]
    indicators: tuple[str, ...]
    amounts: tuple[Decimal, ...]


Rows = Mapping[str, tuple[int, StatedValue]]
"""What is stated for one unit, by indicator, each with its place in the list as posted."""

READ: frozenset[str] = frozenset()
"""No field of a row was left unread."""
NAMES = frozenset({"unit", "indicator"})
"""The fields that name what a row states."""
SAYING = NAMES | {"value"}
"""The fields without which it states nothing."""


@dataclass(frozen=True)
class ReportContent:
    """What one report says. `ordinals` are the places of the values in the list as posted."""

    unit: str
    period: str
    form: str | None
    values: tuple[StatedValue, ...]
    ordinals: tuple[int, ...] | range
    partial: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Fields of a row that could not be read, by its place; the rules pass over them."""
    nil: bool = False
    note: str | None = None
    document: dict[str, Any] | None = None
    evidence: tuple[dict[str, str], ...] = ()
    """Files behind it: `{sha256, kind}` each."""

    def rows(self) -> Iterator[tuple[int, StatedValue]]:
        """Give the values, each with its place."""
        return zip(self.ordinals, self.values, strict=True)

    @cached_property
    def columns(self) -> Columns:
        """What is stated, column by column: most questions are of one column, and that is quicker to go through."""
        units, indicators, amounts, *_ = zip(*self.values, strict=True) if self.values else ((), (), ())
        return Columns(units, indicators, amounts)

    @cached_property
    def units(self) -> frozenset[str]:
        """The units of which something is said."""
        return frozenset(self.columns.units)

    @cached_property
    def indicators(self) -> frozenset[str]:
        """The indicators of which something is said."""
        return frozenset(self.columns.indicators)

    @cached_property
    def by_unit(self) -> Mapping[str, Rows]:
        """What is stated for each unit, the first value where an indicator is repeated; without rows that do not say what."""
        found: dict[str, dict[str, tuple[int, StatedValue]]] = defaultdict(dict)
        for ordinal, one in self.rows():
            if self.partial.get(ordinal, READ).isdisjoint(SAYING):
                found[one.unit].setdefault(one.indicator, (ordinal, one))
        return found


def to_canonical_text(value: Decimal) -> str:
    """Write a decimal one way only: 5, 5.0 and 5.00 are the same statement."""
    text = str(value)
    if text.isdecimal():
        return text
    text = f"{value.normalize():f}"
    return "0" if text in {"-0", ""} else text
