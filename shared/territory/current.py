"""The territory of a running service: read at start, given to routes by type."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from shared.kit.database import Database
from shared.kit.resources import Resources, resource
from shared.territory.areas import NamedAreas
from shared.territory.matching import Gazetteer
from shared.territory.settings import TerritorySettings
from shared.territory.store import load_areas, load_gazetteer, load_tree, read_loaded_version
from shared.territory.tree import Territory


@dataclass(frozen=True, slots=True)
class MapVersion:
    """The version of the map that a process answers by."""

    number: int
    villages: int
    """How many villages it had then."""


async def load_territory(resources: Resources, *, geography: bool = False) -> None:
    """Read the territory, villages included, and its names; a start step of a service.

    `geography`: whether the service shows where the units are. Raises `UnknownUnit` where the settings name an unknown
    province.
    """
    province = resources.get(TerritorySettings).province
    async with resources.get(Database).reading() as session:
        territory = await load_tree(session, villages=True, geography=geography)
        territory.versions(province)
        resources.put(territory)
        resources.put(NamedAreas(await load_areas(session)))
        resources.put(MapVersion(*await read_loaded_version(session)))
        resources.put(await load_gazetteer(session, territory))


async def load_territory_with_geography(resources: Resources) -> None:
    """Read the territory with the geography and sources of its units, for the gateway, which shows them."""
    await load_territory(resources, geography=True)


CurrentTerritory = Annotated[Territory, Depends(resource(Territory))]
"""The service's territory."""
CurrentMapVersion = Annotated[MapVersion, Depends(resource(MapVersion))]
"""The version of the map that the service answers by."""
CurrentGazetteer = Annotated[Gazetteer, Depends(resource(Gazetteer))]
"""The names of the service's territory."""
