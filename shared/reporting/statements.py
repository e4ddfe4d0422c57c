"""A report as frozen values, before anything is kept: what it states. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple

Status = Literal["estimate", "preliminary", "official"]
STATUSES: tuple[Status, ...] = ("estimate", "preliminary", "official")
"""From the least to the most certain; the common status of several values is the least of theirs."""


class Stated(NamedTuple):
    """One stated value: which unit, which indicator, how much, how certain."""

    unit: str
    indicator: str
    value: Decimal
    status: Status
    derived: bool = False
    """Whether it was not posted and follows from what was, by a dated rule."""


@dataclass(frozen=True)
class Statement:
    """What one report says. `ordinals` are the places of the values in the list as posted."""

    unit: str
    period: str
    form: str | None
    values: tuple[Stated, ...]
    ordinals: tuple[int, ...] | range
    partial: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Fields of a row that could not be read, by its place; the rules pass over them."""
    nil: bool = False
    note: str | None = None
    document: dict[str, Any] | None = None
    evidence: tuple[dict[str, str], ...] = ()
    """Files behind it: `{sha256, kind}` each."""


def plain(value: Decimal) -> str:
    """Write a decimal one way only: 5, 5.0 and 5.00 are the same statement."""
    text = str(value)
    if text.isdecimal():
        return text
    text = f"{value.normalize():f}"
    return "0" if text in {"-0", ""} else text
