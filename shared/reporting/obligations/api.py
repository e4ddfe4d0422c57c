"""The routes of obligations: completeness of a period, open obligations of a unit, days of going live."""

from typing import Annotated

from fastapi import APIRouter, Query

from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf
from shared.periods import local_day
from shared.reporting.basis import BasisName
from shared.reporting.context import AreaContext, PlannerContext, PublicContext
from shared.reporting.obligations import actions, store
from shared.reporting.obligations.reading import read_calendar, read_obligations
from shared.reporting.obligations.schemas import (
    CompletenessOut,
    GoLiveIn,
    GoLiveOut,
    ObligationOut,
    ObligationsOut,
)
from shared.reporting.query_params import MapOn, PeriodQuery
from shared.territory.query_params import UnitOrAreaQuery

MetBy = Annotated[
    BasisName,
    Query(
        description="provisional: a report that was received meets what is owed; accepted: only one that was accepted"
    ),
]
"""The basis on which an obligation is met."""

router = APIRouter(tags=["obligations"], route_class=CachedRoute)


@router.get("/completeness", summary="Who owes what, who is late")
async def read_completeness(
    *,
    context: AreaContext,
    period: PeriodQuery,
    unit: UnitOrAreaQuery,
    basis: MetBy = "provisional",
    as_of: AsOf = None,
    map_on: MapOn = None,
) -> CompletenessOut:
    """Read, for every unit and form owed, whether a report was received, in which state, and whether in time.

    As of an instant it is what was received and judged by then. On the map of another day it is what the units of the period owe
    whose land lies in the unit.
    """
    owing = unit.on(map_on or period.ends_on)
    calendar = await read_calendar(context, as_of)
    received = await store.read_received_reports(
        context.session, context.engine.catalogue, [period], basis=basis, as_of=as_of
    )
    obligations = (
        calendar.list_obligations(owing.code, period, received)
        if map_on is None or context.territory.same_map(map_on, period.ends_on)
        else calendar.list_obligations_on_map(owing.code, map_on, period, received)
    )
    return CompletenessOut.from_obligations(owing, period, list(obligations))


@router.get("/obligations", summary="What one unit has open")
async def list_obligations(
    *,
    context: PublicContext,
    unit: Annotated[str, Query(min_length=2, max_length=12, description="code of the unit")],
    include: Annotated[
        str, Query(pattern="^(open|all)$", description="open ones, or all of the last year")
    ] = "open",
    basis: MetBy = "provisional",
    as_of: AsOf = None,
) -> ObligationsOut:
    """Read what a unit itself still owes, the most urgent first; small enough for a phone.

    Of a code that was given again it is what the latest unit owes. As of an instant it is what was open then.
    """
    today = local_day(as_of or context.now)
    obligations = await read_obligations(
        context, unit, today, with_met=include == "all", basis=basis, as_of=as_of
    )
    return ObligationsOut(
        unit=unit,
        today=today,
        items=[ObligationOut.from_obligation(obligation) for obligation in obligations],
    )


@router.put("/go-lives/{unit}", summary="State when a unit goes live")
async def set_go_live(*, context: PlannerContext, unit: str, body: GoLiveIn) -> GoLiveOut:
    """State the day from which a unit, and what is below it, is judged for timeliness; the latest statement counts."""
    await actions.set_live_day(context, unit, body.live_on)
    return GoLiveOut(unit=unit, live_on=body.live_on)
