"""The route by which an administrator changes the map: `POST /v1/territory/loads` (see ADR 0027 for who may)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from gateway.clients.actions import find_administrator
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.partial_body import PartialBody
from shared.kit.resources import get_resources
from shared.kit.routes import RouteHandler
from shared.kit.transactions import TransactionRoute
from shared.roles import AdministratorUnitOfWork
from shared.territory.current import load_territory_with_geography
from shared.territory.maps.actions import load_map
from shared.territory.maps.api import MAPS
from shared.territory.maps.schemas import MapIn, MapLoadOut


class LoadRoute(TransactionRoute):
    """Read the map again after the commit of a load, so that the next request is answered by it."""

    def get_route_handler(self) -> RouteHandler:
        """Wrap the transaction."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await handler(request)
            if response.status_code == HTTPStatus.CREATED:
                await load_territory_with_geography(get_resources(request.app))
            return response

        return handle


router = APIRouter(prefix=MAPS, tags=["units"], route_class=LoadRoute)


@router.post(
    "/loads",
    operation_id="load_map",
    status_code=201,
    summary="Load tables of units and successions",
    responses={200: {"model": MapLoadOut, "description": "nothing changed, or a dry run"}},
)
async def post_load(
    *,
    draft: Annotated[PartialBody[MapIn], Body()],
    response: Response,
    unit_of_work: AdministratorUnitOfWork,
) -> MapLoadOut:
    """Add units, ends and successions to the map. Every fault is named by its row, and then nothing is kept.

    An administrator changes units of the provinces that it was granted; the first administrator changes all. Rows that state
    what the map has already change nothing, so the same tables can be loaded again. History is added and never edited. With
    `dry_run=true` the answer shows what would change.
    """
    body = draft.body
    administrator = await find_administrator(unit_of_work.session, unit_of_work.caller)
    result = await load_map(
        unit_of_work.session,
        units=body.units,
        successions=body.successions,
        areas=body.areas,
        legal_basis=body.legal_basis,
        source=body.source,
        loaded_by=unit_of_work.caller.client_id,
        faults=draft.faults,
        grants=None if administrator.holds_all else administrator.units,
    )
    if result.changed:
        changed_at = await lock_feed(unit_of_work.session, unit_of_work.clock)
        loaded = Event("map.loaded", f"territory/versions/{result.version}", {"version": result.version})
        await publish_events(unit_of_work.session, changed_at, [loaded])
    if not result.changed or unit_of_work.dry_run:
        response.status_code = HTTPStatus.OK
    else:
        response.headers["Location"] = f"{MAPS}/versions/{result.version}"
    return result
