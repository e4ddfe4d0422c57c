"""The settings of the ethnic service."""

from pathlib import Path

from pydantic import Field

from shared.reporting.settings import ReportingSettings
from shared.territory.settings import MapFollowingSettings


class EthnicSettings(ReportingSettings, MapFollowingSettings):
    """The settings of the engine and of the feed that is followed, and the files of dated facts."""

    regions_file: Path | None = Field(
        None, description="a table of regions in place of the shipped one (classifications/regions.toml)"
    )
    area_laws_file: Path | None = Field(
        None, description="laws and kinds of lists in place of the shipped ones (area_laws.toml)"
    )
