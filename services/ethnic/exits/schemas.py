"""Exits on the wire, each with its state, and the verdicts of officers."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.ethnic.exits.rules import ExitGround, ExitLevel, ExitState, ExitVerdict, JudgedExit
from services.ethnic.models import ExitReview
from services.ethnic.recognitions.store import PATH as RECOGNITIONS
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.kit.text_fields import Visible
from shared.reporting.decisions import DecisionIn
from shared.territory.named_rows import NamedUnitRow

EXAMPLE: dict[str, Any] = {
    "unit": "23509",
    "left_on": "2023-04-12",
    "ground": "recognized",
    "verdict": "confirmed",
    "reason": "Đã đối chiếu quyết định công nhận",
}

GROUND_DESCRIPTION = "recognized: by being recognized as new rural, by rule; taken_off_list: by a decision; merged: its commune was merged"


class ExitReviewIn(PartialModel):
    """The verdict of an officer on an exit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "left_on": dt.date.min,
        "ground": "recognized",
        "verdict": "confirmed",
        "reason": "---",
    }

    unit: str = Field(min_length=2, max_length=12, description="code of the commune or village")
    left_on: IsoDate = Field(description="the first day on which it is not in special difficulty")
    ground: ExitGround = Field(description=GROUND_DESCRIPTION)
    verdict: ExitVerdict = Field(
        description="confirmed: it counts; rejected: it does not. The region is not changed by it"
    )
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2000), Visible
    ] = Field(description="why; no names of persons")


class ExitReviewOut(NamedUnitRow):
    """A verdict on an exit."""

    id: uuid.UUID = Field(description="the verdict's id")
    unit: str = Field(description="code of the commune or village")
    left_on: dt.date = Field(description="the first day on which it is not in special difficulty")
    ground: ExitGround = Field(description=GROUND_DESCRIPTION)
    verdict: ExitVerdict = Field(description="confirmed or rejected")
    reason: str = Field(description="why")
    decision: DecisionIn = Field(description="the decision on lists behind the exit")
    client_id: str = Field(description="the client of the officer")
    recorded_at: dt.datetime = Field(description="when it was recorded")

    @classmethod
    def from_row(cls, row: ExitReview) -> Self:
        """Serialize a row."""
        names = ("id", "unit", "left_on", "ground", "verdict", "reason", "client_id", "recorded_at")
        decision = DecisionIn(number=row.decision_number, date=row.decision_date)
        return cls(decision=decision, **{name: getattr(row, name) for name in names})


class ExitOut(NamedUnitRow):
    """An exit with its state."""

    unit: str = Field(description="code of the commune or village")
    level: ExitLevel = Field(description="commune or village")
    left_on: dt.date = Field(description="the first day on which it is not in special difficulty")
    ground: ExitGround = Field(description=GROUND_DESCRIPTION)
    state: ExitState = Field(description="counted; pending: it waits for an officer; rejected by an officer")
    decision: DecisionIn = Field(
        description="the decision that takes it off; for another ground the one that had listed it"
    )
    list: uuid.UUID | None = Field(description="id of the list of that decision; null for none")
    recognition: str | None = Field(
        description="address of the recognition as it was received; null for another ground"
    )
    review: ExitReviewOut | None = Field(description="the latest verdict; null while there is none")

    @classmethod
    def from_exit(cls, judged: JudgedExit, review: ExitReview | None) -> Self:
        """Serialize an exit."""
        unit_exit, listing = judged.exit, judged.exit.listing
        recognition = unit_exit.recognition
        return cls(
            unit=unit_exit.unit,
            level=unit_exit.level,
            left_on=unit_exit.left_on,
            ground=unit_exit.ground,
            state=judged.state,
            decision=DecisionIn(number=listing.decision_number, date=listing.decided_on),
            list=listing.list_id,
            recognition=f"{RECOGNITIONS}/{recognition}" if recognition else None,
            review=ExitReviewOut.from_row(review) if review else None,
        )


class ExitCountOut(BaseModel):
    """The exits of one level and ground."""

    level: ExitLevel = Field(description="commune or village")
    ground: ExitGround = Field(description=GROUND_DESCRIPTION)
    counted: int = Field(description="exits that count")
    pending: int = Field(description="exits that wait for an officer")
    rejected: int = Field(description="exits that an officer rejected")


class ExitsPage(Page[ExitOut]):
    """A page of the exits of a period, and how many there are by level and ground."""

    counts: list[ExitCountOut] = Field(
        description="all exits of the period by level and ground, whatever the filters and the page"
    )


def count_exits(exits: Iterable[JudgedExit]) -> list[ExitCountOut]:
    """Return how many exits there are by level, ground and state."""
    counts: dict[tuple[ExitLevel, ExitGround], ExitCountOut] = {}
    for judged in exits:
        level, ground = judged.exit.level, judged.exit.ground
        count = counts.setdefault(
            (level, ground), ExitCountOut(level=level, ground=ground, counted=0, pending=0, rejected=0)
        )
        setattr(count, judged.state, getattr(count, judged.state) + 1)
    return [count for _, count in sorted(counts.items())]


ExitReviewsPage = Page[ExitReviewOut]
