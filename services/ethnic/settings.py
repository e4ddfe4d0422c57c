"""The settings of the ethnic service."""

from pathlib import Path

from pydantic import Field

from shared.reporting.settings import ReportingSettings
from shared.territory.settings import MapFollowingSettings


class EthnicSettings(ReportingSettings, MapFollowingSettings):
    """The settings of the engine and of the feed that is followed, and the file of dated facts."""

    regions_file: Path | None = Field(
        None, description="a table of regions in place of the shipped one (classifications/regions.toml)"
    )
