"""The routes of villages."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from services.rural.criteria.api import CurrentCriteriaSets
from services.rural.criteria.sets import LEVELS
from services.rural.recognitions.schemas import LevelInForceOut, RecognitionOut
from services.rural.recognitions.store import (
    find_village_levels,
    find_village_recognitions,
    to_registered,
)
from services.rural.villages import actions
from services.rural.villages.schemas import (
    VillageDetailOut,
    VillageIn,
    VillageOut,
    VillageRow,
    VillagesPage,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import PublicContext, RegistrarContext
from shared.reporting.registers import set_created_or_existing
from shared.territory.store import find_villages
from shared.territory.units import UnknownUnit
from shared.territory.villages.schemas import VillageParent
from shared.territory.villages.store import select_villages, with_villages

PATH = "/v1/rural/villages"

router = APIRouter(prefix=PATH, tags=["villages"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Register a village")
async def register_village(
    *,
    context: RegistrarContext,
    draft: Annotated[PartialBody[VillageIn], Body()],
    response: Response,
) -> VillageOut:
    """Register a village below its commune. The same village again answers 200 with the existing one."""
    result = await actions.register_village(context, draft)
    set_created_or_existing(response, f"{PATH}/{result.row.code}", created=result.created)
    return VillageOut.from_unit(result.row)


@router.get("", summary="List villages")
async def list_villages(
    *,
    context: PublicContext,
    unit: Annotated[
        str | None, Query(min_length=2, max_length=12, description="only villages in this unit on the day")
    ] = None,
    on: Annotated[
        IsoDate | None, Query(description="day of the map and of recognitions; today when left out")
    ] = None,
    paging: Annotated[Paging, paged_by(200)],
) -> VillagesPage:
    """List registered villages by code, each with its commune and its levels in force on the day.

    With `unit`, a village is listed where the land of its commune lies that day, also after a merger.
    """
    day = on or local_day(context.now)
    communes = None if unit is None else context.territory.communes(unit, day)
    query = select_villages(context.territory, communes, day)
    codes = await paging.fetch(context.session, query, serialize=lambda row: str(row[0].code))
    territory = await with_villages(context.session, context.territory, codes.items)
    levels = await find_village_levels(context.session, codes.items, day)
    rows = [
        VillageRow.from_unit(
            village,
            recognized=sorted(levels.get(village.code, ()), key=LEVELS.index),
            **VillageParent.find_fields(territory, village, day),
        )
        for village in (territory.versions(code)[-1] for code in codes.items)
    ]
    return VillagesPage(items=rows, next=codes.next)


@router.get("/{code}", summary="Read one village")
async def read_village(
    *,
    context: PublicContext,
    sets: CurrentCriteriaSets,
    code: str,
    on: Annotated[IsoDate | None, Query(description="the day of the page; today when left out")] = None,
) -> VillageDetailOut:
    """Read a village with its recognitions, and its last day where its commune no longer exists."""
    if not await find_villages(context.session, [code]):
        raise UnknownUnit(code)
    territory = await with_villages(context.session, context.territory, [code])
    day = on or local_day(context.now)
    village = territory.find(code, day) or territory.versions(code)[-1]
    rows = (await find_village_recognitions(context.session, code))[::-1]
    in_force = {recognition.id for recognition in to_registered(rows) if recognition.is_in_force(day)}
    in_force_rows = [row for row in rows if str(row.id) in in_force] if village.is_valid_on(day) else []
    return VillageDetailOut.from_unit(
        village,
        on=day,
        **VillageParent.find_fields(territory, village, day),
        in_force=[LevelInForceOut.from_row(row) for row in in_force_rows],
        recognitions=[RecognitionOut.from_row(row, sets) for row in rows],
    )
