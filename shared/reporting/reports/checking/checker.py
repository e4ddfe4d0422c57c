"""What a report may say: every fault of its meaning, found at once. Pure; the day is passed in.

A fault names its place in the body as posted. The order of the checks is the order of the body, so the answer reads
from top to bottom.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from shared.kit.problems import Fault, make_fault
from shared.periods import InvalidPeriod, Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form, Indicator, find_due_rule
from shared.reporting.report_content import ReportContent, StatedValue
from shared.reporting.reports.checking.deriving import DerivedValues, derive
from shared.reporting.reports.checking.eligibility import check_eligibility
from shared.reporting.reports.checking.rows import (
    beyond_limits,
    in_rows,
    misfitting,
    named,
    repeated,
    stated_above,
)
from shared.reporting.reports.checking.sentences import (
    EMPTY,
    FORM_REQUIRED,
    FORM_UNKNOWN,
    INDICATOR_ON_OTHER_FORM,
    INDICATOR_RETIRED,
    INDICATOR_UNKNOWN,
    NIL_WITH_VALUES,
    PERIOD_CLOSED,
    PERIOD_INVALID,
    PERIOD_NOT_STARTED,
    UNIT_NOT_BELOW,
    UNIT_UNKNOWN,
    UNIT_UNKNOWN_ON_DATE,
)
from shared.territory.tree import Territory
from shared.territory.units import Unit, UnknownUnit, UnknownUnitOnDate


@dataclass(frozen=True)
class CheckedReport:
    """A statement that can be kept: its period and form, and for each value how many expected units it covers."""

    statement: ReportContent
    period: Period
    form: Form
    covers: tuple[int, ...]
    following: tuple[DerivedValues, ...] = ()
    """What follows from the values by the program's rules."""

    @cached_property
    def said(self) -> tuple[StatedValue, ...]:
        """All that is kept: the values as posted, then those that follow and were not posted."""
        derived = (it.as_stated() for it in self.following if not it.stated)
        return (*self.statement.values, *derived)

    @property
    def key(self) -> tuple[str, str, str]:
        """Of which unit, for which period and on which form it speaks: at most one report of a key is pending."""
        return self.statement.unit, str(self.period), self.form.code

    @property
    def units(self) -> frozenset[str]:
        """The units of which something is kept; what follows is kept for those that state something."""
        return self.statement.units

    @cached_property
    def indicators(self) -> frozenset[str]:
        """The indicators of which something is kept."""
        return self.statement.indicators.union(it.derived.indicator for it in self.following)


@dataclass(frozen=True)
class ReportChecker:
    """The rules of one program's reports on one day."""

    catalogue: Catalogue
    territory: Territory
    today: date

    def check(
        self, statement: ReportContent, unread: frozenset[str]
    ) -> tuple[CheckedReport | None, list[Fault]]:
        """Check all that could be read; `unread` names fields already found at fault."""
        faults: list[Fault] = []
        period = None if "period" in unread else self._period(statement, faults)
        if period is None:
            faults += self._in_any_period(statement, unread)
            return None, faults
        on = period.ends_on
        form = None if "form" in unread else self._form(statement, period, faults)
        if form is not None:
            faults += self._closing(form, period)
        root = None if "unit" in unread else self._unit(statement.unit, on)
        if isinstance(root, Fault):
            faults.append(root)
            root = None
        if "observations" not in unread and "nil" not in unread:
            faults += _emptiness(statement)
        covers = self._values(statement, form, root, on, faults)
        faults += in_rows(statement, stated_above(statement, self.territory, on))
        faults += self._across(statement)
        following, found = derive(self.catalogue, self.territory, statement, period)
        faults += found
        if faults or form is None:
            return None, faults
        return CheckedReport(statement, period, form, covers, tuple(following)), faults

    def _period(self, statement: ReportContent, faults: list[Fault]) -> Period | None:
        try:
            period = Period.parse(statement.period)
        except InvalidPeriod:
            faults.append(
                make_fault("/period", "period_invalid", PERIOD_INVALID, period=statement.period[:40])
            )
            return None
        if period.starts_on > self.today:
            faults.append(
                make_fault(
                    "/period",
                    "period_not_started",
                    PERIOD_NOT_STARTED,
                    period=period,
                    starts_on=period.starts_on,
                )
            )
        return period

    def _closing(self, form: Form, period: Period) -> Iterator[Fault]:
        rule = find_due_rule(form.closing, period)
        if rule is not None and self.today > rule.compute_due_on(period):
            shown = {"period": period, "closed_on": rule.compute_due_on(period), "clause": rule.clause}
            yield make_fault("/period", "period_closed", PERIOD_CLOSED, **shown)

    def _in_any_period(self, statement: ReportContent, unread: frozenset[str]) -> Iterator[Fault]:
        """Find what is wrong whatever the period may turn out to be."""
        form = self.catalogue.forms.get(statement.form or "")
        if "form" not in unread and statement.form is not None and form is None:
            names = ", ".join(self.catalogue.forms)
            shown = {"form": statement.form[:60], "period": statement.period[:40], "forms": names}
            yield make_fault("/form", "form_unknown", FORM_UNKNOWN, **shown)
        if "unit" not in unread and not self._ever_a_unit(statement.unit):
            yield _unit_unknown(statement.unit)
        if "observations" not in unread and "nil" not in unread:
            yield from _emptiness(statement)
        never = {code: _unit_unknown(code) for code in statement.units if not self._ever_a_unit(code)}
        versions = {code: self.catalogue.indicators.get(code, ()) for code in statement.indicators}
        unknown = {code: _indicator_unknown(code) for code, known in versions.items() if not known}
        one_version = {code: known[0] for code, known in versions.items() if len(known) == 1}
        yield from in_rows(
            statement,
            repeated(statement),
            named(statement, "unit", never),
            named(statement, "indicator", unknown),
            beyond_limits(statement, one_version),
        )
        yield from self._across(statement)

    def _ever_a_unit(self, code: str) -> bool:
        try:
            return bool(self.territory.versions(code))
        except UnknownUnit:
            return False

    def _form(self, statement: ReportContent, period: Period, faults: list[Fault]) -> Form | None:
        forms = {form.code: form for form in self.catalogue.find_forms(period.kind, period.ends_on)}
        names = ", ".join(forms) or "-"
        if statement.form is None:
            if len(forms) == 1:
                return next(iter(forms.values()))
            faults.append(make_fault("/form", "form_required", FORM_REQUIRED, period=period, forms=names))
        elif statement.form not in forms:
            shown = statement.form[:60]
            faults.append(
                make_fault("/form", "form_unknown", FORM_UNKNOWN, form=shown, period=period, forms=names)
            )
        return forms.get(statement.form or "")

    def _unit(self, code: str, on: date, root: Unit | None = None) -> Unit | Fault:
        """Give the unit of the day, at or below the root where there is one, or what is wrong with it."""
        try:
            unit = self.territory.unit(code, on)
        except UnknownUnitOnDate:
            return make_fault("/unit", "unit_unknown_on_date", UNIT_UNKNOWN_ON_DATE, unit=code[:20], on=on)
        except UnknownUnit:
            return _unit_unknown(code)
        if root is not None and not self.territory.is_within(code, root.code, on):
            return make_fault("/unit", "unit_not_below", UNIT_NOT_BELOW, unit=code, root=root.code)
        return unit

    def _values(
        self, statement: ReportContent, form: Form | None, root: Unit | None, on: date, faults: list[Fault]
    ) -> tuple[int, ...]:
        """Check the values; give how many expected units each covers.

        What is true of a unit, of an indicator, or of both together is looked up once; a fault is named at every row.
        """
        places = {code: self._unit(code, on, root) for code in statement.units}
        units = {code: it for code, it in places.items() if isinstance(it, Unit)}
        meant = {code: self.catalogue.find_indicator(code, on) for code in statement.indicators}
        indicators = {code: it for code, it in meant.items() if it is not None}
        found = check_eligibility(statement, units, indicators, self.catalogue, self.territory, on)
        faults += in_rows(
            statement,
            repeated(statement),
            named(statement, "unit", {code: it for code, it in places.items() if isinstance(it, Fault)}),
            named(statement, "indicator", dict(self._misnamed(meant, form, on))),
            beyond_limits(statement, indicators),
            misfitting(statement, found),
        )
        return tuple([it.covers for it in found])

    def _misnamed(
        self, meant: Mapping[str, Indicator | None], form: Form | None, on: date
    ) -> Iterator[tuple[str, Fault]]:
        for code, indicator in meant.items():
            if indicator is None and code not in self.catalogue.indicators:
                yield code, _indicator_unknown(code)
            elif indicator is None:
                shown = {"indicator": code[:80], "on": on}
                yield code, make_fault("/indicator", "indicator_retired", INDICATOR_RETIRED, **shown)
            elif form is not None and indicator.form != form.code:
                shown = {"indicator": code[:80], "form": indicator.form}
                yield (
                    code,
                    make_fault("/indicator", "indicator_on_other_form", INDICATOR_ON_OTHER_FORM, **shown),
                )

    def _across(self, statement: ReportContent) -> Iterator[Fault]:
        """Run the program's own checks over each unit's values."""
        if not self.catalogue.checks:
            return
        for rows in statement.by_unit.values():
            values = {code: one.value for code, (_, one) in rows.items()}
            for check in self.catalogue.checks:
                for found in check(values):
                    place = rows.get(found.pointer)
                    at = "/observations" if place is None else f"/observations/{place[0]}/value"
                    yield Fault(at, found.code, found.sentence)


def _emptiness(statement: ReportContent) -> Iterator[Fault]:
    posted = len(statement.ordinals) > 0
    if statement.nil and posted:
        yield make_fault("/nil", "nil_with_observations", NIL_WITH_VALUES)
    elif not statement.nil and not posted:
        yield make_fault("/observations", "report_empty", EMPTY)


def _unit_unknown(code: str) -> Fault:
    return make_fault("/unit", "unit_unknown", UNIT_UNKNOWN, unit=code[:20])


def _indicator_unknown(code: str) -> Fault:
    return make_fault("/indicator", "indicator_unknown", INDICATOR_UNKNOWN, indicator=code[:80])
