"""The settings of a program's service."""

from datetime import date
from pathlib import Path

from pydantic import Field

from shared.territory.settings import MapFollowingSettings


class ReportingSettings(MapFollowingSettings):
    """Adds the day of going live, the catalogue, and the limit of a bulk submission."""

    live_on: date | None = Field(
        None,
        description="day of going live: reports for earlier periods are backfilled, and their timeliness is not judged",
    )
    catalogue_file: Path | None = Field(
        None, description="the installation's own catalogue, in place of the one shipped with the program"
    )
    catalogue_poll_seconds: float = Field(
        5, ge=1, description="how often a process looks for a catalogue that another one replaced"
    )
    withhold_below: int = Field(
        0,
        ge=0,
        description="smaller numbers of a member of a dimension, such as an ethnic group, are withheld from public reads where the "
        "catalogue has a rule on the dimension; 0: only what the rule withholds",
    )
    evidence_quota_bytes: int = Field(
        2 * 1024 * 1024 * 1024, ge=1024, description="room for the evidence files of one client"
    )
    max_bulk_bytes: int = Field(20 * 1024 * 1024, ge=1024, description="largest body of a bulk submission")
