"""Where obligations are said: who owes what, who is late, what one unit has open, and who went live when."""

from collections.abc import Collection
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.transactions import TransactionRoute
from shared.periods import Period, PeriodKind, local_day
from shared.reporting.context import PlannerContext, PublicContext, ReportingContext
from shared.reporting.figures.rules import compute_share_percent
from shared.reporting.obligations import store
from shared.reporting.obligations.rules import ObligationCalendar
from shared.reporting.obligations.schemas import (
    CompletenessOut,
    GoLiveIn,
    GoLiveOut,
    ObligationOut,
    ObligationsOut,
)
from shared.reporting.query_params import PeriodQuery
from shared.territory.query_params import UnitQuery

router = APIRouter(tags=["obligations"], route_class=TransactionRoute)


@router.get("/completeness", summary="Who owes what, who is late")
async def read_completeness(
    *,
    context: PublicContext,
    period: PeriodQuery,
    unit: UnitQuery,
) -> CompletenessOut:
    """Read, for every unit and form owed, whether a report came, in which state, and whether in time."""
    place = unit.on(period.ends_on).code
    calendar = await _calendar(context)
    owed = list(
        calendar.list_obligations(place, period, await store.read_received_reports(context.session, [period]))
    )
    reported = sum(1 for it in owed if it.received)
    on_time = sum(1 for it in owed if it.timeliness == "on_time")
    judged = sum(1 for it in owed if it.is_judged)
    return CompletenessOut(
        unit=place,
        period=str(period),
        expected=len(owed),
        reported=reported,
        accepted=sum(1 for it in owed if it.received and it.received.state == "accepted"),
        on_time=on_time,
        judged=judged,
        reported_percent=compute_share_percent(reported, len(owed)),
        on_time_percent=compute_share_percent(on_time, judged),
        items=[ObligationOut.from_obligation(it) for it in owed],
    )


@router.get("/obligations", summary="What one unit has open")
async def list_obligations(
    *,
    context: PublicContext,
    unit: Annotated[str, Query(min_length=2, max_length=12, description="code of the unit")],
    include: Annotated[
        str, Query(pattern="^(open|all)$", description="open ones, or all of the last year")
    ] = "open",
) -> ObligationsOut:
    """Read what a unit itself still owes, the most urgent first; small enough for a phone."""
    context.territory.versions(unit)  # a unit that never was is refused, not said to owe nothing
    calendar = await _calendar(context)
    periods = calendar.list_periods()
    came = await store.read_received_reports(context.session, periods, _speaking_for(context, unit, periods))
    owed = [
        it
        for period in periods
        if context.territory.find(unit, period.ends_on)
        for it in calendar.list_obligations(unit, period, came)
        if it.unit.code == unit and (include == "all" or it.is_open)
    ]
    owed.sort(key=lambda it: (it.due_on or date.max, it.period.ends_on, it.form.code))
    return ObligationsOut(
        unit=unit, today=calendar.today, items=[ObligationOut.from_obligation(it) for it in owed]
    )


@router.put("/go-lives/{unit}", summary="State when a unit goes live")
async def set_go_live(*, context: PlannerContext, unit: str, body: GoLiveIn) -> GoLiveOut:
    """State the day from which a unit, and what is below it, is judged for timeliness; the latest statement counts."""
    context.require_unit(unit, Period.from_day(body.live_on, PeriodKind.MONTH))
    at = await lock_feed(context.session, context.clock)
    await store.insert_live_day(context.session, unit, body.live_on, context.caller.client_id, at)
    happened = Event(
        "unit.went_live", f"go-lives/{unit}", {"unit": unit, "live_on": body.live_on.isoformat()}
    )
    await publish_events(context.session, at, [happened])
    return GoLiveOut(unit=unit, live_on=body.live_on)


def _speaking_for(context: ReportingContext, unit: str, periods: Collection[Period]) -> set[str]:
    """Give a unit, and the communes by whose reports a district's obligation is met as well."""
    found = {unit}
    for on in {period.ends_on for period in periods}:
        one = context.territory.find(unit, on)
        if one is not None and one.level == "district":
            found.update(commune.code for commune in context.territory.communes(unit, on))
    return found


async def _calendar(context: ReportingContext) -> ObligationCalendar:
    return ObligationCalendar(
        context.engine.catalogue,
        context.territory,
        local_day(context.now),
        await store.read_live_days(context.session),
        context.engine.live_on,
    )
