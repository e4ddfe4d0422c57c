"""Obligations: who owes which form for a period, by which day and clause, and whether it was received in time. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from shared.periods import CutOff, Period, PeriodWindow, UnknownWindow, find_cut_off, local_day
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import DueLevel, DueRule, Form
from shared.reporting.obligations.live_days import LiveDays
from shared.territory.tree import Territory
from shared.territory.units import LEVELS_DOWN, Unit

ObligationState = Literal["missing", "submitted", "accepted"]
Timeliness = Literal["on_time", "late", "overdue", "pending", "backfilled", "not_judged"]

OPEN_FOR = timedelta(days=400)
"""Open obligations are listed for so long after a period; a shorter time would hide those of the last year."""


ObligationKey = tuple[str, str, str]
"""Unit, period and form."""


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """The report of a unit on a form that is in effect, reviewed or not."""

    report_id: str
    state: ObligationState
    received_at: datetime
    nil: bool
    units: frozenset[str] = frozenset()
    """The units that it states values for."""
    first_received_at: datetime | None = None
    """Receipt of the first of the reports that it corrects, returned ones left out; None when it corrects none."""

    @property
    def judged_at(self) -> datetime:
        """The receipt that decides whether it is in time: a late correction of a report in time is in time."""
        return self.first_received_at or self.received_at


@dataclass(frozen=True, slots=True)
class Obligation:
    """The obligation of one unit on one form for one period, and the report that was received."""

    unit: Unit
    level: DueLevel
    """The level as which it owes: where there are no districts a commune owes what was theirs."""
    period: Period
    form: Form
    due_on: date | None
    clause: str | None
    received: ReceivedReport | None
    timeliness: Timeliness
    window: CutOff | None = None
    """The legal window of the period; None where no rule was found."""
    before_live: bool = False
    """Whether the period ended before the unit went live."""

    @property
    def is_judged(self) -> bool:
        """Whether it counts in the share of reports in time."""
        return self.timeliness in {"on_time", "late", "overdue"}

    @property
    def is_open(self) -> bool:
        """Whether a report is still to be sent; none is required for periods before the unit went live."""
        return self.received is None and not self.before_live


@dataclass(frozen=True)
class ObligationCalendar:
    """The catalogue's due rules on a day, the unit tree, and the day each unit went live."""

    catalogue: Catalogue
    territory: Territory
    today: date
    live_days: LiveDays
    """Days of going live; a unit without one has that of the nearest unit above it."""
    windows: tuple[PeriodWindow, ...] = ()
    """The legal windows of periods."""

    def list_obligations_on_map(
        self,
        unit: str,
        map_on: date,
        period: Period,
        received: Mapping[ObligationKey, ReceivedReport],
    ) -> Iterator[Obligation]:
        """Return what the units of a period owe whose land lies in a unit on the map of another day."""
        on = period.ends_on
        units = find_units_on_map(self.territory, unit, map_on, on)
        for root in sorted(units):
            if units.isdisjoint(above.code for above in self.territory.ancestors(root, on)):
                yield from self.list_obligations(root, period, received)

    def list_obligations(
        self, root: str, period: Period, received: Mapping[ObligationKey, ReceivedReport]
    ) -> Iterator[Obligation]:
        """Return what every unit at and below a root owes for a period, in the order of forms and units.

        A unit owes a form once; what its implementing units send through it is owed beside that, by a day of its own.
        """
        for form in self.catalogue.find_forms(period):
            listed: set[str] = set()
            for level in form.list_owing_levels(period):
                rule = form.find_due_rule(period, level)
                for unit in find_owing_units(self.territory, root, form, level, period):
                    if level == "implementing_unit":
                        yield self._make_obligation(unit, level, form, period, rule, received)
                    elif unit.code not in listed:
                        listed.add(unit.code)
                        yield self._make_obligation(unit, level, form, period, rule, received)

    def _make_obligation(
        self,
        unit: Unit,
        level: DueLevel,
        form: Form,
        period: Period,
        rule: DueRule | None,
        received: Mapping[ObligationKey, ReceivedReport],
    ) -> Obligation:
        due_on, clause = (rule.compute_due_on(period), rule.clause) if rule else (None, None)
        report = (
            received.get((unit.code, str(period), form.code))
            or self._find_stated_above(unit, form, period, received)
            or self._find_consolidated(unit, form, period, received)
        )
        live_on = self.live_days.find(unit, period.ends_on)
        timeliness = judge_timeliness(due_on, report, today=self.today, live_on=live_on, period=period)
        window, before_live = self._find_window(form, period), is_before(period, live_on)
        return Obligation(unit, level, period, form, due_on, clause, report, timeliness, window, before_live)

    def _find_window(self, form: Form, period: Period) -> CutOff | None:
        """Return the days from which to which facts are counted in a period of a form; None where no rule was found."""
        if form.regime is None:
            return None
        try:
            return find_cut_off(period, form.regime, self.windows)
        except UnknownWindow:
            return None

    def list_periods(self) -> list[Period]:
        """Return the periods with obligations that may be open today: begun, and ended within `OPEN_FOR`."""
        kinds = {kind for form in self.catalogue.forms.values() for kind in form.periods}
        periods = []
        for kind in kinds:
            period = Period.from_day(self.today, kind)
            while period.ends_on >= self.today - OPEN_FOR:
                periods.append(period)
                period = period.previous()
        return sorted(periods, key=lambda period: (period.ends_on, period.kind), reverse=True)

    def _find_stated_above(
        self, unit: Unit, form: Form, period: Period, received: Mapping[ObligationKey, ReceivedReport]
    ) -> ReceivedReport | None:
        """Return the report of a unit above that states values for this one, or for all communes that are expected of it.

        Nil of a unit above is not about it.
        """
        above = self.territory.ancestors(unit.code, period.ends_on)
        reports_above = (received.get((higher.code, str(period), form.code)) for higher in above)
        reports = [report for report in reports_above if report is not None and report.units]
        if not reports:
            return None
        expected = self._find_expected_communes(unit, form, period.ends_on)
        return next(
            (
                report
                for report in reports
                if unit.code in report.units or (expected and expected <= report.units)
            ),
            None,
        )

    def _find_expected_communes(self, unit: Unit, form: Form, on: date) -> frozenset[str]:
        """Return the communes of a unit that are expected to state a form; none where a district states a part of it."""
        indicators = self.catalogue.find_indicators(form.code, on)
        if any(indicator.level != "commune" for indicator in indicators):
            return frozenset()
        return frozenset(
            commune.code
            for kinds in {indicator.kinds for indicator in indicators}
            for commune in self.territory.communes(unit.code, on, kinds)
        )

    def _find_consolidated(
        self, unit: Unit, form: Form, period: Period, received: Mapping[ObligationKey, ReceivedReport]
    ) -> ReceivedReport | None:
        """Return the report of a district or province whose units below, all that are expected, reported themselves."""
        on = period.ends_on
        districts = [below for below in self.territory.children(unit.code, on) if below.level == "district"]
        if unit.level == "province" and districts:
            of_districts = [
                received.get((district.code, str(period), form.code))
                or self._find_consolidated(district, form, period, received)
                for district in districts
            ]
            return _consolidate(of_districts)
        expected = self._find_expected_communes(unit, form, on)
        if unit.level == "commune" or not expected:
            return None
        return _consolidate([received.get((code, str(period), form.code)) for code in expected])


def _consolidate(reports_below: Sequence[ReceivedReport | None]) -> ReceivedReport | None:
    """Return reports of units below as one of the unit above them; None where one is missing."""
    reports = [report for report in reports_below if report is not None]
    if not reports or len(reports) < len(reports_below):
        return None
    latest = max(reports, key=lambda report: report.judged_at)
    return ReceivedReport(
        report_id=latest.report_id,
        state="accepted" if all(report.state == "accepted" for report in reports) else "submitted",
        received_at=max(report.received_at for report in reports),
        nil=all(report.nil for report in reports),
        first_received_at=latest.judged_at,
    )


def find_units_on_map(territory: Territory, code: str, map_on: date, on: date) -> frozenset[str]:
    """Return the units of a day whose land lies in the unit of a code on the map of another day, whole above the communes."""
    communes = territory.communes_sharing_land(code, map_on, on)
    above = {upper.code for commune in communes for upper in territory.ancestors(commune, on)}
    whole = (upper for upper in above if {unit.code for unit in territory.communes(upper, on)} <= communes)
    return communes.union(whole)


def find_owing_units(
    territory: Territory, root: str, form: Form, level: DueLevel, period: Period
) -> tuple[Unit, ...]:
    """Return the units of a level at and below a root that owe a form for a period.

    An implementing unit sends its values through the commune that certifies them. Where there are no districts, the level that a row of the form names on the period's last day owes what districts owe.
    """
    on = period.ends_on
    top = territory.unit(root, on)
    if level == "province":
        units = (top, *(() if top.level in LEVELS_DOWN else territory.children(root, on)))
        return tuple(unit for unit in units if unit.level == "province")
    if level in ("commune", "implementing_unit"):
        return territory.communes(root, on)
    rule = form.find_owing_rule(on) if form.owed_by == level else None
    if rule is not None and rule.level == "commune":
        return territory.district_level_units(root, on)
    districts = territory.districts(root, on)
    if rule is None:
        return districts
    provinces = find_owing_units(territory, root, form, "province", period)
    return (*districts, *(unit for unit in provinces if not territory.districts(unit.code, on)))


def judge_timeliness(
    due_on: date | None, report: ReceivedReport | None, *, today: date, live_on: date | None, period: Period
) -> Timeliness:
    """Judge by the server's receipt. A report for a period before the unit went live is backfilled and not judged."""
    if is_before(period, live_on):
        return "backfilled" if report else "not_judged"
    if due_on is None:
        return "not_judged"
    if report is None:
        return "overdue" if today > due_on else "pending"
    return "on_time" if local_day(report.judged_at) <= due_on else "late"


def is_before(period: Period, live_on: date | None) -> bool:
    """Whether a period ended before a day of going live; None is the day of a unit that is always judged."""
    return live_on is not None and period.ends_on < live_on
