"""The settings of the oversight service."""

from pathlib import Path

from pydantic import Field

from shared.reporting.settings import ReportingSettings
from shared.territory.settings import MapFollowingSettings


class OversightSettings(ReportingSettings, MapFollowingSettings):
    """The settings of the engine and of the feeds that are followed, and the files of dated facts."""

    follow_services_every_seconds: float = Field(
        10.0,
        gt=0,
        description="how often the feeds of other services are read for the decisions that they name and the figures that they publish",
    )
    agencies_file: Path | None = Field(
        None, description="a table of agencies in place of the shipped one (agencies/agencies.toml)"
    )
    components_file: Path | None = Field(
        None,
        description="a table of components of the programs in place of the shipped one (agencies/components.toml)",
    )
    body_kinds_file: Path | None = Field(
        None,
        description="a table of kinds of steering bodies in place of the shipped one (bodies/kinds.toml)",
    )
    document_kinds_file: Path | None = Field(
        None, description="a table of kinds of documents in place of the shipped one (documents/kinds.toml)"
    )
