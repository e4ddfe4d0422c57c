"""Read the obligations of a unit, and the calendar that they follow from."""

from collections.abc import Collection
from datetime import date

from shared.periods import Period, local_day
from shared.reporting.context import ReportingContext
from shared.reporting.obligations import store
from shared.reporting.obligations.rules import Obligation, ObligationCalendar


async def read_calendar(context: ReportingContext) -> ObligationCalendar:
    """Return the calendar of today."""
    return ObligationCalendar(
        context.engine.catalogue,
        context.territory,
        local_day(context.now),
        await store.read_live_days(context.session),
        context.engine.live_on,
        context.engine.windows,
    )


async def read_obligations(context: ReportingContext, unit: str, *, with_met: bool) -> list[Obligation]:
    """Return the open obligations of a unit itself, or all of its last year, the earliest due first.

    Raise `UnknownUnit` for a code that no unit ever had.
    """
    context.territory.versions(unit)
    calendar = await read_calendar(context)
    periods = calendar.list_periods()
    reporting = _find_reporting_units(context, unit, periods)
    received = await store.read_received_reports(
        context.session, context.engine.catalogue, periods, reporting
    )
    obligations = [
        obligation
        for period in periods
        if context.territory.find(unit, period.ends_on)
        for obligation in calendar.list_obligations(unit, period, received)
        if obligation.unit.code == unit and (with_met or obligation.is_open)
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
