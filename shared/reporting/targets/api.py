"""The routes of targets."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from shared.kit.cached_routes import CachedRoute
from shared.kit.paging import Page, Paging, paged_by
from shared.periods import parse_plan_period
from shared.reporting.context import PlannerContext, PublicContext
from shared.reporting.query_params import PlanPeriodFilter, PlanPeriodPath
from shared.reporting.targets import actions, store
from shared.reporting.targets.rules import Plan
from shared.reporting.targets.schemas import TargetOut, TargetsIn, TargetsOut
from shared.territory.named_rows import name_units
from shared.territory.query_params import UnitFilter

router = APIRouter(prefix="/targets", tags=["targets"], route_class=CachedRoute)


@router.put("/{period}/{unit}", summary="Set targets")
async def set_targets(
    *,
    context: PlannerContext,
    period: PlanPeriodPath,
    unit: str,
    body: TargetsIn,
    response: Response,
    if_match: Annotated[str | None, Header(description="version seen, to revise what is in force")] = None,
) -> TargetsOut:
    """State what a decision plans for a year, a half year or several years (`2021-2025`).

    A plan is a value, a least value (`at_least`), a greatest value (`at_most`) or a range from `value` to `upper`. Figures
    not named keep their target; nothing is lost by a revision.
    """
    targets = await actions.set_targets(
        context,
        unit=unit,
        period=period,
        decision=actions.TargetDecision(body.decision.number, body.decision.date),
        planned=[
            actions.PlannedValue(
                target.indicator,
                target.dimension,
                target.standard,
                Plan(target.kind, target.value, target.upper),
            )
            for target in body.targets
        ],
        if_match=if_match,
    )
    response.headers["ETag"] = actions.make_version_tag(targets)
    split_key = context.engine.catalogue.split_key
    rows = [TargetOut.from_target(target, split_key(target.indicator)) for target in targets.values()]
    on = actions.find_measured_period(context.territory, unit, period).ends_on
    return TargetsOut(items=name_units(context.territory, rows, lambda _: on))


@router.get("", summary="List targets")
async def list_targets(
    *,
    context: PublicContext,
    unit: UnitFilter,
    period: PlanPeriodFilter,
    indicator: Annotated[str | None, Query(max_length=100, description="code of a figure")] = None,
    paging: Annotated[Paging, paged_by(100)],
) -> Page[TargetOut]:
    """List targets with all their revisions, newest first; the first of a unit, period and figure is in force."""
    catalogue = context.engine.catalogue
    query = store.select_target_history(
        [unit] if unit else None,
        str(period) if period else None,
        catalogue.require_series(indicator) if indicator else None,
    )
    page = await paging.fetch(
        context.session,
        query,
        serialize=lambda row: TargetOut.from_target(row[0], catalogue.split_key(row[0].indicator)),
    )
    items = name_units(
        context.territory,
        page.items,
        lambda row: (
            actions.find_measured_period(context.territory, row.unit, parse_plan_period(row.period)).ends_on
        ),
    )
    return Page(items=items, next=page.next)
