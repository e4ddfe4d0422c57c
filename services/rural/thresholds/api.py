"""The routes of thresholds."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response

from services.rural.criteria.api import CurrentCriteriaSets, CurrentThresholds
from services.rural.thresholds import actions, store
from services.rural.thresholds.current import ThresholdsFollower
from services.rural.thresholds.schemas import (
    ThresholdRow,
    ThresholdsOut,
    ThresholdTableDetail,
    ThresholdTableIn,
    ThresholdTableReplaced,
    ThresholdTableSummary,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page, Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.resources import Resources, resource
from shared.kit.routes import RouteHandler
from shared.kit.transactions import DryRun, TransactionRoute
from shared.periods import FIRST_YEAR, LAST_YEAR, Period, local_day
from shared.reporting.context import PublicContext, RegistrarContext
from shared.territory.named_rows import find_unit_names
from shared.territory.query_params import UnitQuery


class ThresholdsRoute(TransactionRoute):
    """A transaction route after which the service judges by the table that was recorded."""

    async def write(self, request: Request, handler: RouteHandler, resources: Resources) -> Response:
        """Run the request, and take the committed table over before the response is sent."""
        response = await super().write(request, handler, resources)
        await resources.get(ThresholdsFollower).follow(resources)
        return response


router = APIRouter(prefix="/v1/rural/thresholds", tags=["criteria"], route_class=ThresholdsRoute)

CurrentFollower = Annotated[ThresholdsFollower, Depends(resource(ThresholdsFollower))]
ProvincePath = Annotated[str, Path(min_length=2, max_length=12, description="code of a province")]


DayQuery = Annotated[
    IsoDate | None,
    Query(description="a day on which the code names the province; today, or its last day, when left out"),
]


@router.get("", summary="Read the thresholds by which a unit is judged")
async def list_thresholds(
    *,
    context: PublicContext,
    sets: CurrentCriteriaSets,
    thresholds: CurrentThresholds,
    unit: UnitQuery,
    year: Annotated[
        int | None,
        Query(ge=FIRST_YEAR, le=LAST_YEAR, description="assessment year; the last full one when left out"),
    ] = None,
    on: Annotated[
        IsoDate | None, Query(description="day of the map; the last day of the year when left out")
    ] = None,
) -> ThresholdsOut:
    """Read each number that is compared with a threshold, with the one of a unit and year, its basis and its confidence.

    A threshold of the unit itself or of a unit above it goes before that of its region.
    """
    period = Period(year or local_day(context.now).year - 1)
    day = on or period.ends_on
    code = unit.on(day).code
    region, rows = actions.list_thresholds(
        sets, thresholds.current, context.territory, code, period.year, day
    )
    return ThresholdsOut(
        unit=code,
        **find_unit_names(context.territory, code, day),
        year=period.year,
        region=region,
        unsure=sum(actions.is_unsure(threshold) for _, threshold in rows),
        missing=sum(threshold is None for _, threshold in rows),
        items=[ThresholdRow.from_number(number, threshold) for number, threshold in rows],
    )


@router.put("/{unit}", summary="Replace the thresholds of a province")
async def replace_thresholds(
    *,
    context: RegistrarContext,
    sets: CurrentCriteriaSets,
    follower: CurrentFollower,
    unit: ProvincePath,
    draft: Annotated[PartialBody[ThresholdTableIn], Body()],
    response: Response,
    dry_run: DryRun,
    if_match: Annotated[
        str | None, Header(description="the table that was read (its ETag); required where there is one")
    ] = None,
) -> ThresholdTableReplaced:
    """Replace the thresholds that a province sets by its decision, all of them in one call; each table is kept.

    They go before those of the region. Accepted verdicts stay as they are; the answer lists those that would be others by
    the same values, and a dry run shows them without recording anything.
    """
    replaced = await actions.replace_table(context, draft, unit, if_match, sets, follower.shipped)
    response.headers["ETag"] = actions.make_tag(replaced.table)
    return ThresholdTableReplaced.from_tables(
        replaced.before, replaced.table, replaced.changed_verdicts, context.territory, dry_run=dry_run
    )


@router.get("/{unit}", summary="Read the table of thresholds of a province")
async def read_threshold_table(
    *, context: PublicContext, unit: ProvincePath, on: DayQuery = None, response: Response
) -> ThresholdTableDetail:
    """Read the thresholds that a province has set by its latest decision; its ETag is for replacing them."""
    province = actions.find_province(context.territory, unit, on or local_day(context.now))
    table = await store.read_latest_table(context.session, province.key)
    if table is None:
        raise actions.ThresholdTableNotFound(unit=province.code)
    response.headers["ETag"] = actions.make_tag(table)
    return ThresholdTableDetail.from_table(table, context.territory)


@router.get("/{unit}/versions", summary="List the tables of thresholds of a province")
async def list_threshold_tables(
    *,
    context: PublicContext,
    unit: ProvincePath,
    on: DayQuery = None,
    paging: Annotated[Paging, paged_by(50)],
) -> Page[ThresholdTableSummary]:
    """List the tables that a province has set, the latest first."""
    province = actions.find_province(context.territory, unit, on or local_day(context.now))
    return await paging.fetch(
        context.session,
        store.select_tables(province.key),
        serialize=lambda row: ThresholdTableSummary.from_row(row[0], context.territory),
    )


@router.get("/{unit}/versions/{number}", summary="Read one table of thresholds")
async def read_threshold_table_version(
    *,
    context: PublicContext,
    unit: ProvincePath,
    on: DayQuery = None,
    number: Annotated[int, Path(ge=1, le=1_000_000, description="number of the table")],
) -> ThresholdTableDetail:
    """Read a table of a province with its rows and the decision behind it."""
    province = actions.find_province(context.territory, unit, on or local_day(context.now))
    table = await store.find_table(context.session, province.key, number)
    if table is None:
        raise actions.ThresholdTableNotFound(unit=province.code)
    return ThresholdTableDetail.from_table(table, context.territory)
