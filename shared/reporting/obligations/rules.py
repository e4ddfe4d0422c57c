"""Obligations: who owes which form for a period, by which day and clause, and whether it was received in time. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from shared.periods import Period, local_day
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form, find_due_rule
from shared.territory.tree import Territory
from shared.territory.units import Unit

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
    first_received_at: datetime | None = None
    """Receipt of the first of the reports that it corrects, returned ones left out; None when it corrects none."""

    @property
    def judged_at(self) -> datetime:
        """The receipt that decides whether it is in time: a late correction of a report in time is in time."""
        return self.first_received_at or self.received_at


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one unit owes on one form for one period, and the report that was received."""

    unit: Unit
    period: Period
    form: Form
    due_on: date | None
    clause: str | None
    received: ReceivedReport | None
    timeliness: Timeliness

    @property
    def is_judged(self) -> bool:
        """Whether it counts in the share of reports in time."""
        return self.timeliness in {"on_time", "late", "overdue"}

    @property
    def is_open(self) -> bool:
        """Whether a report is still to be sent; none is required for periods before the unit went live."""
        before_live = self.due_on is not None and self.timeliness == "not_judged"
        return self.received is None and not before_live


@dataclass(frozen=True)
class ObligationCalendar:
    """The catalogue's due rules on a day, the unit tree, and the day each unit went live."""

    catalogue: Catalogue
    territory: Territory
    today: date
    live_on: Mapping[str, date]
    """Days of going live, by unit; a unit without one has that of the nearest unit above it."""
    default_live_on: date | None = None

    def list_obligations(
        self, root: str, period: Period, received: Mapping[ObligationKey, ReceivedReport]
    ) -> Iterator[Obligation]:
        """Return what every unit at and below a root owes for a period, in the order of forms and units."""
        for form in self.catalogue.find_forms(period.kind, period.ends_on):
            rule = find_due_rule(form.due, period)
            due_on = rule.compute_due_on(period) if rule else None
            for unit in find_owing_units(self.territory, root, form, period):
                report = received.get((unit.code, str(period), form.code)) or self._find_consolidated(
                    unit, form, period, received
                )
                live_on = self._find_live_day(unit.code, period.ends_on)
                timeliness = judge_timeliness(
                    due_on, report, today=self.today, live_on=live_on, period=period
                )
                clause = rule.clause if rule else None
                yield Obligation(unit, period, form, due_on, clause, report, timeliness)

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

    def _find_consolidated(
        self, unit: Unit, form: Form, period: Period, received: Mapping[ObligationKey, ReceivedReport]
    ) -> ReceivedReport | None:
        """Return the report of a district whose communes, all that are expected to state the form, reported themselves."""
        on = period.ends_on
        indicators = self.catalogue.find_indicators(form.code, on)
        is_of_communes = all(indicator.level == "commune" for indicator in indicators)
        if unit.level != "district" or not indicators or not is_of_communes:
            return None
        expected = {
            commune.code
            for indicator in indicators
            for commune in self.territory.communes(unit.code, on, indicator.kinds)
        }
        by_commune = [received.get((code, str(period), form.code)) for code in expected]
        reports = [report for report in by_commune if report is not None]
        if not reports or len(reports) < len(by_commune):
            return None
        latest = max(reports, key=lambda report: report.judged_at)
        return ReceivedReport(
            report_id=latest.report_id,
            state="accepted" if all(report.state == "accepted" for report in reports) else "submitted",
            received_at=max(report.received_at for report in reports),
            nil=all(report.nil for report in reports),
            first_received_at=latest.judged_at,
        )

    def _find_live_day(self, unit: str, on: date) -> date | None:
        line = (unit, *(above.code for above in self.territory.ancestors(unit, on)))
        return find_live_day(line, self.live_on, self.default_live_on)


def find_live_day(line: Iterable[str], live_on: Mapping[str, date], default: date | None) -> date | None:
    """Return the day that a unit went live: that of the nearest of it and those above it which has one."""
    return next((live_on[code] for code in line if code in live_on), default)


def find_owing_units(territory: Territory, root: str, form: Form, period: Period) -> tuple[Unit, ...]:
    """Return the units at and below a root that owe a form: its districts, or its communes where there are none."""
    on = period.ends_on
    top = territory.unit(root, on)
    if form.owed_by == "commune":
        return territory.communes(root, on)
    if top.level == "commune":
        return (top,) if territory.answering_unit(root, on).level != "district" else ()
    if top.level == "district":
        return (top,)
    districts = tuple(unit for unit in territory.children(root, on) if unit.level == "district")
    return districts or territory.communes(root, on)


def judge_timeliness(
    due_on: date | None, report: ReceivedReport | None, *, today: date, live_on: date | None, period: Period
) -> Timeliness:
    """Judge by the server's receipt. A report for a period before the unit went live is backfilled and not judged."""
    if live_on is not None and period.ends_on < live_on:
        return "backfilled" if report else "not_judged"
    if due_on is None:
        return "not_judged"
    if report is None:
        return "overdue" if today > due_on else "pending"
    return "on_time" if local_day(report.judged_at) <= due_on else "late"
