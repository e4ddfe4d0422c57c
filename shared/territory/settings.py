"""What may differ between two installations of a service that stands on the territory."""

from pydantic import Field

from shared.kit.settings import ServiceSettings


class TerritorySettings(ServiceSettings):
    """The kit's settings, and which province this installation answers for."""

    province: str = Field(
        "62",
        pattern="^[0-9]{2}$",
        description="code of the province that is meant where no unit is named; after its last day, the one that "
        "its land went to",
    )
