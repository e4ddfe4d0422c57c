"""Conclusions from the verdicts of communes: criteria met and missing, the five groups, the weakest criteria. Pure.

Each criterion is stated as met (1) or not met (0). Every assessed commune is in exactly one of the five groups that are
always reported: 19, 15 to 18, 10 to 14, 5 to 9, and fewer than 5 criteria met.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.rural.criteria.rules import MET
from shared.kit.problems import Invalid, Sentence
from shared.reporting.catalogue.derivations import Values

CRITERIA = tuple(f"criterion_{number:02d}" for number in range(1, 20))
"""The codes of the verdicts in the order of the criteria: the same in the sets of 2016-2020 and of 2021-2025."""

GROUP_NAMES = ("19", "15-18", "10-14", "5-9", "0-4")
"""The five groups by the numbers of criteria met."""

MET_RANGE = re.compile(r"([0-9]|1[0-9])(?:-([0-9]|1[0-9]))?")


class MetInvalid(Invalid):
    """The filter by criteria met is neither a number nor a range."""

    code = "met_invalid"
    detail = Sentence(
        "“{met}” không hợp lệ: cần số tiêu chí như 19, hoặc khoảng như 15-18.",
        "“{met}” is neither a number of criteria such as 19 nor a range such as 15-18.",
    )


def count_met(verdicts: Values) -> int:
    """Return how many criteria a commune meets."""
    return sum(1 for code in CRITERIA if verdicts.get(code) == MET)


def list_missing(verdicts: Values) -> list[int]:
    """Return the numbers of the criteria that a commune does not meet or that are not stated, in their order."""
    return [number for number, code in enumerate(CRITERIA, 1) if verdicts.get(code) != MET]


def list_unstated(verdicts: Values) -> list[int]:
    """Return the numbers of the criteria that are not stated, in their order."""
    return [number for number, code in enumerate(CRITERIA, 1) if code not in verdicts]


def meets_all_criteria(verdicts: Values) -> bool:
    """Whether a commune is in the first group."""
    return count_met(verdicts) == len(CRITERIA)


def meets_15_to_18_criteria(verdicts: Values) -> bool:
    """Whether a commune is in the second group."""
    return 15 <= count_met(verdicts) < len(CRITERIA)  # noqa: PLR2004 (the names state the bounds)


def meets_10_to_14_criteria(verdicts: Values) -> bool:
    """Whether a commune is in the third group."""
    return 10 <= count_met(verdicts) < 15  # noqa: PLR2004


def meets_5_to_9_criteria(verdicts: Values) -> bool:
    """Whether a commune is in the fourth group."""
    return 5 <= count_met(verdicts) < 10  # noqa: PLR2004


def meets_under_5_criteria(verdicts: Values) -> bool:
    """Whether a commune is in the last group."""
    return count_met(verdicts) < 5  # noqa: PLR2004


GROUPS: tuple[Callable[[Values], bool], ...] = (
    meets_all_criteria,
    meets_15_to_18_criteria,
    meets_10_to_14_criteria,
    meets_5_to_9_criteria,
    meets_under_5_criteria,
)
"""The five groups, in the order of `GROUP_NAMES`."""

RULES: Mapping[str, Callable[[Values], bool]] = {group.__name__: group for group in GROUPS}
"""The rules by the names that catalogue.toml uses."""


@dataclass(frozen=True, slots=True)
class CriteriaResult:
    """The result of one commune's assessment of one period; no verdicts mean that it is not assessed."""

    verdicts: Values

    @property
    def met(self) -> int | None:
        """The number of criteria that the commune meets; None while it is not assessed."""
        return count_met(self.verdicts) if self.verdicts else None

    @property
    def missing(self) -> list[int]:
        """Numbers of the criteria not met or not stated; none while the commune is not assessed."""
        return list_missing(self.verdicts) if self.verdicts else []

    @property
    def unstated(self) -> list[int]:
        """Numbers of the criteria not stated; none while the commune is not assessed."""
        return list_unstated(self.verdicts) if self.verdicts else []


@dataclass(frozen=True, slots=True)
class AcceptedAssessment:
    """The accepted assessment of a commune and year, which a recognition is based on."""

    unmet: tuple[int, ...]
    """Numbers of the criteria not met or not stated."""
    signed_on: date | None
    """The day on which its document was signed; None where no report names one."""
    reports: tuple[uuid.UUID, ...] = ()
    """The reports that state it."""


@dataclass(frozen=True, slots=True)
class CriterionCount:
    """The number of communes that meet one criterion, of those for which it is stated."""

    number: int
    met: int
    assessed: int

    @property
    def weakness(self) -> tuple[float, int]:
        """The sort key of the weakest criteria: the share of communes that meet it, then its number."""
        return (self.met / self.assessed if self.assessed else 1.0, self.number)


def parse_met_range(text: str) -> tuple[int, int]:
    """Return the bounds of a filter by criteria met: (19, 19) for 19, (15, 18) for 15-18. Raise `MetInvalid`."""
    match = MET_RANGE.fullmatch(text)
    if match is None:
        raise MetInvalid(met=text[:20])
    low = int(match[1])
    high = int(match[2]) if match[2] else low
    if high < low:
        raise MetInvalid(met=text[:20])
    return low, high


def count_by_criterion(assessments: Iterable[Values]) -> list[CriterionCount]:
    """Return, for each criterion in its order, how many communes state it and how many meet it."""
    communes = list(assessments)
    return [
        CriterionCount(
            number,
            met=sum(1 for verdicts in communes if verdicts.get(code) == MET),
            assessed=sum(1 for verdicts in communes if code in verdicts),
        )
        for number, code in enumerate(CRITERIA, 1)
    ]


def list_weakest(counts: Iterable[CriterionCount]) -> list[int]:
    """Return the numbers of the criteria that some commune does not meet, the smallest share of communes first."""
    by_weakness = sorted(counts, key=lambda count: count.weakness)
    return [count.number for count in by_weakness if count.met < count.assessed]


def count_by_group(assessments: Iterable[Values]) -> dict[str, int]:
    """Return the number of assessed communes in each group; together they are all assessed communes."""
    communes = list(assessments)
    return {
        name: sum(group(verdicts) for verdicts in communes)
        for name, group in zip(GROUP_NAMES, GROUPS, strict=True)
    }


def find_changes(before: Values | None, after: Values) -> Mapping[str, list[int]]:
    """Return the numbers of the criteria gained and lost since the assessment before; none without one before."""
    if before is None:
        return {"gained": [], "lost": []}
    missing_before, missing_after = set(list_missing(before)), set(list_missing(after))
    return {
        "gained": sorted(missing_before - missing_after),
        "lost": sorted(missing_after - missing_before),
    }
