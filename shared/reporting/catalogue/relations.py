"""Relations: what must hold between two sums of values of one unit and period, on one form or between forms. Pure.

An identity over a dimension is between its members and a total. A relation names any indicators: the total of one form is that
of another, a sum is at least three times a number of households. ADR 0022.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, NamedTuple

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Sentence
from shared.reporting.catalogue.definitions import Indicator
from shared.reporting.catalogue.dimensions import from_series_key

IndicatorRelationKind = Literal["equal", "at_most", "at_least"]
SIGNS: Mapping[IndicatorRelationKind, str] = {"equal": "=", "at_most": "≤", "at_least": "≥"}


@dataclass(frozen=True, slots=True)
class IndicatorRelation(DatedFact):
    """What must hold between two sums of a unit that states all of their terms."""

    code: str
    label: Sentence
    kind: IndicatorRelationKind
    left: tuple[str, ...]
    """Series keys; in a file an indicator with a dimension stands for all of its members."""
    right: tuple[str, ...]
    factor: Decimal = Decimal(1)
    """The right sum is multiplied by it."""

    @property
    def codes(self) -> frozenset[str]:
        """The series keys of both sides."""
        return frozenset((*self.left, *self.right))


class RelationInForce(NamedTuple):
    """A relation in force on a day, with its series and the forms that they are stated on."""

    relation: IndicatorRelation
    codes: frozenset[str]
    forms: frozenset[str]


@dataclass(frozen=True, slots=True)
class BrokenRelation:
    """A relation that the values of a unit break, with the amounts of both sides."""

    relation: IndicatorRelation
    left: Decimal
    right: Decimal
    """The right sum times the factor."""


def find_broken_relations(
    relations: Iterable[IndicatorRelation], values: Mapping[str, Decimal], in_force: Collection[str]
) -> Iterator[BrokenRelation]:
    """Return the relations that the values of one unit break; a term in force that is not stated decides nothing."""
    for relation in relations:
        left = _sum_side(relation.left, values, in_force)
        right = _sum_side(relation.right, values, in_force)
        if left is None or right is None:
            continue
        bound = right * relation.factor
        holds = {"equal": left == bound, "at_most": left <= bound, "at_least": left >= bound}
        if not holds[relation.kind]:
            yield BrokenRelation(relation, left, bound)


def _sum_side(
    codes: Iterable[str], values: Mapping[str, Decimal], in_force: Collection[str]
) -> Decimal | None:
    terms = [code for code in codes if code in in_force]
    if not terms or any(code not in values for code in terms):
        return None
    return sum((values[code] for code in terms), Decimal(0))


def expand_relation(
    relation: IndicatorRelation, expand: Callable[[Iterable[str]], tuple[str, ...]]
) -> IndicatorRelation:
    """Return a relation with the series of the members in place of each indicator with a dimension."""
    return replace(relation, left=expand(relation.left), right=expand(relation.right))


def find_relation_faults(
    relations: Iterable[IndicatorRelation], indicators: Mapping[str, tuple[Indicator, ...]]
) -> Iterator[str]:
    """Return what is wrong with relations: a code twice, unknown terms, terms of different levels or that do not add."""
    codes: set[str] = set()
    for relation in relations:
        if relation.code in codes:
            yield f"relation {relation.code} is that of two rows"
        codes.add(relation.code)
        unknown = sorted(relation.codes - indicators.keys())
        if unknown or not relation.left or not relation.right:
            yield f"relation {relation.code} is between unknown indicators: {unknown}"
            continue
        versions = [version for code in relation.codes for version in indicators[code]]
        if len({version.level for version in versions}) > 1:
            yield f"relation {relation.code} is between indicators of different levels"
        if not all(version.adds for version in versions):
            yield f"relation {relation.code} adds up indicators that do not add"


def list_related_indicators(relations: Iterable[IndicatorRelation]) -> frozenset[str]:
    """Return the codes of the indicators that relations name, without members."""
    return frozenset(from_series_key(code)[0] for relation in relations for code in relation.codes)
