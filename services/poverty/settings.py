"""The settings of the poverty service."""

from pathlib import Path

from pydantic import Field

from shared.reporting.settings import ReportingSettings
from shared.territory.settings import MapFollowingSettings


class PovertySettings(ReportingSettings, MapFollowingSettings):
    """The settings of the engine, of the feed by which the villages are received, and the folder of dated facts."""

    poverty_facts: Path | None = Field(
        None,
        description="a folder with the tables poor_districts.csv and projects.csv in place of the shipped ones",
    )
