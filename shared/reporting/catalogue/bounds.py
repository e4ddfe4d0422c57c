"""Bounds across programs: how a value of this program compares with one of another program (ADR 0021). Pure.

Each program declares its own side, and each follows the change feed of the other. A value that contradicts a bound is accepted
and marked, because one of the two reports may still be corrected.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Sentence

BoundRelation = Literal["at_most", "at_least", "equal", "met_at_most", "at_most_if_met"]
"""How the value of this program compares with that of the other one.

The last two tie a verdict (1: met) to a limit: `met_at_most` is the side of the verdict, `at_most_if_met` that of the value.
"""
WITH_LIMIT = frozenset({"met_at_most", "at_most_if_met"})


CODE = re.compile("[a-z][a-z0-9_]{0,59}")
"""The code of a program or of a form; that of a program becomes a part of the path of its feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedValue:
    """One side of a bound: a sum of what a report states for a unit, or a ratio of two sums."""

    terms: tuple[str, ...]
    """Codes of indicators, with the member of a dimension after a dot."""
    divided_by: tuple[str, ...] = ()
    """The denominator of a ratio; empty for a sum."""
    scale: Decimal = Decimal(100)
    """By what a ratio is multiplied: 100 for percent."""
    standards: frozenset[str] = frozenset()
    """The standards under which it is compared; empty: all."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The series that it is made from."""
        return (*self.terms, *self.divided_by)

    def compute(self, values: Mapping[str, Decimal], standard: str) -> Decimal | None:
        """Return it from the values of one unit; None where a term is not stated, or the standard is another one."""
        if self.standards and standard not in self.standards:
            return None
        if not all(code in values for code in self.inputs):
            return None
        total = sum((values[code] for code in self.terms), Decimal(0))
        if not self.divided_by:
            return total
        divisor = sum((values[code] for code in self.divided_by), Decimal(0))
        return total * self.scale / divisor if divisor else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherComparedValue(ComparedValue):
    """The side of another program."""

    program: str
    form: str
    """The form of that program on which the terms are stated."""


@dataclass(frozen=True, slots=True)
class Bound(DatedFact):
    """A condition between a value of this program and one of another, of the same unit and period."""

    code: str
    label: Sentence
    own: ComparedValue
    relation: BoundRelation
    other: OtherComparedValue
    tolerance: Decimal = Decimal(0)
    """The difference, in the unit of measure, up to which they do not contradict each other."""
    limit: Decimal | None = None
    """The greatest value with which the verdict goes together; None where the values are compared with each other."""
    within: frozenset[str] = frozenset()
    """Codes of the units in which it holds, with everything below them; empty: everywhere."""

    @property
    def adds_up_own(self) -> bool:
        """Whether values of this program add up over units: counts and ratios of counts do, rates and verdicts do not."""
        return bool(self.own.divided_by) or not (self.other.divided_by or self.limit is not None)

    @property
    def adds_up_other(self) -> bool:
        """Whether values of the other program add up over units."""
        return bool(self.other.divided_by) or not (self.own.divided_by or self.limit is not None)

    def compute_excess(self, own: Decimal, other: Decimal) -> Decimal:
        """Return by how much the two values contradict each other, without the tolerance; nothing where they do not."""
        match self.relation:
            case "at_most":
                excess = own - other
            case "at_least":
                excess = other - own
            case "equal":
                excess = abs(own - other)
            case "met_at_most":
                excess = other - (self.limit or 0) if own else Decimal(0)
            case "at_most_if_met":
                excess = own - (self.limit or 0) if other else Decimal(0)
        return max(excess, Decimal(0))

    def is_met(self, own: Decimal, other: Decimal) -> bool:
        """Whether the two values do not contradict each other."""
        return self.compute_excess(own, other) <= self.tolerance

    def holds_in(self, line: Collection[str]) -> bool:
        """Whether it holds in a unit, by its code and those of the units above it."""
        return not self.within or not self.within.isdisjoint(line)


def find_bound_faults(program: str, bounds: Iterable[Bound], indicators: Collection[str]) -> Iterator[str]:
    """Return what is wrong with the bounds of a catalogue; the terms of the other program are not known here."""
    codes: set[str] = set()
    for bound in bounds:
        if not bound.code or bound.code in codes:
            yield f"bound {bound.code} has no code of its own"
        codes.add(bound.code)
        unknown = [code for code in bound.own.inputs if code not in indicators]
        if unknown or not bound.own.terms:
            yield f"bound {bound.code} is made from unknown indicators: {unknown}"
        is_other = bound.other.program != program and CODE.fullmatch(bound.other.program)
        if not bound.other.terms or not is_other or not CODE.fullmatch(bound.other.form):
            yield f"bound {bound.code} names no value of another program"
        if (bound.limit is not None) != (bound.relation in WITH_LIMIT):
            yield f"bound {bound.code} has a limit, or needs one: only {sorted(WITH_LIMIT)} have"
        if bound.tolerance < 0:
            yield f"bound {bound.code} has a tolerance below zero"


def list_needed_series(bounds: Iterable[Bound], program: str) -> dict[str, list[str]]:
    """Return the series of another program that bounds compare with, by the form on which they are stated."""
    needed: dict[str, set[str]] = {}
    for bound in bounds:
        if bound.other.program == program:
            needed.setdefault(bound.other.form, set()).update(bound.other.inputs)
    return {form: sorted(series) for form, series in needed.items()}
