"""Which units may state an indicator. Pure.

Asked of every value, so each unit is held once to what many indicators ask alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from shared.kit.problems import Fault, make_fault
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Indicator, ReportingLevel
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.catalogue.formulas import CountUnits
from shared.reporting.report_content import ReportContent
from shared.reporting.reports.checking.sentences import UNIT_BY_ITSELF, UNIT_KIND, UNIT_LEVEL
from shared.territory.tree import Territory
from shared.territory.units import LEVEL_NAMES, Unit


@dataclass(frozen=True, slots=True, eq=False)
class Eligibility:
    """How a unit bears an indicator: how many expected units its value covers, and what keeps it from stating it."""

    covers: int
    misfits: tuple[Fault, ...] = ()


UNKNOWN = Eligibility(1)
"""Of what is no unit of the day, or no indicator, nothing more is said."""


Asked = tuple[ReportingLevel, frozenset[str] | None, bool]
"""What an indicator asks of units: their level, their kinds, and whether each states it for itself alone."""


class _Fits(dict[str, Eligibility]):
    """How units bear what an indicator asks, each looked at when it is first asked for."""

    def __init__(
        self, indicator: Indicator, asked: Asked, units: Mapping[str, Unit], territory: Territory, on: date
    ) -> None:
        super().__init__()
        self._indicator, self._asked, self._units = indicator, asked, units
        self._territory, self._on = territory, on

    def __missing__(self, code: str) -> Eligibility:
        unit, fit = self._units.get(code), UNKNOWN
        if unit is not None:
            expected = find_expected_units(self._territory, code, self._indicator, self._on)
            found = _misfits(unit, self._asked, self._territory, self._on)
            fit = Eligibility(max(1, len(expected)), tuple(found))
        self[code] = fit
        return fit


def check_eligibility(
    statement: ReportContent,
    units: Mapping[str, Unit],
    indicators: Mapping[str, Indicator],
    catalogue: Catalogue,
    territory: Territory,
    on: date,
) -> list[Eligibility]:
    """Tell of each value how its unit bears its indicator."""
    by_asked: dict[Asked, _Fits] = {}
    by_indicator: dict[str, dict[str, Eligibility]] = dict.fromkeys(
        statement.indicators, dict.fromkeys(statement.units, UNKNOWN)
    )
    for code, indicator in indicators.items():
        asked = indicator.level, indicator.kinds, _by_itself(indicator, catalogue)
        if asked not in by_asked:
            by_asked[asked] = _Fits(indicator, asked, units, territory, on)
        by_indicator[code] = by_asked[asked]
    stated, codes, _ = statement.columns
    return [by_indicator[code][unit] for unit, code in zip(stated, codes, strict=True)]


def _by_itself(indicator: Indicator, catalogue: Catalogue) -> bool:
    made = catalogue.made_unit_by_unit.get(indicator.code)
    counted = made is not None and any(isinstance(figure.formula, CountUnits) for figure in made)
    return not indicator.adds or counted


def _misfits(unit: Unit, asked: Asked, territory: Territory, on: date) -> Iterator[Fault]:
    """Name what keeps a unit from stating it."""
    level_asked, kinds_asked, by_itself = asked
    in_district = territory.answering_unit(unit.code, on).level == "district"
    own: ReportingLevel = "district" if level_asked == "district" and in_district else "commune"
    level = LEVEL_NAMES[own]
    if unit.level == "village" or (unit.level == "commune" and own == "district"):
        yield make_fault("/unit", "unit_level_wrong", UNIT_LEVEL, unit=unit.code, level=level)
    elif by_itself and unit.level != own:
        yield make_fault("/unit", "unit_level_wrong", UNIT_BY_ITSELF, unit=unit.code, level=level)
    if kinds_asked is not None and unit.level == "commune" and unit.kind not in kinds_asked:
        kinds = ", ".join(sorted(kinds_asked))
        yield make_fault("/unit", "unit_kind_wrong", UNIT_KIND, unit=unit.code, kind=unit.kind, kinds=kinds)
