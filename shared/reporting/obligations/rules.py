"""Who owes what, by when, under which clause, and whether it came in time. Pure; the day is passed in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from shared.periods import Period, local_day
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form, find_due_rule
from shared.territory.tree import Territory
from shared.territory.units import Unit

State = Literal["missing", "submitted", "accepted"]
Timeliness = Literal["on_time", "late", "overdue", "pending", "backfilled", "not_judged"]

LOOK_BACK = timedelta(days=400)
"""A phone is shown what a little more than the last year left open."""

OwedReport = tuple[str, str, str]
"""What names an obligation: unit, period, form."""


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """The standing report of a unit on a form."""

    report_id: str
    state: State
    received_at: datetime
    nil: bool
    first_received_at: datetime | None = None
    """Receipt of the first of the reports that it corrects; None when it corrects none. A returned report is none."""

    @property
    def judged_at(self) -> datetime:
        """The receipt that timeliness is judged by: who corrects late what came in time has not come late."""
        return self.first_received_at or self.received_at


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one unit owes on one form for one period, and what came of it."""

    unit: Unit
    period: Period
    form: Form
    due_on: date | None
    clause: str | None
    received: ReceivedReport | None
    timeliness: Timeliness

    @property
    def judged(self) -> bool:
        """Whether it counts when the share of reports in time is taken."""
        return self.timeliness in {"on_time", "late", "overdue"}

    @property
    def open(self) -> bool:
        """Whether something is still to be sent; what lies before going live is not asked for."""
        before_live = self.due_on is not None and self.timeliness == "not_judged"
        return self.received is None and not before_live


@dataclass(frozen=True)
class Calendar:
    """What it takes to say who owes what: the catalogue's rules, the tree, who went live when, and today."""

    catalogue: Catalogue
    territory: Territory
    today: date
    live_on: Mapping[str, date]
    """Days of going live, by unit; a unit without one takes that of the nearest unit above it."""
    live_by_default: date | None = None

    def owed_for(
        self, root: str, period: Period, received: Mapping[OwedReport, ReceivedReport]
    ) -> Iterator[Obligation]:
        """Give what every unit at and below a root owes for a period, in the order of forms and units."""
        for form in self.catalogue.find_forms(period.kind, period.ends_on):
            due = find_due_rule(form.due, period)
            due_on = due.compute_due_on(period) if due else None
            for unit in owing_units(self.territory, root, form, period):
                came = received.get((unit.code, str(period), form.code)) or self._consolidated(
                    unit, form, period, received
                )
                live_on = self._live_on(unit.code, period.ends_on)
                timeliness = judge(due_on, came, today=self.today, live_on=live_on, period=period)
                yield Obligation(unit, period, form, due_on, due.clause if due else None, came, timeliness)

    def periods(self) -> list[Period]:
        """Give the periods that something may be open for today: begun, and ended no longer ago than a year or so."""
        kinds = {kind for form in self.catalogue.forms.values() for kind in form.periods}
        found = []
        for kind in kinds:
            period = Period.from_day(self.today, kind)
            while period.ends_on >= self.today - LOOK_BACK:
                found.append(period)
                period = period.previous()
        return sorted(found, key=lambda it: (it.ends_on, it.kind), reverse=True)

    def _consolidated(
        self, unit: Unit, form: Form, period: Period, received: Mapping[OwedReport, ReceivedReport]
    ) -> ReceivedReport | None:
        """Give what a district consolidated by review: every commune expected to state the form reported for itself."""
        on = period.ends_on
        stated = self.catalogue.find_indicators(form.code, on)
        if unit.level != "district" or not stated or any(it.level != "commune" for it in stated):
            return None
        expected = {
            commune.code for it in stated for commune in self.territory.communes(unit.code, on, it.kinds)
        }
        came = [received.get((code, str(period), form.code)) for code in expected]
        each = [it for it in came if it is not None]
        if not each or len(each) < len(came):
            return None
        latest = max(each, key=lambda it: it.judged_at)
        return ReceivedReport(
            report_id=latest.report_id,
            state="accepted" if all(it.state == "accepted" for it in each) else "submitted",
            received_at=max(it.received_at for it in each),
            nil=all(it.nil for it in each),
            first_received_at=latest.judged_at,
        )

    def _live_on(self, unit: str, on: date) -> date | None:
        line = (unit, *(above.code for above in self.territory.ancestors(unit, on)))
        return live_day(line, self.live_on, self.live_by_default)


def live_day(line: Iterable[str], live_on: Mapping[str, date], by_default: date | None) -> date | None:
    """Give the day that a unit went live: that of the nearest of it and those above it for which one was stated."""
    return next((live_on[code] for code in line if code in live_on), by_default)


def owing_units(territory: Territory, root: str, form: Form, period: Period) -> tuple[Unit, ...]:
    """Give the units at and below a root that owe a form: its districts, or its communes where there are none."""
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


def judge(
    due_on: date | None, received: ReceivedReport | None, *, today: date, live_on: date | None, period: Period
) -> Timeliness:
    """Judge by the server's receipt. What concerns periods before the unit went live is backfilled, not judged."""
    if live_on is not None and period.ends_on < live_on:
        return "backfilled" if received else "not_judged"
    if due_on is None:
        return "not_judged"
    if received is None:
        return "overdue" if today > due_on else "pending"
    return "on_time" if local_day(received.judged_at) <= due_on else "late"
