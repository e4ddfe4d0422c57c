"""What a report may say: every fault of its meaning, found at once. Pure; the day is passed in.

A fault names its place in the body as posted. The order of the checks is the order of the body, so the answer reads
from top to bottom.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from shared.kit.problems import Fault, fault
from shared.periods import InvalidPeriod, Period
from shared.reporting.catalogue import MOST_DECIMALS, Catalogue, Form, Indicator, rule_for
from shared.reporting.expected import expected_units
from shared.reporting.reports.bearing import Bearing, bearing_of, misfits
from shared.reporting.reports.deriving import Following, derive
from shared.reporting.reports.sentences import (
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
    VALUE_OUT_OF_RANGE,
    VALUE_REPEATED,
    VALUE_STATED_ABOVE,
    VALUE_TOO_PRECISE,
)
from shared.reporting.statements import Stated, Statement, plain
from shared.territory.tree import Territory
from shared.territory.units import Unit, UnknownUnit, UnknownUnitOnDate

SMALLEST = tuple(Decimal(1).scaleb(-places) for places in range(MOST_DECIMALS + 1))
"""The smallest amount that can be said with so many decimal places: every other one is a multiple of it."""
READ: frozenset[str] = frozenset()
"""No field of the row was left unread."""
NAMES = frozenset({"unit", "indicator"})
"""The fields that name what a row states."""


@dataclass(frozen=True)
class Checked:
    """A statement that can be kept: its period and form, and for each value how many expected units it covers."""

    statement: Statement
    period: Period
    form: Form
    covers: tuple[int, ...]
    following: tuple[Following, ...] = ()
    """What follows from the values by the program's rules."""

    @cached_property
    def said(self) -> tuple[Stated, ...]:
        """All that is kept: the values as posted, then those that follow and were not posted."""
        derived = (it.as_stated() for it in self.following if not it.stated)
        return (*self.statement.values, *derived)


@dataclass(frozen=True)
class Checker:
    """The rules of one program's reports on one day."""

    catalogue: Catalogue
    territory: Territory
    today: date

    def check(self, statement: Statement, unread: frozenset[str]) -> tuple[Checked | None, list[Fault]]:
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
        root = None if "unit" in unread else self._unit(statement.unit, on, "/unit", faults)
        if "observations" not in unread and "nil" not in unread:
            faults += _emptiness(statement)
        covers = tuple(self._values(statement, form, root, on, faults))
        faults += self._stated_above(statement, on)
        faults += self._across(statement)
        following, found = derive(self.catalogue, self.territory, statement, period)
        faults += found
        if faults or form is None:
            return None, faults
        return Checked(statement, period, form, covers, tuple(following)), faults

    def _period(self, statement: Statement, faults: list[Fault]) -> Period | None:
        try:
            period = Period.parse(statement.period)
        except InvalidPeriod:
            faults.append(fault("/period", "period_invalid", PERIOD_INVALID, period=statement.period[:40]))
            return None
        if period.starts_on > self.today:
            faults.append(
                fault(
                    "/period",
                    "period_not_started",
                    PERIOD_NOT_STARTED,
                    period=period,
                    starts_on=period.starts_on,
                )
            )
        return period

    def _closing(self, form: Form, period: Period) -> Iterator[Fault]:
        rule = rule_for(form.closing, period)
        if rule is not None and self.today > rule.day_of(period):
            shown = {"period": period, "closed_on": rule.day_of(period), "clause": rule.clause}
            yield fault("/period", "period_closed", PERIOD_CLOSED, **shown)

    def _in_any_period(self, statement: Statement, unread: frozenset[str]) -> Iterator[Fault]:
        """Find what is wrong whatever the period may turn out to be."""
        form = self.catalogue.forms.get(statement.form or "")
        if "form" not in unread and statement.form is not None and form is None:
            names = ", ".join(self.catalogue.forms)
            shown = {"form": statement.form[:60], "period": statement.period[:40], "forms": names}
            yield fault("/form", "form_unknown", FORM_UNKNOWN, **shown)
        if "unit" not in unread:
            yield from self._never_a_unit(statement.unit, "/unit")
        if "observations" not in unread and "nil" not in unread:
            yield from _emptiness(statement)
        seen: dict[tuple[str, str], int] = {}
        for ordinal, one in zip(statement.ordinals, statement.values, strict=True):
            at = f"/observations/{ordinal}"
            row_unread = statement.partial.get(ordinal, READ)
            if row_unread.isdisjoint(NAMES):
                yield from _repetition(one, ordinal, seen)
            if "unit" not in row_unread:
                yield from self._never_a_unit(one.unit, f"{at}/unit")
            versions = self.catalogue.indicators.get(one.indicator, ())
            if not versions and "indicator" not in row_unread:
                shown = {"indicator": one.indicator[:80]}
                yield fault(f"{at}/indicator", "indicator_unknown", INDICATOR_UNKNOWN, **shown)
            if len(versions) == 1 and "value" not in row_unread:
                yield from _value_faults(one, versions[0], at)
        yield from self._across(statement)

    def _never_a_unit(self, code: str, at: str) -> Iterator[Fault]:
        try:
            self.territory.versions(code)
        except UnknownUnit:
            yield fault(at, "unit_unknown", UNIT_UNKNOWN, unit=code[:20])

    def _form(self, statement: Statement, period: Period, faults: list[Fault]) -> Form | None:
        forms = {form.code: form for form in self.catalogue.form_for(period.kind, period.ends_on)}
        names = ", ".join(forms) or "-"
        if statement.form is None:
            if len(forms) == 1:
                return next(iter(forms.values()))
            faults.append(fault("/form", "form_required", FORM_REQUIRED, period=period, forms=names))
        elif statement.form not in forms:
            shown = statement.form[:60]
            faults.append(
                fault("/form", "form_unknown", FORM_UNKNOWN, form=shown, period=period, forms=names)
            )
        return forms.get(statement.form or "")

    def _unit(self, code: str, on: date, at: str, faults: list[Fault]) -> Unit | None:
        try:
            return self.territory.unit(code, on)
        except UnknownUnitOnDate:
            faults.append(fault(at, "unit_unknown_on_date", UNIT_UNKNOWN_ON_DATE, unit=code[:20], on=on))
        except UnknownUnit:
            faults.append(fault(at, "unit_unknown", UNIT_UNKNOWN, unit=code[:20]))
        return None

    def _values(
        self, statement: Statement, form: Form | None, root: Unit | None, on: date, faults: list[Fault]
    ) -> Iterator[int]:
        """Check each value; give how many expected units it covers.

        What is true of a unit, of an indicator, or of both together is looked up once; a fault is named at every row.
        """
        placed: dict[str, Unit | None] = {}
        known: dict[str, Indicator] = {}
        found: dict[Bearing, dict[str, tuple[int, bool]]] = defaultdict(dict)
        bearings: dict[str, tuple[Bearing, dict[str, tuple[int, bool]]]] = {}
        seen: dict[tuple[str, str], int] = {}
        for ordinal, one in zip(statement.ordinals, statement.values, strict=True):
            at = f"/observations/{ordinal}"
            unread = statement.partial.get(ordinal, READ)
            if unread.isdisjoint(NAMES):
                faults += _repetition(one, ordinal, seen)
            unit = placed.get(one.unit)
            if unit is None and "unit" not in unread:
                unit = placed[one.unit] = self._placed(one.unit, root, on, at, faults)
            indicator = known.get(one.indicator)
            if indicator is None and "indicator" not in unread:
                before = len(faults)
                indicator = self._indicator(one, form, on, at, faults)
                if indicator is not None and len(faults) == before:
                    known[one.indicator] = indicator
            if indicator is not None and "value" not in unread:
                faults += _value_faults(one, indicator, at)
            if indicator is None or unit is None:
                yield 1
                continue
            if one.indicator not in bearings:
                bearing = bearing_of(indicator, self.catalogue)
                bearings[one.indicator] = bearing, found[bearing]
            bearing, units = bearings[one.indicator]
            covers, fits = units.get(one.unit, (0, False))
            if not fits:
                wrong = tuple(misfits(unit, bearing, self.territory, on, at))
                faults += wrong
                covers = covers or max(1, len(expected_units(self.territory, unit.code, indicator, on)))
                units[one.unit] = covers, not wrong
            yield covers

    def _stated_above(self, statement: Statement, on: date) -> Iterator[Fault]:
        """Refuse a value of a unit when the same report states it for a unit above, which holds it already."""
        units = {one.unit for one in statement.values}
        above = {unit: [it for it in self._line_above(unit, on) if it in units] for unit in units}
        if not any(above.values()):
            return
        stated = {(one.unit, one.indicator) for one in statement.values}
        for ordinal, one in zip(statement.ordinals, statement.values, strict=True):
            for code in above[one.unit]:
                if (code, one.indicator) in stated:
                    shown = {"unit": one.unit, "above": code}
                    yield fault(f"/observations/{ordinal}", "value_stated_above", VALUE_STATED_ABOVE, **shown)
                    break

    def _line_above(self, code: str, on: date) -> list[str]:
        known = self.territory.find(code, on) is not None
        return [it.code for it in self.territory.ancestors(code, on)] if known else []

    def _placed(self, code: str, root: Unit | None, on: date, at: str, faults: list[Fault]) -> Unit | None:
        unit = self._unit(code, on, f"{at}/unit", faults)
        if unit is not None and root is not None and not self.territory.is_within(code, root.code, on):
            faults.append(fault(f"{at}/unit", "unit_not_below", UNIT_NOT_BELOW, unit=code, root=root.code))
            return None
        return unit

    def _indicator(
        self, one: Stated, form: Form | None, on: date, at: str, faults: list[Fault]
    ) -> Indicator | None:
        indicator = self.catalogue.indicator(one.indicator, on)
        name = one.indicator[:80]
        if indicator is None:
            retired = one.indicator in self.catalogue.indicators
            sentence = INDICATOR_RETIRED if retired else INDICATOR_UNKNOWN
            code = "indicator_retired" if retired else "indicator_unknown"
            faults.append(fault(f"{at}/indicator", code, sentence, indicator=name, on=on))
        elif form is not None and indicator.form != form.code:
            faults.append(
                fault(
                    f"{at}/indicator",
                    "indicator_on_other_form",
                    INDICATOR_ON_OTHER_FORM,
                    indicator=name,
                    form=indicator.form,
                )
            )
        return indicator

    def _across(self, statement: Statement) -> Iterator[Fault]:
        """Run the program's own checks over each unit's values."""
        if not self.catalogue.checks:
            return
        by_unit: dict[str, dict[str, Decimal]] = defaultdict(dict)
        places: dict[tuple[str, str], int] = {}
        for ordinal, one in zip(statement.ordinals, statement.values, strict=True):
            if statement.partial.get(ordinal, READ) & {"unit", "indicator", "value"}:
                continue
            by_unit[one.unit].setdefault(one.indicator, one.value)
            places.setdefault((one.unit, one.indicator), ordinal)
        for unit, values in by_unit.items():
            for check in self.catalogue.checks:
                for found in check(values):
                    place = places.get((unit, found.pointer))
                    at = "/observations" if place is None else f"/observations/{place}/value"
                    yield Fault(at, found.code, found.sentence)


def _emptiness(statement: Statement) -> Iterator[Fault]:
    posted = len(statement.ordinals) > 0
    if statement.nil and posted:
        yield fault("/nil", "nil_with_observations", NIL_WITH_VALUES)
    elif not statement.nil and not posted:
        yield fault("/observations", "report_empty", EMPTY)


def _repetition(one: Stated, ordinal: int, seen: dict[tuple[str, str], int]) -> Collection[Fault]:
    first = seen.setdefault((one.unit, one.indicator), ordinal)
    if first == ordinal:
        return ()
    return (fault(f"/observations/{ordinal}", "value_repeated", VALUE_REPEATED, first=first),)


def _value_faults(one: Stated, indicator: Indicator, at: str) -> Collection[Fault]:
    faults: list[Fault] = []
    if not indicator.minimum <= one.value <= indicator.maximum:
        faults.append(
            fault(
                f"{at}/value",
                "value_out_of_range",
                VALUE_OUT_OF_RANGE,
                value=plain(one.value),
                minimum=plain(indicator.minimum),
                maximum=plain(indicator.maximum),
            )
        )
    if one.value % SMALLEST[indicator.decimals]:
        faults.append(
            fault(
                f"{at}/value",
                "value_too_precise",
                VALUE_TOO_PRECISE,
                value=plain(one.value),
                decimals=indicator.decimals,
            )
        )
    return faults
