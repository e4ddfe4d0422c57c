"""The routes of recognitions."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.rural.criteria.api import CurrentCriteriaSets
from services.rural.criteria.sets import RecognitionLevel
from services.rural.recognitions import actions, store
from services.rural.recognitions.queries import name_recognitions
from services.rural.recognitions.schemas import (
    RecognitionIn,
    RecognitionOut,
    RecognitionsPage,
    RecognitionsSummaryOut,
    SetCountOut,
)
from services.rural.recognitions.store import RecognitionFilter
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.periods import FIRST_YEAR, LAST_YEAR, local_day
from shared.reporting.context import PublicContext, RegistrarContext
from shared.reporting.registers import (
    UnitsQuery,
    expand_units,
    require_units,
    set_created_or_existing,
)
from shared.territory.query_params import UnitQuery
from shared.territory.villages.store import with_villages

router = APIRouter(prefix="/v1/rural", tags=["recognitions"], route_class=CachedRoute)


def _make_filter(
    level: Annotated[RecognitionLevel | None, Query(description="only this level")] = None,
    unit_level: Annotated[
        Literal["commune", "village"] | None, Query(description="only communes, or only villages")
    ] = None,
    criteria_set: Annotated[
        str | None, Query(max_length=60, description="only under this criteria set")
    ] = None,
    year: Annotated[
        int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="only those for this year")
    ] = None,
    as_of: AsOf = None,
) -> RecognitionFilter:
    return RecognitionFilter(level, unit_level, criteria_set, year, as_of)


@router.post("/recognitions", status_code=status.HTTP_201_CREATED, summary="Recognize a commune or village")
async def recognize(
    *,
    context: RegistrarContext,
    sets: CurrentCriteriaSets,
    draft: Annotated[PartialBody[RecognitionIn], Body()],
    response: Response,
) -> RecognitionOut:
    """State a decision that a commune or village meets a standard.

    Advanced requires a recognition at the level meets in force; model requires an advanced one. The accepted assessment
    of the year must meet every criterion, and must exist where the unit had gone live by then or was reported on before.
    A decision that breaks one of these rules is refused with the clause (409), or accepted by a recorded exception with
    its reason. A unit that was recognized at the level before is recognized again with `grounds`; from then on the
    earlier recognition is not in force. The same decision again answers 200 with the existing recognition.
    """
    result = await actions.recognize(context, draft, sets)
    set_created_or_existing(response, f"{store.PATH}/{result.row.id}", created=result.created)
    (recognition,) = await name_recognitions(context, [RecognitionOut.from_row(result.row, sets)])
    return recognition


@router.get("/recognitions", summary="List recognitions")
async def list_recognitions(
    *,
    context: PublicContext,
    sets: CurrentCriteriaSets,
    filters: Annotated[RecognitionFilter, Depends(_make_filter)],
    unit: UnitsQuery = None,
    in_force_on: Annotated[
        IsoDate | None, Query(description="only those in force on this day, on the map of that day")
    ] = None,
    paging: Annotated[Paging, paged_by(100)],
) -> RecognitionsPage:
    """List recognitions, newest first: all of them, revoked ones included, or those in force on a day."""
    territory = await with_villages(context.session, context.territory, unit or [])
    if in_force_on is None:
        query = store.select_recognitions(require_units(territory, unit), filters)
    else:
        units = expand_units(territory, unit, in_force_on)
        query = store.select_listed_in_force(units, in_force_on, filters)
    page = await paging.fetch(
        context.session,
        query,
        serialize=lambda row: RecognitionOut.from_row(row[0], sets, filters.as_of),
    )
    return RecognitionsPage(items=await name_recognitions(context, page.items), next=page.next)


@router.get("/recognitions/summary", summary="Count recognized units by criteria set")
async def read_recognitions_summary(
    *,
    context: PublicContext,
    sets: CurrentCriteriaSets,
    unit: UnitQuery,
    on: Annotated[IsoDate | None, Query(description="the day of the counts; today when left out")] = None,
    as_of: AsOf = None,
) -> RecognitionsSummaryOut:
    """Count the communes and villages recognized on a day by level and criteria set.

    A recognition under an earlier set is in force until the unit is recognized again, or it is revoked.
    """
    day = on or local_day(context.now)
    code = unit.on(day).code
    units = expand_units(context.territory, [code], day)
    counts = await store.count_by_set(context.session, units, day, as_of)
    items = [SetCountOut.from_count(count, sets, day) for count in counts]
    items.sort(key=lambda count: count.sort_key)
    return RecognitionsSummaryOut(unit=code, on=day, items=items)


@router.get("/recognitions/{recognition_id}", summary="Read one recognition")
async def read_recognition(
    *, context: PublicContext, sets: CurrentCriteriaSets, recognition_id: uuid.UUID
) -> RecognitionOut:
    """Read one recognition as it was stated, with its revocation."""
    row = await store.find_recognition(context.session, recognition_id)
    if row is None:
        raise store.RecognitionNotFound(recognition=str(recognition_id))
    (recognition,) = await name_recognitions(context, [RecognitionOut.from_row(row, sets)])
    return recognition
