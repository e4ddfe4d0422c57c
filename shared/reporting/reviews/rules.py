"""The rules of a form's review chain: who passes a step, and who accepts after it. Pure; the day is passed in.

A step may belong to a level of the tree: what a commune certifies is passed by a client that was granted the commune, and by
nobody above it. The report of a unit above that level, such as a district that states for its communes, is passed at the
level of the unit. Whoever accepts was granted a unit above all levels that passed the report, so that no office accepts
what it certified itself.
"""

from collections.abc import Collection, Iterable
from datetime import date

from shared.reporting.catalogue.definitions import Form, ReviewStep
from shared.territory.rights import select_granted
from shared.territory.tree import Territory
from shared.territory.units import LEVELS_DOWN, Level


def find_granted_levels(
    territory: Territory, unit: str, grants: Collection[str], on: date
) -> frozenset[Level]:
    """Return the levels of the granted units that are or contain a unit on a day."""
    granted = select_granted(territory, territory.line(unit, on), on, grants)
    return frozenset(territory.unit(code, on).level for code in granted)


def find_passing_level(step: ReviewStep, reporting: Level) -> Level | None:
    """Return the level that passes a step: that of the step, or that of the reporting unit if it is above; None: any."""
    return None if step.level is None else _highest((step.level, reporting))


def find_certifying_level(form: Form, reporting: Level) -> Level | None:
    """Return the highest level that passes a step of a form, above which its reports are accepted; None if none does."""
    levels = [level for step in form.steps if (level := find_passing_level(step, reporting)) is not None]
    return _highest(levels) if levels else None


def may_accept(granted: Collection[Level], certifying: Level) -> bool:
    """Whether one of the granted levels is above the certifying one; if that is the highest level, anybody may."""
    rank = LEVELS_DOWN.index(certifying)
    return rank == 0 or any(LEVELS_DOWN.index(level) < rank for level in granted)


def _highest(levels: Iterable[Level]) -> Level:
    return min(levels, key=LEVELS_DOWN.index)
