"""Whether a district or province meets its standard. Pure: its communes and what was stated in, an answer out.

A condition is counted over recognized communes, over what the district states of its own criteria or of its townships, or
is a percentage that it states. What nobody stated leaves it open, unless the rest decides it; one that nothing here can
answer stays open. A standard is met only when all of its conditions are.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Decimal

from services.rural.rules import MET
from shared.dated_facts.facts import DatedFact, select_in_force
from shared.kit.problems import Sentence

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class StandardCondition(DatedFact):
    """One condition of a standard while it is in force."""

    code: str
    unit_level: str
    label: Sentence
    least_percent: Decimal
    level: str | None = None
    """Counted: rural communes that are recognized at this level."""
    criteria_set: str | None = None
    criteria: tuple[str, ...] = ()
    """Counted: those of the unit's own criteria, all of the set, that it states as met."""
    indicator: str | None = None
    """Stated: a percentage of the unit itself or, with kinds, whether each unit of these kinds meets it."""
    kinds: frozenset[str] = frozenset()
    supplied_by: Sentence | None = None
    """What would answer a condition that nothing here can."""


class StandardConditions(tuple[StandardCondition, ...]):
    """The conditions of all periods."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Stated:
    """A value that stands, and for which period."""

    value: Decimal
    period: str


@dataclass(frozen=True)
class Facts:
    """What is known of one unit on a day."""

    unit: str
    communes: Collection[str]
    """Its rural communes."""
    held: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Levels of recognition in force, by commune."""
    by_kind: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The units below it by kind."""
    stated: Mapping[tuple[str, str], Stated] = field(default_factory=dict)
    """What was stated last, by unit and indicator."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How a unit stands against one condition."""

    condition: StandardCondition
    having: int | None = None
    """How many of those counted have what it asks for; None where nothing is counted."""
    of: int | None = None
    needed: int | None = None
    """How many it asks for, rounded up."""
    lacking: tuple[str, ...] = ()
    """Those known to be without it, as long as more are needed."""
    unstated: tuple[str, ...] = ()
    """Those of which nobody stated it, as long as more are needed."""
    percent: Decimal | None = None
    periods: frozenset[str] = frozenset()
    """The periods of the assessments that it was read from."""

    @property
    def met(self) -> bool | None:
        """Whether it is met; None where that is not known."""
        if self.having is None or self.needed is None:
            return None if self.percent is None else self.percent >= self.condition.least_percent
        if self.having >= self.needed:
            return True
        return None if self.having + len(self.unstated) >= self.needed else False


def stated_indicators(conditions: Iterable[StandardCondition]) -> frozenset[str]:
    """Give the indicators that the conditions are read from."""
    found = {code for it in conditions for code in it.criteria}
    return frozenset(found | {it.indicator for it in conditions if it.indicator})


def judge(conditions: Iterable[StandardCondition], unit_level: str, on: date, facts: Facts) -> list[Judged]:
    """Judge a unit by the conditions in force."""
    wanted = select_in_force((it for it in conditions if it.unit_level == unit_level), on)
    return [_judge(condition, facts) for condition in wanted]


def standard_met(judged: Collection[Judged]) -> bool | None:
    """Tell whether a standard is met: no when a condition fails, unknown while one is unknown."""
    answers = [it.met for it in judged]
    if False in answers:
        return False
    return None if None in answers or not answers else True


def _judge(condition: StandardCondition, facts: Facts) -> Judged:
    if condition.level is not None:
        communes = {code: condition.level in facts.held.get(code, ()) for code in facts.communes}
        return _counted(condition, communes, frozenset(), of_nobody=1)
    if condition.criteria:
        return _stated(condition, {code: facts.stated.get((facts.unit, code)) for code in condition.criteria})
    if condition.indicator is None:
        return Judged(condition)
    if condition.kinds:
        below = (code for kind in condition.kinds for code in facts.by_kind.get(kind, ()))
        return _stated(condition, {code: facts.stated.get((code, condition.indicator)) for code in below})
    own = facts.stated.get((facts.unit, condition.indicator))
    if own is None:
        return Judged(condition, unstated=(facts.unit,))
    return Judged(condition, percent=own.value, periods=frozenset({own.period}))


def _stated(condition: StandardCondition, found: Mapping[str, Stated | None]) -> Judged:
    periods = frozenset(it.period for it in found.values() if it is not None)
    having = {code: None if it is None else it.value == MET for code, it in found.items()}
    return _counted(condition, having, periods, of_nobody=0)


def _counted(
    condition: StandardCondition,
    having: Mapping[str, bool | None],
    periods: frozenset[str],
    *,
    of_nobody: int,
) -> Judged:
    """Count who has it; `of_nobody` is how many are asked for where there is nobody to count."""
    share = condition.least_percent * len(having) / HUNDRED
    needed = int(share.to_integral_value(ROUND_CEILING)) if having else of_nobody
    count = sum(1 for it in having.values() if it)
    short = count < needed
    return Judged(
        condition,
        having=count,
        of=len(having),
        needed=needed,
        lacking=tuple(sorted(code for code, it in having.items() if it is False)) if short else (),
        unstated=tuple(sorted(code for code, it in having.items() if it is None)) if short else (),
        percent=HUNDRED * count / len(having) if having else None,
        periods=periods,
    )
