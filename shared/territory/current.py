"""The territory that a running service stands on: read once at start, handed to routes by type."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request

from shared.kit.database import Database
from shared.territory.matching import Gazetteer
from shared.territory.settings import TerritorySettings
from shared.territory.store import load_gazetteer, load_tree
from shared.territory.tree import Territory


async def load_territory(app: FastAPI) -> None:
    """Read the territory, villages included, and its names into the app's state; for a service's `on_start`.

    Raises `UnknownUnit` where the settings name a province that is not in it.
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
