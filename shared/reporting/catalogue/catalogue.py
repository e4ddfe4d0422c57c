"""A program's catalogue: what it holds on a day, which units are expected to state an indicator, its consistency. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from shared.dated_facts.facts import select_in_force
from shared.kit.problems import NotFound, Sentence
from shared.periods import PeriodKind
from shared.reporting.catalogue.definitions import MAX_DECIMALS, Figure, Form, Indicator
from shared.reporting.catalogue.derivations import Check, DerivationRule
from shared.reporting.catalogue.formulas import CountUnits
from shared.territory.tree import Territory
from shared.territory.units import Unit

MAX_DAYS_KEPT = 500
"""Each is some kilobytes; a request for figures of a year needs about twenty days."""


class IndicatorNotFound(NotFound):
    """The catalogue has no such code."""

    code = "indicator_not_found"
    detail = Sentence(
        "Danh mục không có chỉ tiêu {indicator}.", "The catalogue has no indicator {indicator}."
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """The forms and indicators that are in force on a day."""

    forms: tuple[Form, ...]
    indicators: Mapping[str, Indicator]
    flows: frozenset[str]


@dataclass(frozen=True)
class Catalogue:
    """The forms, indicators, figures, checks and derivations of one program."""

    program: str
    forms: Mapping[str, Form]
    indicators: Mapping[str, tuple[Indicator, ...]]
    """Versions of each code, the oldest first."""
    figures: Mapping[str, Figure]
    checks: tuple[Check, ...] = ()
    derivation_rules: tuple[DerivationRule, ...] = ()
    made_unit_by_unit: Mapping[str, tuple[Figure, ...]] = field(init=False)
    """The figures that are made unit by unit, by each of their inputs."""
    non_additive: frozenset[str] = field(init=False)
    """The indicators whose values do not add up over units."""
    _days: dict[date, _Day] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        by_input: dict[str, tuple[Figure, ...]] = {}
        for figure in self.figures.values():
            for code in figure.inputs if figure.is_made_unit_by_unit else ():
                by_input[code] = (*by_input.get(code, ()), figure)
        object.__setattr__(self, "made_unit_by_unit", by_input)
        non_additive = (
            code
            for code, versions in self.indicators.items()
            if not all(version.adds for version in versions)
        )
        object.__setattr__(self, "non_additive", frozenset(non_additive))
        if faults := [*_find_figure_faults(self), *_find_indicator_faults(self), *_find_table_faults(self)]:
            raise ValueError("; ".join(faults))

    def get_figure(self, code: str) -> Figure:
        """Return the figure of a code; raise `IndicatorNotFound` where there is none."""
        figure = self.figures.get(code)
        if figure is None:
            raise IndicatorNotFound(indicator=code[:100])
        return figure

    def find_indicator(self, code: str, on: date) -> Indicator | None:
        """Return the version of an indicator that is valid on a day."""
        return self._read_day(on).indicators.get(code)

    def find_flows(self, on: date) -> frozenset[str]:
        """Return the codes of the indicators that add up over time, as they are on a day."""
        return self._read_day(on).flows

    def find_forms(self, kind: PeriodKind, on: date) -> list[Form]:
        """Return the forms that a period of this kind can be reported on."""
        return [form for form in self._read_day(on).forms if kind in form.periods]

    def find_indicators(self, form: str, on: date) -> list[Indicator]:
        """Return the indicators of a form that are valid on a day."""
        return [indicator for indicator in self._read_day(on).indicators.values() if indicator.form == form]

    def _read_day(self, on: date) -> _Day:
        """Return what is in force on a day, which is found once for each day."""
        day = self._days.get(on)
        if day is None:
            versions = (version for versions in self.indicators.values() for version in versions)
            indicators = {version.code: version for version in select_in_force(versions, on)}
            flows = frozenset(code for code, indicator in indicators.items() if indicator.flow)
            day = _Day(tuple(select_in_force(self.forms.values(), on)), indicators, flows)
            if len(self._days) >= MAX_DAYS_KEPT:
                self._days.clear()
            self._days[on] = day
        return day

    def find_forms_stating(self, codes: Iterable[str]) -> frozenset[str]:
        """Return the forms that these indicators are on, or were on some other day."""
        return frozenset(version.form for code in codes for version in self.indicators[code])

    def find_figures(self, on: date, *, headline: bool) -> list[Figure]:
        """Return the figures that are answered for a day, or only those of the province-wide status."""
        valid = select_in_force(self.figures.values(), on)
        return [figure for figure in valid if figure.headline or not headline]


def find_expected_units(territory: Territory, root: str, indicator: Indicator, on: date) -> tuple[Unit, ...]:
    """Return the units at and below a root that are expected to state an indicator on a day.

    A district's indicator is expected of each district, and of each commune where there is no district (since
    1 July 2025); a commune within a district is not expected to state it.
    """
    if indicator.level == "district":
        top = territory.unit(root, on)
        districts = (
            (top,)
            if top.level == "district"
            else tuple(unit for unit in territory.children(root, on) if unit.level == "district")
        )
        if districts or territory.answering_unit(root, on).level == "district":
            return districts
    return territory.communes(root, on, indicator.kinds)


def _find_figure_faults(catalogue: Catalogue) -> Iterator[str]:
    for figure in catalogue.figures.values():
        unknown = [code for code in figure.inputs if code not in catalogue.indicators]
        if unknown:
            yield f"figure {figure.code} is made from unknown indicators: {unknown}"
        if figure.is_made_unit_by_unit and figure.code in catalogue.indicators:
            yield f"figure {figure.code} is made unit by unit and has the code of an indicator"
        non_additive = [code for code in figure.inputs if code in catalogue.non_additive]
        if non_additive and not isinstance(figure.formula, CountUnits):
            yield f"figure {figure.code} adds up indicators that do not add: {non_additive}"


def _find_indicator_faults(catalogue: Catalogue) -> Iterator[str]:
    for versions in catalogue.indicators.values():
        for version in versions:
            if version.form not in catalogue.forms:
                yield f"indicator {version.code} is on an unknown form: {version.form}"
            if version.minimum > version.maximum or not 0 <= version.decimals <= MAX_DECIMALS:
                yield (
                    f"indicator {version.code} has its minimum above its maximum, or too many decimal places"
                )
        for earlier, later in pairwise(versions):
            if earlier.is_in_force(later.valid_from):
                yield f"indicator {earlier.code} has two versions on {later.valid_from}"


def _find_table_faults(catalogue: Catalogue) -> Iterator[str]:
    for form in catalogue.forms.values():
        on_form = {
            code
            for code, versions in catalogue.indicators.items()
            if any(version.form == form.code for version in versions)
        }
        for table in form.tables:
            unknown = [code for code in (*table.columns, *table.opened_by) if code not in on_form]
            if unknown or not table.columns:
                yield f"table {table.code} of form {form.code} has columns that are not on the form: {unknown}"
