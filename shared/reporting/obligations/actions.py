"""State the day on which a unit goes live."""

from datetime import date

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.periods import Period, PeriodKind
from shared.reporting.context import ReportingContext
from shared.reporting.obligations import store


async def set_live_day(context: ReportingContext, unit: str, live_on: date) -> None:
    """Insert the day from which a unit, and what is below it, is judged for timeliness, and publish it."""
    context.require_unit(unit, Period.from_day(live_on, PeriodKind.MONTH))
    at = await lock_feed(context.session, context.clock)
    await store.insert_live_day(context.session, unit, live_on, context.caller.client_id, at)
    data = {"unit": unit, "live_on": live_on.isoformat()}
    await publish_events(context.session, at, [Event("unit.went_live", f"go-lives/{unit}", data)])
