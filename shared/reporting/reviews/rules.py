"""Who passes a step of a form's review chain, and who accepts after it. Pure; the day is passed in.

A step may belong to a level of the tree: what a commune certifies is passed by a client that was granted the commune, and by
nobody above it. The report of a unit above that level, such as a district that states for its communes, is passed at its own.
Whoever accepts was granted a unit above all that passed it, so that nobody accepts what the same office certified.
"""

from collections.abc import Collection, Iterable
from datetime import date

from shared.reporting.catalogue.definitions import Form, ReviewStep
from shared.territory.tree import Territory
from shared.territory.units import LEVELS_DOWN, Level


def levels_granted(territory: Territory, unit: str, grants: Collection[str], on: date) -> frozenset[Level]:
    """Give the levels of those granted units that are, or hold, a unit on a day."""
    line = (territory.unit(unit, on), *territory.ancestors(unit, on))
    return frozenset(each.level for each in line if each.code in grants)


def passed_at(step: ReviewStep, reporting: Level) -> Level | None:
    """Give the level at which a step of a report is passed: the step's, or the reporting unit's where that is above it."""
    return None if step.level is None else _highest((step.level, reporting))


def accepted_above(form: Form, reporting: Level) -> Level | None:
    """Give the level above which a report on a form is accepted; None where none of its steps belongs to a level."""
    levels = [level for step in form.steps if (level := passed_at(step, reporting)) is not None]
    return _highest(levels) if levels else None


def may_accept(granted: Collection[Level], certified: Level) -> bool:
    """Tell whether one of the levels granted is above the one that certified; above the highest there is none to ask."""
    rank = LEVELS_DOWN.index(certified)
    return rank == 0 or any(LEVELS_DOWN.index(level) < rank for level in granted)


def _highest(levels: Iterable[Level]) -> Level:
    return min(levels, key=LEVELS_DOWN.index)
