"""What is true of a commune's assessment by the 19 criteria. Pure: one commune's values in, an answer out.

Each criterion is stated as met (1) or not (0). Every assessed commune falls into exactly one of the five groups that are
always reported: 19, 15 to 18, 10 to 14, 5 to 9, and fewer than 5 criteria.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

Values = Mapping[str, Decimal]
"""One commune's values by indicator."""

CRITERIA = tuple(f"criterion_{number:02d}" for number in range(1, 20))
"""The codes of the criteria in their order: the same numbers in the set of 2016-2020 and in that of 2021-2025."""

MET = Decimal(1)


def criteria_met(values: Values) -> int:
    """Count the criteria that a commune meets."""
    return sum(1 for code in CRITERIA if values.get(code) == MET)


def missing(values: Values) -> list[int]:
    """Give the numbers of the criteria that a commune does not meet, in their order."""
    return [number for number, code in enumerate(CRITERIA, 1) if values.get(code) != MET]


def unstated(values: Values) -> list[int]:
    """Give the numbers of the criteria of which nothing is said, in their order."""
    return [number for number, code in enumerate(CRITERIA, 1) if code not in values]


def meets_all_criteria(values: Values) -> bool:
    """Whether every criterion is met."""
    return criteria_met(values) == len(CRITERIA)


def meets_15_to_18_criteria(values: Values) -> bool:
    """Whether it is in the second group."""
    return 15 <= criteria_met(values) < len(CRITERIA)  # noqa: PLR2004 (the groups' bounds are their names)


def meets_10_to_14_criteria(values: Values) -> bool:
    """Whether it is in the third group."""
    return 10 <= criteria_met(values) < 15  # noqa: PLR2004


def meets_5_to_9_criteria(values: Values) -> bool:
    """Whether it is in the fourth group."""
    return 5 <= criteria_met(values) < 10  # noqa: PLR2004


def meets_under_5_criteria(values: Values) -> bool:
    """Whether it is in the last group."""
    return criteria_met(values) < 5  # noqa: PLR2004


GROUPS: tuple[Callable[[Values], bool], ...] = (
    meets_all_criteria,
    meets_15_to_18_criteria,
    meets_10_to_14_criteria,
    meets_5_to_9_criteria,
    meets_under_5_criteria,
)
"""The five groups; together they hold every assessed commune once."""

RULES: Mapping[str, Callable[[Values], bool]] = {rule.__name__: rule for rule in GROUPS}
"""The rules by the names that the catalogue uses."""
