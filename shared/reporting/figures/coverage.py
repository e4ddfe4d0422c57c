"""What a figure covers: how many of the units expected to speak have spoken, or stated that nothing happened.

Coverage of a flow is counted in months: eleven of twelve are no whole year, and a month of which a unit stated that nothing
happened is as good as one with a value. A stock is covered by its last statement.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property

from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure, Indicator, ReportingLevel
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.catalogue.formulas import FromRegister
from shared.reporting.effective_values import EffectiveValue
from shared.reporting.figures.map_projection import MapProjection
from shared.reporting.figures.store import PeriodStatement
from shared.reporting.measures import Measure
from shared.territory.tree import Territory

NONE = Fraction(0)
Months = set[int]
Who = tuple[ReportingLevel, frozenset[str] | None]
"""Of which units an indicator is expected: their level and kinds."""
Spoken = Mapping[tuple[date, str], Months]
"""The months for which something was stated, by a day of the map and commune."""


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
class ExpectedUnits:
    """Which units are expected to state what in a place, and which have; remembered for the length of a reading."""

    catalogue: Catalogue
    territory: Territory
    place: MapProjection
    stated: Sequence[EffectiveValue] | None
    """The values that were read one by one; None: all ended on the map that is read, and roll-ups say how many there are."""
    words: Sequence[PeriodStatement]
    """All that was said by those who stated that nothing happened."""
    _known: dict[tuple[str, Who], frozenset[str]] = field(default_factory=dict)
    _lying: dict[tuple[date, Who], dict[str, frozenset[str]]] = field(default_factory=dict)

    def of_inputs(self, figure: Figure, measures: Mapping[str, Measure]) -> dict[str, Coverage]:
        """Give the coverage of each input; nothing for a register's count."""
        if isinstance(figure.formula, FromRegister):
            return {}
        found = {}
        for code in figure.inputs:
            indicator = self.catalogue.find_indicator(code, self.place.period.ends_on)
            if indicator is None:
                continue
            if self.place.elsewhere and self.stated is not None:
                found[code] = self._unit_by_unit(indicator)
            else:
                measure = measures.get(figure.code if figure.measure_codes == (figure.code,) else code)
                found[code] = self._by_count(indicator, measure)
        return found

    def _of(self, root: str, indicator: Indicator) -> frozenset[str]:
        """Give the units at and below a root that are expected to state an indicator."""
        key = root, (indicator.level, indicator.kinds)
        if key not in self._known:
            units = find_expected_units(self.territory, root, indicator, self.place.map_on)
            self._known[key] = frozenset(unit.code for unit in units)
        return self._known[key]

    def _by_count(self, indicator: Indicator, measure: Measure | None) -> Coverage:
        """Count by what the measure says it covers, on the map of the period itself."""
        expected = self._of(self.place.unit.code, indicator)
        alone: dict[str, Months] = defaultdict(set)
        beside: dict[str, Months] = defaultdict(set)
        for unit, months in self._nil_here.get(indicator.form, {}).items():
            silent = beside if (indicator.form, unit) in self._spoke else alone
            for code in expected & self._of(unit, indicator):
                silent[code] |= months
        covers = measure.covers if measure else NONE
        if indicator.flow:
            covers += self._years(beside)
        nil = self._years(alone)
        reported = min(int(covers), len(expected))
        return Coverage(reported, min(int(nil), len(expected) - reported), len(expected))

    def _unit_by_unit(self, indicator: Indicator) -> Coverage:
        """Count unit by unit: one is covered by a map's units when every one of which land lies in it has spoken."""
        expected = self._of(self.place.unit.code, indicator)
        spoken, silent = self._said(indicator)
        reported = nil = NONE
        for unit in expected:
            months, by_value = self._months_of(unit, indicator, spoken, silent)
            share = Fraction(len(months), self._length)
            reported, nil = (reported + share, nil) if by_value else (reported, nil + share)
        return Coverage(int(reported), int(nil), len(expected))

    def _months_of(
        self, unit: str, indicator: Indicator, spoken: Spoken, silent: Spoken
    ) -> tuple[Months, bool]:
        """Give the months that are covered of a unit, and whether a value is among what covers them."""
        covered: Months = set()
        by_value = False
        for era in self.place.eras:
            parts = self._parts_of(unit, era.on, (indicator.level, indicator.kinds))
            each = [spoken[era.on, one] | silent[era.on, one] for one in parts]
            months = set.intersection(*each) if each else set()
            if months and any(spoken[era.on, one] for one in parts):
                by_value = True
                months = months if indicator.flow else set(self._all_months)
            covered |= months
        return covered, by_value

    def _said(self, indicator: Indicator) -> tuple[Spoken, Spoken]:
        """Give the months of values and those of nil; what a district states speaks for all its communes."""
        spoken: dict[tuple[date, str], Months] = defaultdict(set)
        silent: dict[tuple[date, str], Months] = defaultdict(set)
        on = {part: era.on for era in self.place.eras for part in era.parts}
        named = {str(part): part for part in on}
        for one in self.stated or ():
            if one.indicator == indicator.code:
                part = named[one.period]
                months = _months(part) if indicator.flow else self._all_months
                for commune in self.territory.communes(one.origin, on[part], indicator.kinds):
                    spoken[on[part], commune.code].update(months)
        for word in self.words:
            if word.nil and word.form == indicator.form and self.territory.find(word.unit, on[word.period]):
                for commune in self.territory.communes(word.unit, on[word.period], indicator.kinds):
                    silent[on[word.period], commune.code].update(_months(word.period))
        return spoken, silent

    def _parts_of(self, unit: str, on: date, who: Who) -> frozenset[str]:
        """Give the communes of a day, of the kinds asked for, of which land lies in an expected unit."""
        found = self._lying.setdefault((on, who), {})
        if unit not in found:
            communes = self.territory.communes_sharing_land(unit, self.place.map_on, on)
            _, kinds = who
            found[unit] = frozenset(
                one for one in communes if kinds is None or self.territory.unit(one, on).kind in kinds
            )
        return found[unit]

    def _years(self, silent: Mapping[str, Months]) -> Fraction:
        """Add up months as units of the period's length."""
        return Fraction(sum(map(len, silent.values())), self._length)

    @property
    def _length(self) -> int:
        return self.place.period.kind.months

    @cached_property
    def _all_months(self) -> range:
        return _months(self.place.period)

    @cached_property
    def _nil_here(self) -> Mapping[str, Mapping[str, Months]]:
        """The months of which each unit of the map that is read stated that nothing happened, by form and unit."""
        found: dict[str, dict[str, Months]] = defaultdict(lambda: defaultdict(set))
        for word in self._words_here():
            if word.nil:
                found[word.form][word.unit].update(_months(word.period))
        return found

    @cached_property
    def _spoke(self) -> frozenset[tuple[str, str]]:
        """Who stated values on a form as well, for other parts of the period."""
        return frozenset((word.form, word.unit) for word in self._words_here() if not word.nil)

    def _words_here(self) -> Iterator[PeriodStatement]:
        return (
            word
            for word in self.words
            if word.period in self.place.here.parts and self.territory.find(word.unit, self.place.map_on)
        )


def _months(period: Period) -> range:
    return range(period.first_month, period.first_month + period.kind.months)


def least(of_inputs: Mapping[str, Coverage]) -> Coverage | None:
    """Give the coverage of the least covered input; None for a register's count, which is complete by nature."""
    return min(of_inputs.values(), key=lambda it: it.share, default=None)


def differing(of_inputs: Mapping[str, Coverage]) -> Mapping[str, Coverage]:
    """Give the coverage of each input where they are not all alike; nothing where they are."""
    return of_inputs if len({*of_inputs.values()}) > 1 else {}
