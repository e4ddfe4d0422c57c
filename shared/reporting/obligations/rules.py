"""Who owes what, and whether it came in time. Pure; the day is passed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from shared.periods import Period, local_day
from shared.reporting.catalogue import Catalogue, Form
from shared.territory.tree import Territory
from shared.territory.units import Unit

State = Literal["missing", "submitted", "accepted"]
Timeliness = Literal["on_time", "late", "overdue", "pending", "backfilled", "not_judged"]


@dataclass(frozen=True, slots=True)
class Received:
    """The standing report of a unit on a form."""

    report_id: str
    state: State
    received_at: datetime
    nil: bool


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one unit owes on one form for one period, and what came of it."""

    unit: Unit
    form: Form
    due_on: date | None
    received: Received | None
    timeliness: Timeliness


def owing_units(territory: Territory, root: str, form: Form, period: Period) -> tuple[Unit, ...]:
    """Give the units at and below a root that owe a form: its districts, or its communes where there are none."""
    on = period.ends_on
    top = territory.unit(root, on)
    if form.owed_by == "commune" or top.level == "commune":
        return territory.communes(root, on) if form.owed_by == "commune" else ()
    if top.level == "district":
        return (top,)
    districts = tuple(unit for unit in territory.children(root, on) if unit.level == "district")
    return districts or territory.communes(root, on)


def due_on(form: Form, period: Period) -> date | None:
    """Give the last day on which a report is on time, or None where no rule was found."""
    return None if form.due_days is None else period.ends_on + timedelta(days=form.due_days)


def judge(
    due: date | None, received: Received | None, *, today: date, live_on: date | None, period: Period
) -> Timeliness:
    """Judge by the server's receipt. What concerns periods before the unit went live is backfilled, not judged."""
    if live_on is not None and period.ends_on < live_on:
        return "backfilled" if received else "not_judged"
    if due is None:
        return "not_judged"
    if received is None:
        return "overdue" if today > due else "pending"
    return "on_time" if local_day(received.received_at) <= due else "late"


def obligations(
    catalogue: Catalogue,
    territory: Territory,
    *,
    root: str,
    period: Period,
    received: Mapping[tuple[str, str], Received],
    today: date,
    live_on: date | None,
) -> Iterable[Obligation]:
    """Give what every unit below a root owes for a period, in the order of forms and units."""
    for form in catalogue.form_for(period.kind, period.ends_on):
        due = due_on(form, period)
        for unit in owing_units(territory, root, form, period):
            came = received.get((unit.code, form.code))
            timeliness = judge(due, came, today=today, live_on=live_on, period=period)
            yield Obligation(unit, form, due, came, timeliness)
