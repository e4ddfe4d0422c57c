"""The coverage of figures: how many of the expected units stated values, or stated that nothing happened. Pure.

Coverage of a flow is counted in months: eleven of twelve are not a whole year, and a month for which a unit stated that
nothing happened counts like one with a value. A stock is covered by its last value.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure, Indicator, ReportingLevel
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.catalogue.formulas import FromRegister, TotalOrParts
from shared.reporting.figures.map_projection import MapProjection
from shared.reporting.observations.measures import Measure
from shared.reporting.observations.values import EffectiveValue
from shared.territory.tree import Territory

Months = set[int]
"""Months since year 0."""
StatingUnits = tuple[ReportingLevel, frozenset[str] | None]
"""The level and the kinds of the units that state an indicator."""
CommuneMonths = Mapping[tuple[date, str], Months]
"""Months by a day of a map and commune."""


class NilReport(NamedTuple):
    """A nil report for a period or a part of it; also, with `nil` false, what its unit stated on that form for another part."""

    form: str
    unit: str
    period: Period
    nil: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """Counts of units; the rest of `expected` stated nothing."""

    reported: int
    nil: int
    expected: int

    @property
    def share(self) -> float:
        """The covered share of the expected units, from 0 to 1."""
        return min(1.0, (self.reported + self.nil) / (self.expected or 1))


@dataclass
class CoverageCalculator:
    """The coverage of the figures of one reading; expected units are found once."""

    catalogue: Catalogue
    territory: Territory
    projection: MapProjection
    values: Sequence[EffectiveValue] | None
    """The values that were read one by one; None where roll-ups were read, which say how many units they cover."""
    nil_reports: Sequence[NilReport]
    """All reports of the units that stated nil."""
    _expected: dict[tuple[str, StatingUnits], frozenset[str]] = field(default_factory=dict)
    _counted: dict[tuple[str, str], tuple[Measure | None, Coverage]] = field(default_factory=dict)
    _communes: dict[tuple[date, StatingUnits], dict[str, frozenset[str]]] = field(default_factory=dict)

    def compute_by_input(self, figure: Figure, measures: Mapping[str, Measure]) -> dict[str, Coverage]:
        """Return the coverage of each input; nothing for a count from a register."""
        if isinstance(figure.formula, FromRegister):
            return {}
        by_input = {}
        of_total = isinstance(figure.formula, TotalOrParts)
        for code in figure.inputs[:1] if of_total else figure.inputs:
            indicator = self.catalogue.find_indicator(code, self.projection.period.ends_on)
            if indicator is None:
                continue
            if self.projection.others and self.values is not None:
                by_input[code] = self._count_unit_by_unit(indicator, figure.inputs if of_total else (code,))
            else:
                measured = figure.measure_code if figure.is_made_unit_by_unit else code
                by_input[code] = self._count_once(indicator, measured, measures.get(measured))
        return by_input

    def _find_expected(self, root: str, indicator: Indicator) -> frozenset[str]:
        key = root, (indicator.level, indicator.kinds)
        if key not in self._expected:
            units = find_expected_units(self.territory, root, indicator, self.projection.map_on)
            self._expected[key] = frozenset(unit.code for unit in units)
        return self._expected[key]

    def _count_once(self, indicator: Indicator, code: str, measure: Measure | None) -> Coverage:
        """Return the coverage of an indicator by a measure, which is counted once for all figures that have the input."""
        key = indicator.code, code
        counted = self._counted.get(key)
        if counted is None or counted[0] is not measure:
            counted = self._counted[key] = measure, self._count_from_measure(indicator, measure)
        return counted[1]

    def _count_from_measure(self, indicator: Indicator, measure: Measure | None) -> Coverage:
        """Count the units that the measure covers, on the map of the period itself, and add those with nil."""
        expected = self._find_expected(self.projection.unit.code, indicator)
        nil_only: dict[str, Months] = defaultdict(set)
        nil_beside_values: dict[str, Months] = defaultdict(set)
        for unit, months in self._nil_months.get(indicator.form, {}).items():
            has_values = (indicator.form, unit) in self._units_with_values
            nil_months = nil_beside_values if has_values else nil_only
            for code in expected & self._find_expected(unit, indicator):
                nil_months[code] |= months
        covers = measure.covers - measure.nil_covers if measure else Fraction(0)
        if indicator.flow:
            covers += self._to_periods(nil_beside_values)
        nil = self._to_periods(nil_only) + (measure.nil_covers if measure else 0)
        reported = min(int(covers), len(expected))
        return Coverage(reported, min(int(nil), len(expected) - reported), len(expected))

    def _count_unit_by_unit(self, indicator: Indicator, codes: Collection[str]) -> Coverage:
        """Count each expected unit by the months for which every commune with land in it stated values or nil.

        `codes` are the series of which one covers the indicator.
        """
        expected = self._find_expected(self.projection.unit.code, indicator)
        value_months, nil_months = self._find_stated_months(indicator, codes)
        reported = nil = Fraction(0)
        for unit in expected:
            months, has_values = self._find_covered_months(unit, indicator, value_months, nil_months)
            share = Fraction(len(months), self._length)
            reported, nil = (reported + share, nil) if has_values else (reported, nil + share)
        return Coverage(int(reported), int(nil), len(expected))

    def _find_covered_months(
        self, unit: str, indicator: Indicator, value_months: CommuneMonths, nil_months: CommuneMonths
    ) -> tuple[Months, bool]:
        """Return the covered months of a unit, and whether a value is among what covers them."""
        covered: Months = set()
        has_values = False
        for source in self.projection.source_maps:
            communes = self._find_communes(unit, source.on, (indicator.level, indicator.kinds))
            stated = [value_months[source.on, code] | nil_months[source.on, code] for code in communes]
            months = set.intersection(*stated) if stated else set()
            if months and any(value_months[source.on, code] for code in communes):
                has_values = True
                months = months if indicator.flow else set(self._all_months)
            covered |= months
        return covered, has_values

    def _find_stated_months(
        self, indicator: Indicator, codes: Collection[str]
    ) -> tuple[CommuneMonths, CommuneMonths]:
        """Return the months of values and those of nil; a district's value or nil counts for all its communes."""
        value_months: dict[tuple[date, str], Months] = defaultdict(set)
        nil_months: dict[tuple[date, str], Months] = defaultdict(set)
        on = {part: source.on for source in self.projection.source_maps for part in source.parts}
        by_text = {str(part): part for part in on}
        for value in self.values or ():
            if value.indicator in codes:
                part = by_text[value.period]
                months = _months(part) if indicator.flow else self._all_months
                stated = nil_months if value.nil else value_months
                for commune in self.territory.communes(value.origin, on[part], indicator.kinds):
                    stated[on[part], commune.code].update(months)
        for nil_report in self.nil_reports:
            if not nil_report.nil or nil_report.form != indicator.form:
                continue
            day = on[nil_report.period]
            if self.territory.find(nil_report.unit, day):
                for commune in self.territory.communes(nil_report.unit, day, indicator.kinds):
                    nil_months[day, commune.code].update(_months(nil_report.period))
        return value_months, nil_months

    def _find_communes(self, unit: str, on: date, stating: StatingUnits) -> frozenset[str]:
        """Return the communes of a day, of the kinds that state the indicator, with land in an expected unit."""
        by_unit = self._communes.setdefault((on, stating), {})
        if unit not in by_unit:
            communes = self.territory.communes_sharing_land(unit, self.projection.map_on, on)
            _, kinds = stating
            by_unit[unit] = frozenset(
                code for code in communes if kinds is None or self.territory.unit(code, on).kind in kinds
            )
        return by_unit[unit]

    def _to_periods(self, months: Mapping[str, Months]) -> Fraction:
        """Return the months of several units as a number of whole periods."""
        return Fraction(sum(map(len, months.values())), self._length)

    @property
    def _length(self) -> int:
        return self.projection.period.kind.months

    @cached_property
    def _all_months(self) -> range:
        return _months(self.projection.period)

    @cached_property
    def _nil_months(self) -> Mapping[str, Mapping[str, Months]]:
        """The months of nil of each unit of the map that is read, by form and unit."""
        by_form: dict[str, dict[str, Months]] = defaultdict(lambda: defaultdict(set))
        for nil_report in self._select_on_read_map():
            if nil_report.nil:
                by_form[nil_report.form][nil_report.unit].update(_months(nil_report.period))
        return by_form

    @cached_property
    def _units_with_values(self) -> frozenset[tuple[str, str]]:
        """Forms and units with nil that stated values as well, for other parts of the period."""
        return frozenset(
            (nil_report.form, nil_report.unit)
            for nil_report in self._select_on_read_map()
            if not nil_report.nil
        )

    def _select_on_read_map(self) -> Iterator[NilReport]:
        return (
            nil_report
            for nil_report in self.nil_reports
            if nil_report.period in self.projection.read_map.parts
            and self.territory.find(nil_report.unit, self.projection.map_on)
        )


def _months(period: Period) -> range:
    return range(period.first_month, period.first_month + period.kind.months)


def find_nil_inputs(by_input: Mapping[str, Coverage]) -> frozenset[str]:
    """Return the inputs of which only nil was stated."""
    return frozenset(code for code, coverage in by_input.items() if coverage.nil and not coverage.reported)


def find_least_covered(by_input: Mapping[str, Coverage]) -> Coverage | None:
    """Return the coverage of the least covered input; None for a count from a register, which is always complete."""
    return min(by_input.values(), key=lambda coverage: coverage.share, default=None)


def select_unequal(by_input: Mapping[str, Coverage]) -> Mapping[str, Coverage]:
    """Return the coverage of each input where they differ, nothing where all are equal."""
    return by_input if len({*by_input.values()}) > 1 else {}
