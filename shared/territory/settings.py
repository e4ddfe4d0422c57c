"""Settings of a service that uses the territory."""

from pydantic import Field

from shared.kit.settings import ServiceSettings


class TerritorySettings(ServiceSettings):
    """The settings of the kit, and the province of the installation."""

    province: str = Field(
        "62",
        pattern="^[0-9]{2}$",
        description="code of the province that a request without `unit` means; after its last day, the one that "
        "its land went to",
    )
