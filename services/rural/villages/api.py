"""Where villages are said."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response, status
from sqlalchemy import select

from services.rural.criteria.api import TheSets
from services.rural.criteria.sets import LEVELS
from services.rural.recognitions.in_force import levels_of
from services.rural.recognitions.schemas import HeldOut, RecognitionOut
from services.rural.recognitions.store import known, of_village
from services.rural.villages import actions
from services.rural.villages.schemas import VillageIn, VillageOut, VillageRow, VillagesPage, VillageWholeOut
from services.rural.villages.store import in_communes
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import PublicContext, RegistrarContext
from shared.reporting.registers import set_created_or_existing, with_villages
from shared.territory.models import UnitRow
from shared.territory.store import find_villages
from shared.territory.units import UnknownUnit

router = APIRouter(prefix="/v1/rural/villages", tags=["villages"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Register a village")
async def register_village(
    *,
    context: RegistrarContext,
    draft: Annotated[PartialBody[VillageIn], Body()],
    response: Response,
) -> VillageOut:
    """Register a village below its commune. Registering the same one again answers 200 with what is kept."""
    kept = await actions.register_village(context, draft)
    set_created_or_existing(response, f"/v1/rural/villages/{kept.row.code}", created=kept.created)
    return VillageOut.of(kept.row)


@router.get("", summary="List villages")
async def list_villages(
    *,
    context: PublicContext,
    request: Request,
    response: Response,
    unit: Annotated[
        str | None, Query(min_length=2, max_length=12, description="only villages in this unit on the day")
    ] = None,
    on: Annotated[
        IsoDate | None, Query(description="day of the map and of recognitions; today when left out")
    ] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> VillagesPage:
    """List registered villages by code, each with what it is recognized as on the day."""
    query = select(UnitRow).where(UnitRow.level == "village").order_by(UnitRow.code, UnitRow.valid_from)
    day = on or local_day(context.now)
    if unit is not None:
        query = query.where(in_communes([each.code for each in context.territory.communes(unit, day)], day))
    found = await fetch_page(
        context.session, query, limit=limit, cursor=cursor, said=lambda row: str(row[0].code)
    )
    set_next_link(request, response, found.next)
    territory = await with_villages(context.session, context.territory, found.items)
    held = await levels_of(context.session, found.items, day)
    rows = [
        VillageRow.of(territory.versions(code)[-1], recognized=sorted(held.get(code, ()), key=LEVELS.index))
        for code in found.items
    ]
    return VillagesPage(items=rows, next=found.next)


@router.get("/{code}", summary="Read one village")
async def read_village(
    *,
    context: PublicContext,
    sets: TheSets,
    code: str,
    on: Annotated[IsoDate | None, Query(description="the day that is read; today when left out")] = None,
) -> VillageWholeOut:
    """Read a village as it was registered, with the decisions on it, and its last day where its commune stands no longer."""
    if not await find_villages(context.session, [code]):
        raise UnknownUnit(code)
    territory = await with_villages(context.session, context.territory, [code])
    day = on or local_day(context.now)
    village = territory.find(code, day) or territory.versions(code)[-1]
    rows = (await of_village(context.session, code))[::-1]
    holding = {it.id for it in known(rows) if it.in_force(day)} if village.is_valid_on(day) else set()
    return VillageWholeOut.of(
        village,
        on=day,
        in_force=[HeldOut.of(row) for row in rows if str(row.id) in holding],
        recognitions=[RecognitionOut.of(row, sets) for row in rows],
    )
