"""Which units may state an indicator. Pure.

Asked of every value, so what an indicator asks of units is said once, as a value that many indicators share, and each unit
is held to it once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shared.kit.problems import Fault, fault
from shared.reporting.catalogue import Catalogue, Indicator, Level
from shared.reporting.expected import expected_units
from shared.reporting.formulas import Count
from shared.reporting.reports.sentences import UNIT_BY_ITSELF, UNIT_KIND, UNIT_LEVEL
from shared.reporting.statements import Statement
from shared.territory.tree import Territory
from shared.territory.units import LEVEL_NAMES, Unit


class Bearing(NamedTuple):
    """What an indicator asks of the units that state it."""

    level: Level
    kinds: frozenset[str] | None
    by_itself: bool
    """Whether each unit states it for itself alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """How a unit bears an indicator: how many expected units its value covers, and what keeps it from stating it."""

    covers: int
    misfits: tuple[Fault, ...] = ()


UNKNOWN = Fit(1)
"""Of what is no unit of the day, or no indicator, nothing more is said."""


class _Fits(dict[str, Fit]):
    """How units bear what an indicator asks, each looked at when it is first asked for."""

    def __init__(
        self,
        indicator: Indicator,
        bearing: Bearing,
        units: Mapping[str, Unit],
        territory: Territory,
        on: date,
    ) -> None:
        super().__init__()
        self._indicator, self._bearing, self._units = indicator, bearing, units
        self._territory, self._on = territory, on

    def __missing__(self, code: str) -> Fit:
        unit, fit = self._units.get(code), UNKNOWN
        if unit is not None:
            expected = expected_units(self._territory, code, self._indicator, self._on)
            found = misfits(unit, self._bearing, self._territory, self._on)
            fit = Fit(max(1, len(expected)), tuple(found))
        self[code] = fit
        return fit


def fits(
    statement: Statement,
    units: Mapping[str, Unit],
    indicators: Mapping[str, Indicator],
    catalogue: Catalogue,
    territory: Territory,
    on: date,
) -> list[Fit]:
    """Tell of each value how its unit bears its indicator; the same for all indicators that ask the same."""
    by_bearing: dict[Bearing, _Fits] = {}
    by_indicator: dict[str, dict[str, Fit]] = dict.fromkeys(
        statement.indicators, dict.fromkeys(statement.units, UNKNOWN)
    )
    for code, indicator in indicators.items():
        bearing = bearing_of(indicator, catalogue)
        if bearing not in by_bearing:
            by_bearing[bearing] = _Fits(indicator, bearing, units, territory, on)
        by_indicator[code] = by_bearing[bearing]
    stated, codes, _ = statement.columns
    return [by_indicator[code][unit] for unit, code in zip(stated, codes, strict=True)]


def bearing_of(indicator: Indicator, catalogue: Catalogue) -> Bearing:
    """Give what an indicator asks of the units that state it."""
    made = catalogue.unit_by_unit.get(indicator.code)
    counted = made is not None and any(isinstance(figure.formula, Count) for figure in made)
    by_itself = not indicator.adds or counted
    return Bearing(indicator.level, indicator.kinds, by_itself)


def misfits(unit: Unit, bearing: Bearing, territory: Territory, on: date) -> Iterator[Fault]:
    """Name what keeps a unit from stating it."""
    in_district = territory.answering_unit(unit.code, on).level == "district"
    own: Level = "district" if bearing.level == "district" and in_district else "commune"
    level = LEVEL_NAMES[own]
    if unit.level == "village" or (unit.level == "commune" and own == "district"):
        yield fault("/unit", "unit_level_wrong", UNIT_LEVEL, unit=unit.code, level=level)
    elif bearing.by_itself and unit.level != own:
        yield fault("/unit", "unit_level_wrong", UNIT_BY_ITSELF, unit=unit.code, level=level)
    if bearing.kinds is not None and unit.level == "commune" and unit.kind not in bearing.kinds:
        kinds = ", ".join(sorted(bearing.kinds))
        yield fault("/unit", "unit_kind_wrong", UNIT_KIND, unit=unit.code, kind=unit.kind, kinds=kinds)
