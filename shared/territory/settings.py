"""Settings of a service that uses the territory."""

from pydantic import Field

from shared.kit.settings import FollowingSettings, ServiceSettings


class TerritorySettings(ServiceSettings):
    """The settings of the kit, and the province of the installation."""

    follow_map_every_seconds: float = Field(
        10.0,
        gt=0,
        description="how often this process looks for a new version of the map, and for new villages",
    )
    province: str = Field(
        "62",
        pattern="^[0-9]{2}$",
        description="code of the province that a request without `unit` means; after its last day, the one that "
        "its land went to",
    )


class MapFollowingSettings(TerritorySettings, FollowingSettings):
    """The settings of a service that receives the villages from the feed of their register."""
