"""Where recognitions are said."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

from services.rural.criteria.api import TheSets
from services.rural.criteria.sets import RecognitionLevel
from services.rural.recognitions import actions, in_force, store
from services.rural.recognitions.schemas import (
    RecognitionIn,
    RecognitionOut,
    RecognitionsPage,
    RecognitionsSummaryOut,
    UnderSetOut,
)
from services.rural.recognitions.store import Sought
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.periods import FIRST_YEAR, LAST_YEAR, local_day
from shared.reporting.context import PublicContext, RegistrarContext
from shared.reporting.registers import (
    UnitsQuery,
    expand_units,
    parse_units,
    set_created_or_existing,
    with_villages,
)
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/rural", tags=["recognitions"], route_class=TransactionRoute)


def _sought(
    level: Annotated[RecognitionLevel | None, Query(description="only this level")] = None,
    unit_level: Annotated[
        Literal["commune", "village"] | None, Query(description="only communes, or only villages")
    ] = None,
    criteria_set: Annotated[str | None, Query(max_length=60, description="only under this set")] = None,
    year: Annotated[
        int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="only those for this year")
    ] = None,
    as_of: AsOf = None,
) -> Sought:
    return Sought(level, unit_level, criteria_set, year, as_of)


@router.post("/recognitions", status_code=status.HTTP_201_CREATED, summary="Recognize a commune or village")
async def recognize(
    *,
    context: RegistrarContext,
    sets: TheSets,
    draft: Annotated[PartialBody[RecognitionIn], Body()],
    response: Response,
) -> RecognitionOut:
    """State a decision that a commune or village meets a standard.

    Advanced needs a recognition at the level meets in force, model needs an advanced one, and the accepted assessment of
    the year must not fall short, nor be missing where the unit had gone live by then or was reported on before: refused with the clause (409), or
    accepted by a recorded exception with its reason. Whoever was recognized at the level before says on which `grounds`
    it is recognized again; from then on the earlier one is no longer in force. Stating the same decision again answers 200 with what is kept.
    """
    kept = await actions.recognize(context, draft, sets)
    set_created_or_existing(response, f"{store.PATH}/{kept.row.id}", created=kept.created)
    return RecognitionOut.of(kept.row, sets)


@router.get("/recognitions", summary="List recognitions")
async def list_recognitions(
    *,
    context: PublicContext,
    sets: TheSets,
    request: Request,
    response: Response,
    sought: Annotated[Sought, Depends(_sought)],
    unit: UnitsQuery = None,
    in_force_on: Annotated[
        IsoDate | None, Query(description="only those in force on this day, on the map of that day")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> RecognitionsPage:
    """List recognitions, newest first: all that were stated, revoked ones included, or those in force on a day."""
    territory = await with_villages(context.session, context.territory, unit.split(",") if unit else [])
    if in_force_on is None:
        query = store.listed(parse_units(territory, unit), sought)
    else:
        below = expand_units(territory, unit, in_force_on)
        query = in_force.listed(below, in_force_on, sought)
    found = await fetch_page(
        context.session,
        query,
        limit=limit,
        cursor=cursor,
        said=lambda row: RecognitionOut.of(row[0], sets, sought.as_of),
    )
    set_next_link(request, response, found.next)
    return found


@router.get("/recognitions/summary", summary="Count recognized units by criteria set")
async def read_recognitions_summary(
    *,
    context: PublicContext,
    sets: TheSets,
    unit: UnitQuery,
    on: Annotated[IsoDate | None, Query(description="the day that is read; today when left out")] = None,
    as_of: AsOf = None,
) -> RecognitionsSummaryOut:
    """Count the communes and villages recognized on a day by level and by the set under which they are.

    A recognition under an earlier set is in force until the unit is recognized again, or it is revoked.
    """
    day = on or local_day(context.now)
    top = unit.on(day)
    counted = await in_force.by_set(
        context.session, expand_units(context.territory, top.code, day), day, as_of
    )
    items = sorted((UnderSetOut.of(it, sets, day) for it in counted), key=lambda it: it.place)
    return RecognitionsSummaryOut(unit=top.code, on=day, items=items)


@router.get("/recognitions/{recognition_id}", summary="Read one recognition")
async def read_recognition(
    *, context: PublicContext, sets: TheSets, recognition_id: uuid.UUID
) -> RecognitionOut:
    """Read one recognition as it was stated, with what ended it."""
    row = await store.find(context.session, recognition_id)
    if row is None:
        raise store.RecognitionNotFound(recognition=str(recognition_id))
    return RecognitionOut.of(row, sets)
