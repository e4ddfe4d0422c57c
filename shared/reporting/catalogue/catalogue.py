"""A program's catalogue: what it holds on a day, and its consistency. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shared.dated_facts.facts import select_in_force
from shared.kit.problems import NotFound, Sentence
from shared.periods import Period
from shared.reporting.catalogue.bounds import Bound, find_bound_faults
from shared.reporting.catalogue.consistency import (
    find_figure_faults,
    find_indicator_faults,
    find_mixed_standards,
    find_preliminary_faults,
    find_table_faults,
)
from shared.reporting.catalogue.days import CatalogueDay
from shared.reporting.catalogue.definitions import (
    Figure,
    Form,
    Indicator,
    SeriesBreak,
    list_totals_or_parts,
    resolve_changes,
)
from shared.reporting.catalogue.derivations import Check, DerivationRule
from shared.reporting.catalogue.dimensions import (
    Dimension,
    DimensionIdentity,
    SeriesName,
    find_dimension_faults,
    from_series_key,
)
from shared.reporting.catalogue.formulas import TotalOrParts
from shared.reporting.catalogue.national_targets import NationalTarget, find_national_target_faults
from shared.reporting.catalogue.relations import IndicatorRelation, RelationInForce, find_relation_faults
from shared.reporting.catalogue.standards import (
    NO_STANDARD,
    FormStandards,
    Standard,
    StandardNotFound,
    add_preliminary_forms,
    find_standard,
    find_standard_faults,
    list_standards,
)
from shared.reporting.catalogue.withholding import WithholdingRule, find_withholding_faults

MAX_DAYS_KEPT = 500
"""Each is some kilobytes; a request for figures of a year needs about twenty days."""


class IndicatorNotFound(NotFound):
    """The catalogue has no such code."""

    code = "indicator_not_found"
    detail = Sentence(
        "Danh mục không có chỉ tiêu {indicator}.", "The catalogue has no indicator {indicator}."
    )


@dataclass(frozen=True)
class Catalogue:
    """The forms, indicators, figures, checks and derivations of one program."""

    program: str
    forms: Mapping[str, Form]
    indicators: Mapping[str, tuple[Indicator, ...]]
    """Versions of each code, the oldest first; an indicator with a dimension as the series of its members."""
    figures: Mapping[str, Figure]
    checks: tuple[Check, ...] = ()
    derivation_rules: tuple[DerivationRule, ...] = ()
    standards: tuple[Standard, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    identities: tuple[DimensionIdentity, ...] = ()
    bounds: tuple[Bound, ...] = ()
    relations: tuple[IndicatorRelation, ...] = ()
    withholding: tuple[WithholdingRule, ...] = ()
    national_targets: tuple[NationalTarget, ...] = ()
    tables: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The rows that it was read from, by table, as a file states them."""
    program_rows: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The shipped rows of the program's own tables, which hold where it states none of them."""
    program_content: object = field(default=None, compare=False, repr=False)
    """What the program read from its own tables."""
    version: str | None = None
    """Its version: the number, and the beginning of the hash of its rows; None for one that was read from no rows."""
    made_unit_by_unit: Mapping[str, tuple[Figure, ...]] = field(init=False)
    """The figures that are made unit by unit, by each of their inputs."""
    non_additive: frozenset[str] = field(init=False)
    """The indicators whose values do not add up over units."""
    _forms_by_measure: Mapping[str, frozenset[str]] = field(init=False, repr=False)
    """The forms that each measure is stated on, of indicators and of figures made unit by unit."""
    _series: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    """The keys of the series of each indicator with a dimension."""
    totals_or_parts: tuple[tuple[Figure, TotalOrParts], ...] = field(init=False, repr=False)
    """The figures that are totals or the sums of parts, each with its formula."""
    _names: dict[str, SeriesName] = field(init=False, default_factory=dict, compare=False, repr=False)
    _days: dict[date, CatalogueDay] = field(init=False, default_factory=dict, compare=False, repr=False)

    @property
    def all_rows(self) -> Mapping[str, Any]:
        """The rows by table, those of the program's own tables included."""
        return {**self.program_rows, **self.tables}

    def __post_init__(self) -> None:
        object.__setattr__(self, "figures", resolve_changes(self.figures))
        by_input: dict[str, tuple[Figure, ...]] = {}
        for figure in self.figures.values():
            for code in figure.inputs if figure.is_made_unit_by_unit else ():
                by_input[code] = (*by_input.get(code, ()), figure)
        object.__setattr__(self, "made_unit_by_unit", by_input)
        object.__setattr__(self, "totals_or_parts", list_totals_or_parts(self.figures.values()))
        non_additive = (
            code
            for code, versions in self.indicators.items()
            if not all(version.adds for version in versions)
        )
        object.__setattr__(self, "non_additive", frozenset(non_additive))
        series: dict[str, tuple[str, ...]] = {}
        for key, (version, *_) in self.indicators.items():
            if version.member is not None:
                indicator, _member = from_series_key(key)
                series[indicator] = (*series.get(indicator, ()), key)
        object.__setattr__(self, "_series", series)
        object.__setattr__(self, "standards", add_preliminary_forms(self.standards, self.forms.values()))
        faults = [
            *find_figure_faults(self.figures.values(), self.indicators, self.non_additive),
            *find_indicator_faults(self.indicators, self.forms, self.standards),
            *find_preliminary_faults(self.forms),
            *find_table_faults(self.forms.values(), self.indicators),
            *find_standard_faults(self.standards, self.forms),
            *find_bound_faults(self.program, self.bounds, self.indicators),
            *find_withholding_faults(self.withholding, self.dimensions),
            *find_national_target_faults(self.national_targets, self.figures),
            *find_dimension_faults(self.dimensions, self.identities, self.indicators),
            *find_relation_faults(self.relations, self.indicators),
        ]
        if not faults:
            forms_by_measure = {code: self.find_forms_stating((code,)) for code in self.indicators}
            for figure in self.figures.values():
                if figure.is_made_unit_by_unit:
                    forms_by_measure[figure.measure_code] = self.find_forms_stating(figure.inputs)
            object.__setattr__(self, "_forms_by_measure", forms_by_measure)
            mixed = find_mixed_standards(
                self.figures.values(), self.forms, self.standards, self._find_forms_measured
            )
            faults = [*mixed]
        if faults:
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
        """Return the measures that add up over time, as they are on a day: indicators, and totals or the sums of parts."""
        return self._read_day(on).flows

    def find_forms(self, period: Period) -> list[Form]:
        """Return the forms that a period can be reported on."""
        return [form for form in self._read_day(period.ends_on).forms if form.is_for(period)]

    def find_indicators(self, form: str, on: date) -> list[Indicator]:
        """Return the indicators of a form that are valid on a day; a preliminary form has those of its official one."""
        official = self.find_official_form(form)
        return [
            indicator for indicator in self._read_day(on).indicators.values() if indicator.form == official
        ]

    def find_official_form(self, form: str) -> str:
        """Return the official form of a preliminary one, and any other form itself."""
        return (self.forms[form].preliminary_of if form in self.forms else None) or form

    def is_preliminary_pair(self, form: str, other: str) -> bool:
        """Whether one of two forms is the preliminary form of the other: what both state does not count twice."""
        official = self.find_official_form(form)
        return form != other and official in (form, other) and official == self.find_official_form(other)

    @property
    def broken_down(self) -> Collection[str]:
        """The codes of the indicators that are stated by a dimension."""
        return self._series.keys()

    def list_series(self, indicator: str) -> tuple[str, ...]:
        """Return the series keys of an indicator, of all members of its dimension; its own code without a dimension."""
        return self._series.get(indicator, (indicator,))

    def require_series(self, code: str) -> tuple[str, ...]:
        """Return the series keys of an indicator or figure of any day; raise `IndicatorNotFound` where there is none."""
        keys = self.list_series(code)
        if not any(key in self.indicators or key in self.figures for key in keys):
            raise IndicatorNotFound(indicator=code[:100])
        return keys

    def find_dimension(self, indicator: str) -> Dimension | None:
        """Return the dimension that an indicator declares, or None."""
        keys = self._series.get(indicator)
        if keys is None:
            return None
        code = self.indicators[keys[0]][-1].dimension
        return next((dimension for dimension in self.dimensions if dimension.code == code), None)

    def split_key(self, key: str) -> SeriesName:
        """Return the indicator of a series, and the member of its dimension as reports state it."""
        indicator, member = from_series_key(key)
        if member is None:
            return SeriesName(indicator, None)
        if key in self._names:
            return self._names[key]
        dimension = self.find_dimension(indicator)
        name = SeriesName(indicator, {dimension.code: member} if dimension and member else None)
        return self._names.setdefault(key, name) if key in self.indicators else name

    def find_identities(self, on: date) -> list[DimensionIdentity]:
        """Return the identities over dimensions that are in force on a day."""
        return select_in_force(self.identities, on) if self.identities else []

    def find_relations(self, on: date) -> list[IndicatorRelation]:
        """Return the relations between indicators that are in force on a day."""
        return select_in_force(self.relations, on) if self.relations else []

    def find_relations_stating(self, codes: frozenset[str], on: date) -> list[RelationInForce]:
        """Return the relations in force on a day of which one of some series is a term."""
        return [row for row in self._read_day(on).relations if not row.codes.isdisjoint(codes)]

    def find_series(self, on: date) -> Mapping[str, Sequence[str]]:
        """Return the keys of the series in force on a day, by the indicator that they break down."""
        day = self._read_day(on)
        return {
            indicator: [key for key in keys if key in day.indicators]
            for indicator, keys in self._series.items()
        }

    def _read_day(self, on: date) -> CatalogueDay:
        """Return what is in force on a day, which is found once for each day."""
        day = self._days.get(on)
        if day is None:
            versions = (version for versions in self.indicators.values() for version in versions)
            indicators = {version.code: version for version in select_in_force(versions, on)}
            flows = {code for code, indicator in indicators.items() if indicator.flow}
            flows |= {
                figure.measure_code for figure, formula in self.totals_or_parts if formula.total in flows
            }
            forms = tuple(select_in_force(self.forms.values(), on))
            in_force = {form: find_standard(self.standards, form, on) for form in self.forms}
            standards = {form: standard.code for form, standard in in_force.items() if standard is not None}
            relations = tuple(
                RelationInForce(relation, relation.codes, self.find_forms_stating(relation.codes))
                for relation in self.find_relations(on)
            )
            day = CatalogueDay(forms, indicators, frozenset(flows), standards, relations)
            if len(self._days) >= MAX_DAYS_KEPT:
                self._days.clear()
            self._days[on] = day
        return day

    def find_form_standard(self, form: str, on: date) -> str:
        """Return the standard of a form on a day, of two in force the later; `NO_STANDARD` where there is none."""
        return self._read_day(on).standards.get(form, NO_STANDARD)

    def select_standards(self, on: date, requested: str | None = None) -> FormStandards:
        """Return the standard that is read of each form: the requested one of the forms that have it, else that of the day.

        Raise `StandardNotFound` for a code that the catalogue does not have.
        """
        standards = self._read_day(on).standards
        if requested is None:
            return standards
        standard = next((standard for standard in self.standards if standard.code == requested), None)
        if standard is None:
            codes = ", ".join(standard.code for standard in self.standards) or "-"
            raise StandardNotFound(standard=requested[:100], standards=codes)
        return {**standards, **dict.fromkeys(standard.forms, requested)}

    def find_measure_standard(self, code: str, standards: FormStandards) -> str:
        """Return the standard under which a measure is read, or `NO_STANDARD`."""
        forms = self._forms_by_measure.get(code, ())
        return next((standards[form] for form in forms if form in standards), NO_STANDARD)

    def find_figure_standard(self, figure: Figure, standards: FormStandards) -> str:
        """Return the standard under which a figure is read, or `NO_STANDARD`."""
        standards_of_inputs = (self.find_measure_standard(code, standards) for code in figure.measure_codes)
        return next((standard for standard in standards_of_inputs if standard != NO_STANDARD), NO_STANDARD)

    def list_figure_standards(self, figure: Figure) -> list[Standard]:
        """Return the standards under which a figure can be read, the earliest first."""
        forms = self.find_forms_stating(figure.inputs)
        return next(
            (of_form for form in sorted(forms) if (of_form := list_standards(self.standards, form))), []
        )

    def list_series_breaks(self, figure: Figure) -> list[SeriesBreak]:
        """Return the breaks in the series of a figure, the earliest first: its own, and each change of its standard."""
        breaks = [*figure.breaks, *(figure.changing.breaks if figure.changing else ())]
        if any(version.by_standard for code in figure.inputs for version in self.indicators[code]):
            breaks += [
                SeriesBreak(standard.valid_from, standard.label, standard.code)
                for standard in self.list_figure_standards(figure)[1:]
            ]
        return sorted(breaks, key=lambda series_break: series_break.on)

    def find_latest_break(self, figure: Figure, on: date, read: str) -> date | None:
        """Return the day from which values of a figure are comparable with that of a day, or None: all of them are.

        A change to a later standard than the one that is `read` is no break of it.
        """
        latest_breaks = self._read_day(on).latest_breaks
        if (figure.code, read) not in latest_breaks:
            begun = {standard.code: standard.valid_from for standard in self.standards}
            days = (
                series_break.on
                for series_break in self.list_series_breaks(figure)
                if series_break.on <= on
                and (series_break.standard is None or series_break.on <= begun.get(read, date.min))
            )
            latest_breaks[figure.code, read] = max(days, default=None)
        return latest_breaks[figure.code, read]

    def is_stated_for_less(self, figure: Figure, period: Period) -> bool:
        """Whether an input of a figure, as it is on the last day of a period, is stated on a form for shorter periods as well."""
        return self._read_day(period.ends_on).find_shortest_months(figure, self.forms) < period.kind.months

    def find_forms_stating(self, codes: Iterable[str]) -> frozenset[str]:
        """Return the forms that these indicators are on, or were on some other day."""
        return frozenset(version.form for code in codes for version in self.indicators[code])

    def _find_forms_measured(self, codes: Iterable[str]) -> frozenset[str]:
        """Return the forms that these indicators are on, without those that mean the same under any standard."""
        measured = (code for code in codes if any(version.by_standard for version in self.indicators[code]))
        return self.find_forms_stating(measured)

    def find_sibling_forms(self, form: str, codes: Iterable[str]) -> frozenset[str]:
        """Return a form and those that these indicators are stated on, with the preliminary forms of each."""
        official = self.find_forms_stating(codes) | {self.find_official_form(form)}
        return official | {other.code for other in self.forms.values() if other.preliminary_of in official}

    def find_figures(self, on: date, *, headline: bool) -> list[Figure]:
        """Return the figures that are answered for a day, or only those of the province-wide status."""
        valid = select_in_force(self.figures.values(), on)
        return [figure for figure in valid if figure.headline or not headline]
