"""What follows from assessments. Pure: values in, what is met and missing out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.rural.rules import CRITERIA, GROUPS, MET, Values, criteria_met, missing, unstated
from shared.kit.problems import Invalid, Sentence

GROUP_NAMES = ("19", "15-18", "10-14", "5-9", "0-4")
"""The five groups by the numbers of criteria that are met."""

MET_ASKED = re.compile(r"([0-9]|1[0-9])(?:-([0-9]|1[0-9]))?")


class MetInvalid(Invalid):
    """The filter by criteria met is neither a number nor a range."""

    code = "met_invalid"
    detail = Sentence(
        "“{met}” không hợp lệ: cần số tiêu chí như 19, hoặc khoảng như 15-18.",
        "“{met}” is neither a number of criteria such as 19 nor a range such as 15-18.",
    )


@dataclass(frozen=True, slots=True)
class Assessed:
    """One commune's assessment of one period; without values nobody has assessed it."""

    commune: str
    values: Values

    @property
    def met(self) -> int | None:
        """How many criteria it meets; None while it is not assessed."""
        return criteria_met(self.values) if self.values else None

    @property
    def missing(self) -> list[int]:
        """Which criteria it does not meet, or nobody has stated; none while it is not assessed."""
        return missing(self.values) if self.values else []

    @property
    def unstated(self) -> list[int]:
        """Which of those missing nobody has stated; none while it is not assessed."""
        return unstated(self.values) if self.values else []


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """How one criterion stands over some communes."""

    number: int
    met: int
    assessed: int

    @property
    def rank(self) -> tuple[float, int]:
        """What the weakest come first by: the share of communes that meet it, then its number."""
        return (self.met / self.assessed if self.assessed else 1.0, self.number)


def met_between(asked: str) -> tuple[int, int]:
    """Read a filter: 19 is from 19 to 19, 15-18 is from 15 to 18."""
    found = MET_ASKED.fullmatch(asked)
    if found is None:
        raise MetInvalid(met=asked[:20])
    low = int(found[1])
    high = int(found[2]) if found[2] else low
    if high < low:
        raise MetInvalid(met=asked[:20])
    return low, high


def by_criterion(assessments: Iterable[Values]) -> list[CriterionStanding]:
    """Count, for each criterion in its order, the communes that state it and those that meet it."""
    every = list(assessments)
    return [
        CriterionStanding(
            number,
            met=sum(1 for values in every if values.get(code) == MET),
            assessed=sum(1 for values in every if code in values),
        )
        for number, code in enumerate(CRITERIA, 1)
    ]


def weakest(standings: Iterable[CriterionStanding]) -> list[int]:
    """Give the numbers of the criteria that some commune does not meet, those met by the smallest share first."""
    return [it.number for it in sorted(standings, key=lambda it: it.rank) if it.met < it.assessed]


def grouped(assessments: Iterable[Values]) -> dict[str, int]:
    """Count the assessed communes of each group; together they are all that are assessed."""
    every = list(assessments)
    return {
        name: sum(group(values) for values in every) for name, group in zip(GROUP_NAMES, GROUPS, strict=True)
    }


def changes(before: Values | None, after: Values) -> Mapping[str, list[int]]:
    """Give the criteria gained and lost from one assessment to the next; none where there was none before."""
    lacked, lacks = set(missing(before)) if before else set(), set(missing(after))
    if before is None:
        return {"gained": [], "lost": []}
    return {"gained": sorted(lacked - lacks), "lost": sorted(lacks - lacked)}
