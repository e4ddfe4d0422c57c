"""What may differ between two installations of the ethnic service."""

from pathlib import Path

from pydantic import Field

from shared.kit.settings import FollowingSettings
from shared.reporting.settings import ReportingSettings


class EthnicSettings(ReportingSettings, FollowingSettings):
    """The engine's settings, the client that its neighbours are read as, and which regions there are."""

    regions_file: Path | None = Field(
        None, description="a table of regions in place of the shipped one (classifications/regions.toml)"
    )
