"""The settings of the funding service."""

from pathlib import Path

from pydantic import Field

from services.funding.dated_facts import DATA
from shared.territory.settings import MapFollowingSettings


class FundingSettings(MapFollowingSettings):
    """The settings of every service, the folder of the dated facts, and how often the journal is sealed."""

    funding_catalogue: Path = Field(
        DATA,
        description="folder with the dated tables: programs.csv, components.csv, sources.csv, agencies.csv, …",
    )
    seal_every_seconds: float = Field(
        2, gt=0, description="seconds between two looks for new entries to seal"
    )
