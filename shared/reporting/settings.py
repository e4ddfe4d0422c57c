"""What may differ between two installations of a program's service."""

from datetime import date

from pydantic import Field

from shared.kit.settings import ServiceSettings


class ReportingSettings(ServiceSettings):
    """The kit's settings, and the day of going live."""

    live_on: date | None = Field(
        None, description="day of going live: what is posted for earlier periods is backfilled, not judged"
    )
