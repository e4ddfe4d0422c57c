"""What may differ between two installations of the ledger."""

from pathlib import Path

from pydantic import Field

from services.funding.dated_facts import DATA
from shared.territory.settings import TerritorySettings


class FundingSettings(TerritorySettings):
    """The settings of every service, and where the dated tables of codes lie."""

    funding_catalogue: Path = Field(
        DATA,
        description="folder with the dated tables: programs.csv, components.csv, sources.csv, agencies.csv, …",
    )
    seal_every_seconds: float = Field(2, gt=0, description="how often new entries are sealed into a block")
