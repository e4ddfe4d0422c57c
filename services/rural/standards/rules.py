"""Whether a district, city or province meets its standards. Pure: its communes and what was reported in, results out.

A condition is a share of the rural communes recognized at a level, a share of the criteria or townships that the district
reports as met, or a percentage that it reports. A missing value leaves a condition unknown, unless the other values decide
it; a condition that nothing in this service can answer stays unknown. A standard is met when all of its conditions are.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal

from services.rural.criteria.rules import MET
from services.rural.criteria.sets import CriteriaSets
from shared.dated_facts.facts import DatedFact, select_in_force
from shared.kit.problems import Sentence
from shared.reporting.ratios import HUNDRED


@dataclass(frozen=True, slots=True)
class AreaStandard(DatedFact):
    """A standard that units of a level, and of some kinds, are judged by while it is in force."""

    code: str
    label: Sentence
    unit_level: str
    unit_kinds: frozenset[str] = frozenset()
    """None: units of every kind."""

    def is_for(self, unit_level: str, unit_kind: str) -> bool:
        """Whether units of a level and kind are judged by it."""
        return self.unit_level == unit_level and (not self.unit_kinds or unit_kind in self.unit_kinds)


@dataclass(frozen=True, slots=True)
class StandardCondition(DatedFact):
    """One condition of a standard while it is in force."""

    code: str
    standard: str
    label: Sentence
    least_percent: Decimal
    level: str | None = None
    """The share is that of the rural communes recognized at this level."""
    criteria_set: str | None = None
    criteria: tuple[str, ...] = ()
    """The share is that of these criteria, all of the set, of those that the unit reports as met."""
    indicator: str | None = None
    """A percentage that the unit reports; with `kinds`, whether each unit of these kinds meets it."""
    kinds: frozenset[str] = frozenset()
    supplied_by: Sentence | None = None
    """The source that would answer a condition that nothing in this service can answer."""


@dataclass(frozen=True, slots=True)
class AreaStandards:
    """The standards of all periods with their conditions, in the order in which a unit is judged by them."""

    standards: tuple[AreaStandard, ...]
    conditions: tuple[StandardCondition, ...]

    def select(self, unit_level: str, unit_kind: str, on: date) -> list[AreaStandard]:
        """Return the standards in force on a day for units of a level and kind."""
        return [
            standard
            for standard in select_in_force(self.standards, on)
            if standard.is_for(unit_level, unit_kind)
        ]


@dataclass(frozen=True, slots=True)
class ReportedValue:
    """An accepted value, and its period."""

    value: Decimal
    period: str


ReportedValues = Mapping[tuple[str, str], ReportedValue]
"""The latest reported values by unit and indicator."""


@dataclass(frozen=True)
class StandardInputs:
    """The facts about one unit on a day."""

    unit: str
    communes: Collection[str]
    """Its rural communes."""
    levels: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Levels of recognition in force, by commune."""
    units_by_kind: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The units below it, by kind."""
    reported: ReportedValues = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """The result of one condition for a unit."""

    condition: StandardCondition
    having: int | None = None
    """The number of those counted that satisfy the condition; None where nothing is counted."""
    total: int | None = None
    """The number of those counted."""
    needed: int | None = None
    """The number that must satisfy it, rounded up."""
    lacking: tuple[str, ...] = ()
    """Those that do not satisfy it, while more are needed."""
    unstated: tuple[str, ...] = ()
    """Those without a value, while more are needed."""
    percent: Decimal | None = None
    periods: frozenset[str] = frozenset()
    """The periods of the reported values."""

    @property
    def met(self) -> bool | None:
        """Whether the condition is met; None while it is unknown."""
        if self.having is None or self.needed is None:
            return None if self.percent is None else self.percent >= self.condition.least_percent
        if self.having >= self.needed:
            return True
        return None if self.having + len(self.unstated) >= self.needed else False


def list_indicators(conditions: Iterable[StandardCondition]) -> frozenset[str]:
    """Return the codes of the indicators and criteria from which the conditions are evaluated."""
    codes = {code for condition in conditions for code in condition.criteria}
    return frozenset(codes | {condition.indicator for condition in conditions if condition.indicator})


def evaluate_conditions(
    conditions: Iterable[StandardCondition], standard: str, on: date, inputs: StandardInputs
) -> list[ConditionResult]:
    """Return the result of each condition of a standard that is in force on a day."""
    of_standard = (condition for condition in conditions if condition.standard == standard)
    return [_evaluate_condition(condition, inputs) for condition in select_in_force(of_standard, on)]


def is_standard_met(results: Collection[ConditionResult]) -> bool | None:
    """Whether a standard is met: False where a condition fails, None while one is unknown or there is none."""
    met = [result.met for result in results]
    if False in met:
        return False
    return None if None in met or not met else True


def _evaluate_condition(condition: StandardCondition, inputs: StandardInputs) -> ConditionResult:
    if condition.level is not None:
        recognized = {code: condition.level in inputs.levels.get(code, ()) for code in inputs.communes}
        return _count(condition, recognized, frozenset(), needed_of_none=1)
    if condition.criteria:
        return _count_reported(
            condition, {code: inputs.reported.get((inputs.unit, code)) for code in condition.criteria}
        )
    indicator = condition.indicator
    if indicator is None:
        return ConditionResult(condition)
    if condition.kinds:
        units = (code for kind in condition.kinds for code in inputs.units_by_kind.get(kind, ()))
        return _count_reported(condition, {code: inputs.reported.get((code, indicator)) for code in units})
    percent = inputs.reported.get((inputs.unit, indicator))
    if percent is None:
        return ConditionResult(condition, unstated=(inputs.unit,))
    return ConditionResult(condition, percent=percent.value, periods=frozenset({percent.period}))


def _count_reported(
    condition: StandardCondition, reported: Mapping[str, ReportedValue | None]
) -> ConditionResult:
    """Count the criteria or units that are reported as met; a missing value is None."""
    periods = frozenset(value.period for value in reported.values() if value is not None)
    met = {code: None if value is None else value.value == MET for code, value in reported.items()}
    return _count(condition, met, periods, needed_of_none=0)


def _count(
    condition: StandardCondition,
    satisfied: Mapping[str, bool | None],
    periods: frozenset[str],
    *,
    needed_of_none: int,
) -> ConditionResult:
    """Count those that satisfy a condition; `needed_of_none` is how many are needed where there are none to count."""
    share = condition.least_percent * len(satisfied) / HUNDRED
    needed = int(share.to_integral_value(ROUND_CEILING)) if satisfied else needed_of_none
    having = sum(1 for satisfies in satisfied.values() if satisfies)
    lacking = sorted(code for code, satisfies in satisfied.items() if satisfies is False)
    unstated = sorted(code for code, satisfies in satisfied.items() if satisfies is None)
    more_needed = having < needed
    return ConditionResult(
        condition,
        having=having,
        total=len(satisfied),
        needed=needed,
        lacking=tuple(lacking) if more_needed else (),
        unstated=tuple(unstated) if more_needed else (),
        percent=HUNDRED * having / len(satisfied) if satisfied else None,
        periods=periods,
    )


def with_criteria(standards: AreaStandards, sets: CriteriaSets) -> AreaStandards:
    """Return standards whose conditions have the criteria of the sets that they name."""
    conditions = (_with_criteria(condition, sets) for condition in standards.conditions)
    return replace(standards, conditions=tuple(conditions))


def _with_criteria(condition: StandardCondition, sets: CriteriaSets) -> StandardCondition:
    if condition.criteria_set is None or condition.criteria_set not in sets:
        return condition
    codes = (criterion.code for criterion in sets[condition.criteria_set].criteria)
    return replace(condition, criteria=tuple(code for code in codes if code))
