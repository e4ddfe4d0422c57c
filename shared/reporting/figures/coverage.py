"""What a figure covers: how many of the units expected to speak have spoken, or stated that nothing happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.reporting.catalogue import Catalogue, Figure, FromRegister, Indicator, Level
from shared.reporting.expected import expected_units
from shared.reporting.figures.rules import Measure
from shared.territory.tree import Territory


@dataclass(frozen=True, slots=True)
class Coverage:
    """Counts of units; silence is what is left of `expected`."""

    reported: int
    nil: int
    expected: int

    @property
    def share(self) -> float:
        """How much of what was expected is there, from 0 to 1."""
        return min(1.0, (self.reported + self.nil) / (self.expected or 1))


@dataclass
class Expectations:
    """Which units are expected to state what, below one unit on one day; remembered for the length of a reading."""

    catalogue: Catalogue
    territory: Territory
    root: str
    on: date
    nil: Mapping[str, set[str]]
    """The units that stated "nothing happened", by form."""
    _known: dict[tuple[str, Level, frozenset[str] | None], frozenset[str]] = field(default_factory=dict)

    def of(self, root: str, indicator: Indicator) -> frozenset[str]:
        """Give the units at and below a root that are expected to state an indicator."""
        key = (root, indicator.level, indicator.kinds)
        if key not in self._known:
            units = expected_units(self.territory, root, indicator, self.on)
            self._known[key] = frozenset(unit.code for unit in units)
        return self._known[key]

    def coverage(self, figure: Figure, measures: Mapping[str, Measure]) -> Coverage | None:
        """Give the coverage of the least covered input; None for a register's count, which is complete by nature."""
        if isinstance(figure.formula, FromRegister):
            return None
        found = []
        for code in figure.inputs:
            indicator = self.catalogue.indicator(code, self.on)
            if indicator is not None:
                measure = measures.get(figure.code if figure.measures == (figure.code,) else code)
                found.append(self._one(indicator, measure))
        return min(found, key=lambda it: it.share, default=None)

    def _one(self, indicator: Indicator, measure: Measure | None) -> Coverage:
        expected = self.of(self.root, indicator)
        silent_by_word = {
            code for unit in self.nil.get(indicator.form, ()) for code in self.of(unit, indicator)
        }
        reported = min(int(measure.covers), len(expected)) if measure else 0
        nil = min(len(expected & silent_by_word), len(expected) - reported)
        return Coverage(reported, nil, len(expected))
