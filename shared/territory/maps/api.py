"""Routes of the versions of the map, `/v1/territory`, mounted by the gateway."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from shared.kit.database import UnitOfWork
from shared.kit.identity import Anyone
from shared.kit.problems import NotFound, Sentence
from shared.kit.resources import CurrentResources
from shared.kit.transactions import TransactionRoute, unit_of_work_for
from shared.roles import OPEN, PublicReader
from shared.territory.areas import NamedAreas, find_member
from shared.territory.current import CurrentMapVersion, CurrentTerritory
from shared.territory.maps import store
from shared.territory.maps.schemas import (
    AreaOut,
    AreasOut,
    MapVersionDetail,
    MapVersionOut,
    MapVersionsOut,
    ServiceMapVersionOut,
)
from shared.territory.schemas import UnitName
from shared.territory.store import read_version_number

OpenUnitOfWork = Annotated[UnitOfWork, unit_of_work_for(OPEN)]

MAPS = "/v1/territory"


class UnknownMapVersion(NotFound):
    """The map has no version of this number."""

    code = "map_version_unknown"
    detail = Sentence("Không có phiên bản bản đồ {version}.", "The map has no version {version}.")


router = APIRouter(prefix=MAPS, tags=["units"], route_class=TransactionRoute)
areas_router = APIRouter(prefix="/v1", tags=["units"], route_class=TransactionRoute)


def map_version_router(source: str) -> APIRouter:
    """Return the route `GET {source}/map-version` of a service that follows the map."""
    version_router = APIRouter(route_class=TransactionRoute, tags=["units"])

    @version_router.get(
        f"{source}/map-version", operation_id="get_map_version", summary="The version of the map here"
    )
    async def get_map_version(*, _: Anyone, version: CurrentMapVersion) -> ServiceMapVersionOut:
        """The version of the map by which this service answers; a service that was away may be behind the gateway's."""
        return ServiceMapVersionOut(version=version.number)

    return version_router


@areas_router.get("/areas", operation_id="list_named_areas", summary="List named areas")
async def list_named_areas(
    *, _: PublicReader, resources: CurrentResources, territory: CurrentTerritory
) -> AreasOut:
    """List sets of units with a name, days and a reason; readings take the code of one as `area` or `unit`."""
    return AreasOut(
        items=[
            AreaOut(
                code=area.code,
                name=area.name,
                name_en=area.name_en,
                reason=area.reason,
                valid_from=area.valid_from,
                valid_to=area.valid_to,
                units=[UnitName.model_validate(find_member(territory, key)) for key in area.members],
            )
            for area in resources.get(NamedAreas).areas
        ]
    )


@router.get("/versions", operation_id="list_map_versions", summary="Versions of the map")
async def list_versions(
    *,
    unit_of_work: OpenUnitOfWork,
    after: Annotated[
        int, Query(ge=0, lt=2**31, description="only versions after this one", examples=[2])
    ] = 0,
) -> MapVersionsOut:
    """The versions of the map, the oldest first, each with its legal basis. A service that is behind follows this list."""
    rows = await store.list_versions(unit_of_work.session, after)
    newest = await read_version_number(unit_of_work.session)
    return MapVersionsOut(items=[MapVersionOut.model_validate(row) for row in rows], newest=newest)


@router.get("/versions/{version}", operation_id="read_map_version", summary="One version of the map")
async def get_version(
    *,
    unit_of_work: OpenUnitOfWork,
    version: Annotated[int, Path(ge=1, lt=2**31, description="number of the version")],
) -> MapVersionDetail:
    """A version of the map with the units and successions that it added."""
    row = await store.find_version_row(unit_of_work.session, version)
    if row is None:
        raise UnknownMapVersion(version=version)
    return MapVersionDetail.model_validate(row)
