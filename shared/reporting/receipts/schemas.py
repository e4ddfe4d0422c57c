"""What the check of a receipt answers."""

from datetime import datetime

from pydantic import Field

from shared.reporting.field_types import Sha256, StandardCodeOut
from shared.territory.named_rows import NamedUnitRow


class ReceiptCheckOut(NamedUnitRow):
    """A receipt with the report that it proves."""

    code: str = Field(description="short code to print")
    received_at: datetime = Field(description="the server's instant of receipt")
    content_sha256: Sha256 | None = Field(
        description="hash of its content; null where some of it is withheld"
    )
    unit: str = Field(description="the reporting unit")
    period: str = Field(description="SDMX time period")
    form: str = Field(description="the form")
    standard: StandardCodeOut = None
    state: str = Field(description="the report's present state")
