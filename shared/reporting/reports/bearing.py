"""Which units may state an indicator. Pure.

Asked of every value, so what an indicator asks of units is said once, as a value that many indicators share.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from shared.kit.problems import Fault, fault
from shared.reporting.catalogue import Catalogue, Indicator, Level
from shared.reporting.formulas import Count
from shared.reporting.reports.sentences import UNIT_BY_ITSELF, UNIT_KIND, UNIT_LEVEL
from shared.territory.tree import Territory
from shared.territory.units import LEVEL_NAMES, Unit


class Bearing(NamedTuple):
    """What an indicator asks of the units that state it."""

    level: Level
    kinds: frozenset[str] | None
    by_itself: bool
    """Whether each unit states it for itself alone."""


def bearing_of(indicator: Indicator, catalogue: Catalogue) -> Bearing:
    """Give what an indicator asks of the units that state it."""
    made = catalogue.unit_by_unit.get(indicator.code)
    counted = made is not None and any(isinstance(figure.formula, Count) for figure in made)
    by_itself = not indicator.adds or counted
    return Bearing(indicator.level, indicator.kinds, by_itself)


def misfits(unit: Unit, bearing: Bearing, territory: Territory, on: date, at: str) -> Iterator[Fault]:
    """Name what keeps a unit from stating it; `at` is the pointer of the value."""
    in_district = territory.answering_unit(unit.code, on).level == "district"
    own: Level = "district" if bearing.level == "district" and in_district else "commune"
    level = LEVEL_NAMES[own]
    if unit.level == "village" or (unit.level == "commune" and own == "district"):
        yield fault(f"{at}/unit", "unit_level_wrong", UNIT_LEVEL, unit=unit.code, level=level)
    elif bearing.by_itself and unit.level != own:
        yield fault(f"{at}/unit", "unit_level_wrong", UNIT_BY_ITSELF, unit=unit.code, level=level)
    if bearing.kinds is not None and unit.level == "commune" and unit.kind not in bearing.kinds:
        kinds = ", ".join(sorted(bearing.kinds))
        yield fault(f"{at}/unit", "unit_kind_wrong", UNIT_KIND, unit=unit.code, kind=unit.kind, kinds=kinds)
