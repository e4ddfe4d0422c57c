"""The kinds of lists, their laws and criteria, and the consequences of recognitions for villages: dated facts. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.dated_facts.facts import DatedFact, select_in_force
from shared.kit.problems import Sentence

ListKind = Literal[
    "em_area", "region", "special_difficulty", "poor_district", "border_commune", "group_in_difficulty"
]
ListLevel = Literal["province", "district", "commune", "village"]


@dataclass(frozen=True, slots=True)
class KindOfList(DatedFact):
    """A kind of list, and the levels of the units that it lists."""

    code: ListKind
    label: Sentence
    levels: tuple[ListLevel, ...]
    of_groups: bool = False
    """Whether its rows are ethnic groups of a unit."""


@dataclass(frozen=True, slots=True)
class ListPeriod:
    """The years for which the lists of a law are made."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class AreaLaw(DatedFact):
    """A law under which lists are made; in force for the lists that take effect on its days."""

    code: str
    label: Sentence
    kinds: tuple[ListKind, ...]
    levels: tuple[ListLevel, ...] = ("province", "district", "commune", "village")
    period: ListPeriod | None = None
    lists_end_on: date | None = None
    """The legal end of its lists; None where none was found."""


@dataclass(frozen=True, slots=True)
class AreaCriterion(DatedFact):
    """What makes a unit part of an area: the share of its households, or the number of its persons."""

    law: str
    kind: ListKind
    levels: tuple[ListLevel, ...]
    minimum_share_percent: int
    minimum_persons: int | None = None

    def is_met(self, households: int | None, em_households: int | None, em_persons: int | None) -> bool:
        """Whether stated numbers reach it, or are too few to tell."""
        has_share = households is not None and em_households is not None
        by_share = (
            households is not None
            and em_households is not None
            and em_households * 100 >= households * self.minimum_share_percent
        )
        has_persons = self.minimum_persons is not None and em_persons is not None
        by_persons = (
            self.minimum_persons is not None and em_persons is not None and em_persons >= self.minimum_persons
        )
        return by_share or by_persons or not (has_share or has_persons)


@dataclass(frozen=True, slots=True)
class VillageConsequence(DatedFact):
    """What a recognition of a commune, or of the village itself, does to a village in special difficulty."""

    of: Literal["commune", "village"]
    level: str
    ends_special_difficulty: bool
    revocation_restores: bool


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """The kinds of lists, their laws and criteria, and the consequences for villages."""

    kinds: tuple[KindOfList, ...]
    laws: tuple[AreaLaw, ...]
    criteria: tuple[AreaCriterion, ...]
    village_consequences: tuple[VillageConsequence, ...]

    def find_kind(self, code: str, on: date) -> KindOfList | None:
        """Return the kind of a code that is in force on a day, or None."""
        return next((kind for kind in select_in_force(self.kinds, on) if kind.code == code), None)

    def find_law(self, code: str | None) -> AreaLaw | None:
        """Return the law of a code, in force or not; None where there is none."""
        return next((law for law in self.laws if law.code == code), None)

    def list_laws(self, kind: str, level: str, on: date) -> list[AreaLaw]:
        """Return the laws for lists of a kind and level that take effect on a day, the latest first."""
        laws = [law for law in select_in_force(self.laws, on) if kind in law.kinds and level in law.levels]
        return sorted(laws, key=lambda law: law.valid_from, reverse=True)
