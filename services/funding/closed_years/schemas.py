"""Answers about the closing of a budget year."""

import uuid
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.funding.closed_years.rules import Closing


class ClosedYearOut(BaseModel):
    """The latest closing of units that are read."""

    id: uuid.UUID = Field(description="id of the closing")
    unit: str = Field(description="the province whose year is closed", examples=["62"])
    closed_on: date = Field(description="day on which it was closed", examples=["2024-01-31"])
    decision: str = Field(description="number of the decision", examples=["15/QĐ-STC"])
    as_of: datetime = Field(description="instant of the closing: `as_of` of what it froze")
    entries_since: int = Field(description="entries since that changed the money shown here", examples=[0])
    address: str = Field(
        description="what it froze, and what differs now",
        examples=["/v1/funding/closings/01890a5d-ac96-774b-bcce-b302099a8057"],
    )

    @classmethod
    def from_closing(cls, closing: Closing, entries_since: int) -> Self:
        """Serialize a closing."""
        return cls(
            id=closing.id,
            unit=closing.unit,
            closed_on=closing.closed_on,
            decision=closing.decision.number,
            as_of=closing.recorded_at,
            entries_since=entries_since,
            address=f"/v1/funding/closings/{closing.id}",
        )


class ClosingStateOut(BaseModel):
    """Whether the closing of the budget year is overdue."""

    closing_overdue: bool = Field(
        description="whether the settlement day is over and the year is not closed for all money shown here"
    )
