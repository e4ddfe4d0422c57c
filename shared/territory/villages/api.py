"""The routes of the villages that a service knows, `{source}/villages`."""

from typing import Annotated

from fastapi import APIRouter, Query

from shared.kit.database import UnitOfWork
from shared.kit.date_fields import IsoDate
from shared.kit.identity import Guard
from shared.kit.paging import Paging, paged_by
from shared.kit.transactions import TransactionRoute, unit_of_work_for
from shared.periods import local_day
from shared.territory.current import CurrentTerritory
from shared.territory.store import find_villages
from shared.territory.units import UnknownUnit
from shared.territory.villages.schemas import KnownVillage, KnownVillagesPage
from shared.territory.villages.store import select_villages, with_villages

MapDay = Annotated[
    IsoDate | None, Query(description="day of the map; today when left out", examples=["2025-12-31"])
]
InUnit = Annotated[
    str | None,
    Query(
        min_length=2,
        max_length=12,
        description="only villages that lie in this unit that day",
        examples=["51"],
    ),
]


def villages_router(source: str, guard: Guard) -> APIRouter:
    """Return the routes of a service that receives the villages, open to whom a guard lets in."""
    router = APIRouter(prefix=f"{source}/villages", route_class=TransactionRoute, tags=["villages"])

    @router.get("", operation_id="list_villages", summary="List the villages")
    async def list_villages(
        *,
        unit_of_work: Annotated[UnitOfWork, unit_of_work_for(guard)],
        territory: CurrentTerritory,
        unit: InUnit = None,
        on: MapDay = None,
        paging: Annotated[Paging, paged_by(200)],
    ) -> KnownVillagesPage:
        """List the villages that this service knows, by code, each with the commune in which it lies on the day.

        They are registered at `/v1/rural/villages`; a service that was away receives them when it is back (`following`).
        """
        day = on or local_day(unit_of_work.now)
        communes = None if unit is None else territory.communes(unit, day)
        page = await paging.fetch(
            unit_of_work.session,
            select_villages(territory, communes, day),
            serialize=lambda row: str(row[0].code),
        )
        territory_with_villages = await with_villages(unit_of_work.session, territory, page.items)
        return KnownVillagesPage(
            items=[
                KnownVillage.from_unit(
                    territory_with_villages, territory_with_villages.versions(code)[-1], day
                )
                for code in page.items
            ],
            next=page.next,
        )

    @router.get("/{code}", operation_id="read_village", summary="Read one village")
    async def read_village(
        *,
        unit_of_work: Annotated[UnitOfWork, unit_of_work_for(guard)],
        territory: CurrentTerritory,
        code: str,
        on: MapDay = None,
    ) -> KnownVillage:
        """Read a village, with the commune in which it lies on the day."""
        if not await find_villages(unit_of_work.session, [code]):
            raise UnknownUnit(code)
        territory_with_villages = await with_villages(unit_of_work.session, territory, [code])
        day = on or local_day(unit_of_work.now)
        village = territory_with_villages.find(code, day) or territory_with_villages.versions(code)[-1]
        return KnownVillage.from_unit(territory_with_villages, village, day)

    return router
