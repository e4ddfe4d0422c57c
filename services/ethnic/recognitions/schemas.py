"""Received recognitions on the wire, with their address in the new rural program."""

import datetime as dt
import uuid
from typing import Self

from pydantic import BaseModel, Field

from services.ethnic.models import ReceivedRecognition, ReceivedRevocation
from services.ethnic.recognitions.store import FEED
from shared.kit.paging import Page
from shared.reporting.decisions import DecisionIn

SOURCE = "/v1/rural/recognitions"
"""Path of the recognitions in the new rural program."""


class ReceivedRevocationOut(BaseModel):
    """A decision that ended a recognition."""

    decision: DecisionIn = Field(
        description="the decision that revokes; from its day of effect on the recognition is not in force"
    )
    effective_on: dt.date = Field(description="the first day on which the recognition is not in force")
    change: int = Field(description="sequence of the event in that feed")
    recorded_at: dt.datetime = Field(description="when it was received")

    @classmethod
    def from_row(cls, row: ReceivedRevocation) -> Self:
        """Serialize a row."""
        return cls(
            decision=DecisionIn(number=row.decision_number, date=row.decision_date),
            effective_on=row.effective_on,
            change=row.change,
            recorded_at=row.recorded_at,
        )


class ReceivedRecognitionOut(BaseModel):
    """A recognition of a commune or village, received from the new rural program."""

    id: uuid.UUID = Field(description="the recognition's id in the new rural program")
    unit: str = Field(description="code of the commune or village on the day of the decision")
    unit_level: str = Field("commune", description="commune or village")
    level: str = Field(description="meets, advanced or model")
    decision: DecisionIn = Field(description="the decision that recognizes")
    effective_on: dt.date = Field(description="day on which it takes effect")
    feed: str = Field(description="path of the feed in which it was received")
    change: int = Field(description="sequence of the event in that feed")
    source: str = Field(description="address of the recognition in the new rural program")
    recorded_at: dt.datetime = Field(description="when it was received")
    revocation: ReceivedRevocationOut | None = Field(description="the revocation; null while there is none")

    @classmethod
    def from_row(cls, row: ReceivedRecognition) -> Self:
        """Serialize a row."""
        return cls(
            id=row.id,
            unit=row.unit,
            unit_level=row.unit_level,
            level=row.level,
            decision=DecisionIn(number=row.decision_number, date=row.decision_date),
            effective_on=row.effective_on,
            feed=FEED,
            change=row.change,
            source=f"{SOURCE}/{row.id}",
            recorded_at=row.recorded_at,
            revocation=ReceivedRevocationOut.from_row(row.revocation) if row.revocation else None,
        )


ReceivedRecognitionsPage = Page[ReceivedRecognitionOut]
