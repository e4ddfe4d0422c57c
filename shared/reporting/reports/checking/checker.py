"""The rules of a report's content: every fault is found at once. Pure; the day is passed in.

A fault points into the body as posted. The rules run in the order of the body, so that the answer reads from top to bottom.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from shared.kit.problems import Fault, make_fault
from shared.periods import InvalidPeriod, Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form, find_due_rule
from shared.reporting.catalogue.standards import NO_STANDARD
from shared.reporting.report_content import ReportContent, StatedValue
from shared.reporting.reports.checking.deriving import DerivedValue, derive_values, point_to_value
from shared.reporting.reports.checking.indicators import (
    find_dimension_faults,
    find_identity_faults,
    find_indicator_faults,
    find_unknown_series,
)
from shared.reporting.reports.checking.opening_value_faults import find_start_faults
from shared.reporting.reports.checking.relation_faults import find_relation_faults
from shared.reporting.reports.checking.rows import (
    check_eligibility,
    find_code_faults,
    find_incomplete_tables,
    find_ineligible_rows,
    find_limit_faults,
    find_repeated_rows,
    find_rows_stated_above,
    merge_row_faults,
)
from shared.reporting.reports.checking.sentences import (
    EMPTY,
    FORM_REQUIRED,
    FORM_UNKNOWN,
    NIL_WITH_VALUES,
    PERIOD_CLOSED,
    PERIOD_INVALID,
    PERIOD_NOT_STARTED,
    UNIT_NOT_BELOW,
)
from shared.reporting.reports.checking.standards import (
    find_other_standards,
    find_unknown_standard,
    read_standard,
)
from shared.territory.tree import Territory
from shared.territory.units import (
    UNIT_UNKNOWN,
    UNIT_UNKNOWN_ON_DATE,
    Unit,
    UnknownUnit,
    UnknownUnitOnDate,
)


@dataclass(frozen=True)
class CheckedReport:
    """A report without faults: its content, period and form, and how many expected units each posted value covers."""

    content: ReportContent
    period: Period
    form: Form
    covers: tuple[int, ...]
    standard: str = NO_STANDARD
    """The standard that its values are measured under."""
    stated_standard: str | None = None
    """The same where it had to be stated; None where it is the one in force on the last day of the period."""
    derived: tuple[DerivedValue, ...] = ()
    """The values that follow from the posted ones by the program's rules."""

    @cached_property
    def values(self) -> tuple[StatedValue, ...]:
        """All values that are kept: the posted ones, then the derived ones that were not posted."""
        derived = (value.to_stated_value() for value in self.derived if not value.posted)
        return (*self.content.values, *derived)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Its unit, period, form and standard: at most one report with a key is pending."""
        return self.content.unit, str(self.period), self.form.code, self.standard

    @property
    def units(self) -> frozenset[str]:
        """The units that have a value; a derived value belongs to a unit that has a posted one."""
        return self.content.units

    @cached_property
    def indicators(self) -> frozenset[str]:
        """The indicators that have a posted or a derived value."""
        return self.content.indicators.union(value.derived.indicator for value in self.derived)


@dataclass(frozen=True)
class ReportChecker:
    """The rules of one program's reports on one day."""

    catalogue: Catalogue
    territory: Territory
    today: date

    def check(
        self, content: ReportContent, unread: frozenset[str]
    ) -> tuple[CheckedReport | None, list[Fault]]:
        """Return the checked report, or None and its faults; `unread` names the fields that were not read."""
        faults: list[Fault] = []
        period = None if "period" in unread else self._read_period(content, faults)
        if period is None:
            faults += self._check_without_period(content, unread)
            return None, faults
        on = period.ends_on
        form = None if "form" in unread else self._read_form(content, period, faults)
        if form is not None and form.cut_off:
            faults += self._check_cut_off(form, period)
        root = None if "unit" in unread else self._read_unit(content.unit, on)
        if isinstance(root, Fault):
            faults.append(root)
            root = None
        if "observations" not in unread and "nil" not in unread:
            faults += _check_emptiness(content)
        standard = self._read_standard(content, form, period, unread, faults)
        covers = self._check_values(content, form, root, on, standard, faults)
        faults += merge_row_faults(content, find_rows_stated_above(content, self.territory, on))
        if form is not None and form.tables:
            in_force = {indicator.code for indicator in self.catalogue.find_indicators(form.code, on)}
            faults += merge_row_faults(content, find_incomplete_tables(content, form, in_force))
        if form is not None:
            faults += find_start_faults(self.catalogue, content, form, period, standard)
        faults += self._run_program_checks(content)
        faults += [
            point_to_value(fault, values)
            for find_faults in (find_identity_faults, find_relation_faults)
            for fault, values in find_faults(self.catalogue, content, on)
        ]
        derived: list[DerivedValue] = []
        if self.catalogue.derivation_rules:
            derived, derivation_faults = derive_values(
                self.catalogue, self.territory, content, period, standard or NO_STANDARD
            )
            faults += derivation_faults
        if faults or form is None or standard is None:
            return None, faults
        if form.preliminary_of is not None:
            content = _limit_to_preliminary(content)
        may_be_left_out = standard == self.catalogue.find_form_standard(form.code, on)
        stated = None if may_be_left_out else standard
        return CheckedReport(content, period, form, covers, standard, stated, tuple(derived)), faults

    def _read_period(self, content: ReportContent, faults: list[Fault]) -> Period | None:
        try:
            period = Period.parse(content.period)
        except InvalidPeriod:
            shown = {"period": content.period[:40]}
            faults.append(make_fault("/period", "period_invalid", PERIOD_INVALID, **shown))
            return None
        if period.starts_on > self.today:
            dates = {"period": period, "starts_on": period.starts_on}
            faults.append(make_fault("/period", "period_not_started", PERIOD_NOT_STARTED, **dates))
        return period

    def _read_standard(
        self,
        content: ReportContent,
        form: Form | None,
        period: Period,
        unread: frozenset[str],
        faults: list[Fault],
    ) -> str | None:
        """Return the standard of the report; None where it, or the form, has a fault."""
        if "standard" in unread:
            return None
        if form is None:
            fault = find_unknown_standard(self.catalogue, content.standard, content.form)
            faults += [fault] if fault else []
            return None
        standard = read_standard(self.catalogue, content.standard, form, period)
        if isinstance(standard, Fault):
            faults.append(standard)
            return None
        return standard

    def _check_cut_off(self, form: Form, period: Period) -> Iterator[Fault]:
        rule = find_due_rule(form.cut_off, period)
        if rule is not None and self.today > rule.compute_due_on(period):
            shown = {"period": period, "closed_on": rule.compute_due_on(period), "clause": rule.clause}
            yield make_fault("/period", "period_closed", PERIOD_CLOSED, **shown)

    def _check_without_period(self, content: ReportContent, unread: frozenset[str]) -> Iterator[Fault]:
        """Find the faults that the content has in every period."""
        form = self.catalogue.forms.get(content.form or "")
        if "form" not in unread and content.form is not None and form is None:
            forms = ", ".join(self.catalogue.forms)
            shown = {"form": content.form[:60], "period": content.period[:40], "forms": forms}
            yield make_fault("/form", "form_unknown", FORM_UNKNOWN, **shown)
        unknown_standard = find_unknown_standard(self.catalogue, content.standard, content.form)
        if unknown_standard is not None:
            yield unknown_standard
        if "unit" not in unread and not self._is_known_unit(content.unit):
            yield _make_unknown_unit(content.unit)
        if "observations" not in unread and "nil" not in unread:
            yield from _check_emptiness(content)
        unknown_units = {
            code: _make_unknown_unit(code) for code in content.units if not self._is_known_unit(code)
        }
        versions = {code: self.catalogue.indicators.get(code, ()) for code in content.indicators}
        faults = {code: find_unknown_series(self.catalogue, code) for code in versions}
        unknown_indicators = {code: fault for code, fault in faults.items() if fault is not None}
        single_versions = {
            code: one_version[0] for code, one_version in versions.items() if len(one_version) == 1
        }
        yield from merge_row_faults(
            content,
            find_repeated_rows(content),
            find_dimension_faults(self.catalogue, content),
            find_code_faults(content, "unit", unknown_units),
            find_code_faults(content, "indicator", unknown_indicators),
            find_limit_faults(content, single_versions),
        )
        yield from self._run_program_checks(content)

    def _is_known_unit(self, code: str) -> bool:
        try:
            return bool(self.territory.versions(code))
        except UnknownUnit:
            return False

    def _read_form(self, content: ReportContent, period: Period, faults: list[Fault]) -> Form | None:
        forms = {form.code: form for form in self.catalogue.find_forms(period)}
        shown = {"period": period, "forms": ", ".join(forms) or "-"}
        if content.form is None:
            official = [form for form in forms.values() if form.preliminary_of is None]
            named_by_default = [form for form in official if form.by_default] or official
            if len(named_by_default) == 1:
                return named_by_default[0]
            faults.append(make_fault("/form", "form_required", FORM_REQUIRED, **shown))
        elif content.form not in forms:
            faults.append(make_fault("/form", "form_unknown", FORM_UNKNOWN, form=content.form[:60], **shown))
        return forms.get(content.form or "")

    def _read_unit(self, code: str, on: date, root: Unit | None = None) -> Unit | Fault:
        """Return the unit of that day, at or below the root if there is one, or the fault of its code."""
        try:
            unit = self.territory.unit(code, on)
        except UnknownUnitOnDate as refusal:
            return make_fault("/unit", "unit_unknown_on_date", UNIT_UNKNOWN_ON_DATE, **refusal.facts)
        except UnknownUnit:
            return _make_unknown_unit(code)
        if root is not None and not self.territory.is_within(code, root.code, on):
            return make_fault("/unit", "unit_not_below", UNIT_NOT_BELOW, unit=code, root=root.code)
        return unit

    def _check_values(
        self,
        content: ReportContent,
        form: Form | None,
        root: Unit | None,
        on: date,
        standard: str | None,
        faults: list[Fault],
    ) -> tuple[int, ...]:
        """Check the values; return how many expected units each covers.

        Each unit, each indicator and each pair of both is checked once; its fault is named at every row that has it.
        """
        read_units = {code: self._read_unit(code, on, root) for code in content.units}
        units = {code: unit for code, unit in read_units.items() if isinstance(unit, Unit)}
        unit_faults = {code: fault for code, fault in read_units.items() if isinstance(fault, Fault)}
        read_indicators = {code: self.catalogue.find_indicator(code, on) for code in content.indicators}
        indicators = {code: indicator for code, indicator in read_indicators.items() if indicator is not None}
        indicator_faults = dict(find_indicator_faults(self.catalogue, read_indicators, form, on))
        if standard is not None:
            indicator_faults = {**find_other_standards(read_indicators, standard), **indicator_faults}
        eligibility = check_eligibility(content, units, indicators, self.catalogue, self.territory, on)
        faults += merge_row_faults(
            content,
            find_repeated_rows(content),
            find_dimension_faults(self.catalogue, content),
            find_code_faults(content, "unit", unit_faults),
            find_code_faults(content, "indicator", indicator_faults),
            find_limit_faults(content, indicators),
            find_ineligible_rows(content, eligibility),
        )
        return tuple([of_row.covers for of_row in eligibility])

    def _run_program_checks(self, content: ReportContent) -> Iterator[Fault]:
        """Return the faults that the program's own checks find in the values of each unit."""
        if not self.catalogue.checks:
            return
        for unit, amounts in content.amounts_by_unit.items():
            for check in self.catalogue.checks:
                for fault in check(amounts):
                    yield point_to_value(fault, content.by_unit[unit])


def _limit_to_preliminary(content: ReportContent) -> ReportContent:
    """Return the content of a preliminary form: none of its values is more certain than preliminary."""
    values = (
        value._replace(status="preliminary") if value.status == "official" else value
        for value in content.values
    )
    return replace(content, values=tuple(values))


def _check_emptiness(content: ReportContent) -> Iterator[Fault]:
    has_values = len(content.ordinals) > 0
    if content.nil and has_values:
        yield make_fault("/nil", "nil_with_observations", NIL_WITH_VALUES)
    elif not content.nil and not has_values:
        yield make_fault("/observations", "report_empty", EMPTY)


def _make_unknown_unit(code: str) -> Fault:
    return make_fault("/unit", "unit_unknown", UNIT_UNKNOWN, unit=code[:20])
