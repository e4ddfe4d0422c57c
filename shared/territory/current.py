"""The territory of a running service: read at start, given to routes by type."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request

from shared.kit.database import Database
from shared.territory.matching import Gazetteer
from shared.territory.settings import TerritorySettings
from shared.territory.store import load_gazetteer, load_tree
from shared.territory.tree import Territory


async def load_territory(app: FastAPI) -> None:
    """Read the territory, villages included, and its names; for the `on_start` of a service.

    Raises `UnknownUnit` where the settings name an unknown province.
    """
    database: Database = app.state.database
    settings: TerritorySettings = app.state.settings
    async with database.reading() as session:
        app.state.territory = await load_tree(session, villages=True)
        app.state.territory.versions(settings.province)
        app.state.gazetteer = await load_gazetteer(session, app.state.territory)


async def _territory(request: Request) -> Territory:
    territory: Territory = request.app.state.territory
    return territory


async def _gazetteer(request: Request) -> Gazetteer:
    gazetteer: Gazetteer = request.app.state.gazetteer
    return gazetteer


CurrentTerritory = Annotated[Territory, Depends(_territory)]
"""The service's territory."""
CurrentGazetteer = Annotated[Gazetteer, Depends(_gazetteer)]
"""The names of the service's territory."""
