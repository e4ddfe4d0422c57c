"""Read the obligations of a unit, and the calendar that they follow from."""

from collections.abc import Collection
from datetime import date, datetime

from shared.periods import Period, local_day
from shared.reporting.basis import BasisName
from shared.reporting.context import ReportingContext
from shared.reporting.obligations import store
from shared.reporting.obligations.live_days import LiveDays
from shared.reporting.obligations.rules import Obligation, ObligationCalendar
from shared.territory.rights import find_unit_as_of


async def read_calendar(context: ReportingContext, as_of: datetime | None = None) -> ObligationCalendar:
    """Return the calendar of today, or of the day of an instant with the days of going live that were stated by then."""
    stated = await store.read_live_days(context.session, as_of)
    return ObligationCalendar(
        context.engine.catalogue,
        context.territory,
        local_day(as_of or context.now),
        LiveDays(context.territory, stated, context.engine.live_on, context.engine.province),
        context.engine.windows,
    )


async def read_obligations(
    context: ReportingContext,
    unit: str,
    today: date,
    *,
    with_met: bool,
    basis: BasisName = "provisional",
    as_of: datetime | None = None,
) -> list[Obligation]:
    """Return the open obligations of a unit itself, or all of its last year, the earliest due first.

    Of a code that was given again, those of the latest unit that has it by today. Raise `UnknownUnit` for a code that no
    unit ever had.
    """
    latest = find_unit_as_of(context.territory, unit, today)
    owing = context.territory.find_keys_of_land(latest) if latest else frozenset()
    calendar = await read_calendar(context, as_of)
    periods = calendar.list_periods()
    reporting = _find_reporting_units(context, unit, periods)
    received = await store.read_received_reports(
        context.session, context.engine.catalogue, periods, reporting, basis=basis, as_of=as_of
    )
    obligations = [
        obligation
        for period in periods
        if context.territory.find(unit, period.ends_on)
        for obligation in calendar.list_obligations(unit, period, received)
        if obligation.unit.code == unit and obligation.unit.key in owing and (with_met or obligation.is_open)
    ]
    return sorted(obligations, key=_by_urgency)


def _by_urgency(obligation: Obligation) -> tuple[date, date, str]:
    return obligation.due_on or date.max, obligation.period.ends_on, obligation.form.code


def _find_reporting_units(context: ReportingContext, unit: str, periods: Collection[Period]) -> set[str]:
    """Return a unit, those above it, and those below one that is no commune, whose reports may meet its obligation as well."""
    reporting, territory = {unit}, context.territory
    for on in {period.ends_on for period in periods}:
        version = territory.find(unit, on)
        if version is not None:
            reporting.update(above.code for above in territory.ancestors(unit, on))
        if version is not None and version.level in ("district", "province"):
            reporting.update(
                below.code for below in territory.descendants(unit, on) if below.level != "village"
            )
    return reporting
