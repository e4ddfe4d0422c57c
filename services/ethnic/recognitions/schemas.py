"""How recognitions are said here: as they were heard, with the address where the new rural program says them."""

import datetime as dt
import uuid

from pydantic import BaseModel, Field

from services.ethnic.models import Recognition
from services.ethnic.recognitions.store import FEED
from shared.kit.paging import Page
from shared.reporting.decisions import DecisionIn

SOURCE = "/v1/rural/recognitions"


class HeardRevocationOut(BaseModel):
    """What ended a recognition."""

    decision: DecisionIn = Field(
        description="the decision that revokes; from its day the recognition holds no more"
    )
    change: int = Field(description="sequence of the change in the feed that it was heard in")
    recorded_at: dt.datetime = Field(description="when it was heard")


class HeardRecognitionOut(BaseModel):
    """A recognition of a commune, heard from the new rural program."""

    id: uuid.UUID = Field(description="the recognition's id in the new rural program")
    unit: str = Field(description="code of the commune on the day of the decision")
    level: str = Field(description="meets, advanced or model")
    decision: DecisionIn = Field(description="the decision that recognizes; it holds from its day")
    feed: str = Field(description="path of the feed that it was heard in")
    change: int = Field(description="sequence of the change in that feed")
    source: str = Field(description="where the new rural program says it in full")
    recorded_at: dt.datetime = Field(description="when it was heard")
    revocation: HeardRevocationOut | None = Field(description="what ended it; null while nothing has")

    @classmethod
    def of(cls, it: Recognition) -> "HeardRecognitionOut":
        """Say a row."""
        ended = it.revocation
        return cls(
            id=it.id,
            unit=it.unit,
            level=it.level,
            decision=DecisionIn(number=it.decision_number, date=it.decision_date),
            feed=FEED,
            change=it.change,
            source=f"{SOURCE}/{it.id}",
            recorded_at=it.recorded_at,
            revocation=HeardRevocationOut(
                decision=DecisionIn(number=ended.decision_number, date=ended.decision_date),
                change=ended.change,
                recorded_at=ended.recorded_at,
            )
            if ended
            else None,
        )


HeardRecognitionsPage = Page[HeardRecognitionOut]
