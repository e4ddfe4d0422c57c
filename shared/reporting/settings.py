"""The settings of a program's service."""

from datetime import date

from pydantic import Field

from shared.territory.settings import TerritorySettings


class ReportingSettings(TerritorySettings):
    """Adds the day of going live and the limit of a bulk submission."""

    live_on: date | None = Field(
        None,
        description="day of going live: reports for earlier periods are backfilled, and their timeliness is not judged",
    )
    max_bulk_bytes: int = Field(20 * 1024 * 1024, ge=1024, description="largest body of a bulk submission")
