"""What is withheld from public reads: members of a dimension under a floor, and what would give them back. Pure.

A withheld series is withheld for every unit, period and map, so that no difference of two reads gives a cell back
(ADR 0024). Totals over all members are never withheld.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from shared.dated_facts.facts import DatedFact
from shared.reporting.catalogue.dimensions import Dimension


@dataclass(frozen=True, slots=True)
class WithholdingRule(DatedFact):
    """A floor of persons: members of a dimension with fewer persons in the country are withheld."""

    dimension: str
    minimum_persons: int

    def list_members(self, dimension: Dimension) -> frozenset[str]:
        """Return the members under the floor; a member whose persons are not known is not."""
        return frozenset(
            member.code
            for member in dimension.members
            if member.persons is not None and member.persons < self.minimum_persons
        )


def choose_complements(rows: Iterable[Sequence[str]]) -> frozenset[str]:
    """Return the members that are withheld as well, so that no total gives back the one withheld cell of a row.

    `rows` hold the other members above zero, the smallest number first, of each row in which at most one withheld member is,
    in the order of their receipt: a later row never takes a member back. A row that none of those chosen is in adds its first.
    """
    chosen: set[str] = set()
    for row in rows:
        if row and chosen.isdisjoint(row):
            chosen.add(row[0])
    return frozenset(chosen)


def find_withholding_faults(
    rules: Iterable[WithholdingRule], dimensions: Collection[Dimension]
) -> Iterable[str]:
    """Yield what is wrong with the rules."""
    codes = {dimension.code for dimension in dimensions}
    for rule in rules:
        if rule.dimension not in codes:
            yield f"a withholding rule is over {rule.dimension}, which is no dimension"
