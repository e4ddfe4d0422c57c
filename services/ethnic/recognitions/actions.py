"""The effects of events of the new rural program: received recognitions and revocations are inserted."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.models import ReceivedRecognition, ReceivedRevocation
from services.ethnic.recognitions.store import find_land, read_life
from shared.kit.change_feed import Event
from shared.kit.feed_consumer.client import ReceivedEvent
from shared.kit.feed_consumer.consumer import EventHandler, EventNotReadable

Data = TypeVar("Data", bound=BaseModel)

LEVELS = ("commune", "village")
"""The levels of units whose recognitions are kept."""


class _DecisionData(BaseModel):
    number: str
    date: dt.date


class _RevokingData(_DecisionData):
    effective_on: dt.date | None = None
    """The first day on which the recognition is not in force; the day of the decision where it is not published."""


class _RecognitionData(BaseModel):
    """The data of a recognition event that this service reads; other fields are ignored."""

    unit: str
    unit_level: str
    line: list[str]
    level: str
    decision: _DecisionData
    effective_on: dt.date | None = None
    """The day on which the decision takes effect; the day of the decision where it is not published."""


class _RevocationData(_RecognitionData):
    revoked_by: _RevokingData


async def insert_recognition(
    session: AsyncSession, received: ReceivedEvent, at: dt.datetime
) -> Sequence[Event]:
    """Insert the recognition of a commune or village and return the event of it; received again it changes nothing."""
    data = _read_data(received, _RecognitionData)
    if data.unit_level not in LEVELS:
        return []
    commune = data.unit if data.unit_level == "commune" else data.line[1]
    land = await find_land(session, commune, data.decision.date)
    if land is None:
        raise EventNotReadable("no commune has this code on the day of the decision")
    recognition_id, life = _read_id(received), await read_life(session)
    if await session.get(ReceivedRecognition, {"id": recognition_id, "life": life}) is not None:
        return []
    session.add(
        ReceivedRecognition(
            id=recognition_id,
            life=life,
            unit=data.unit,
            land=land[0],
            land_since=land[1],
            line=data.line,
            unit_level=data.unit_level,
            level=data.level,
            decision_number=data.decision.number,
            decision_date=data.decision.date,
            effective_on=data.effective_on or data.decision.date,
            change=received.sequence,
            recorded_at=at,
        )
    )
    await session.flush()
    return [_make_event("recognition_heard", recognition_id, data, data.decision)]


async def insert_revocation(
    session: AsyncSession, received: ReceivedEvent, at: dt.datetime
) -> Sequence[Event]:
    """Insert the revocation of a recognition and return the event of it; received again it changes nothing."""
    data = _read_data(received, _RevocationData)
    if data.unit_level not in LEVELS:
        return []
    recognition_id, life = _read_id(received), await read_life(session)
    if await session.get(ReceivedRecognition, {"id": recognition_id, "life": life}) is None:
        raise EventNotReadable("the recognition that it ends was never published")
    key = {"recognition_id": recognition_id, "life": life}
    if await session.get(ReceivedRevocation, key) is not None:
        return []
    session.add(
        ReceivedRevocation(
            recognition_id=recognition_id,
            life=life,
            decision_number=data.revoked_by.number,
            decision_date=data.revoked_by.date,
            effective_on=data.revoked_by.effective_on or data.revoked_by.date,
            change=received.sequence,
            recorded_at=at,
        )
    )
    await session.flush()
    return [_make_event("recognition_revoked", recognition_id, data, data.revoked_by)]


HANDLERS: Mapping[str, EventHandler] = {
    "unit.recognized": insert_recognition,
    "unit.recognition_revoked": insert_revocation,
}
"""The handler of each type of event in the feed of the new rural program."""


def _read_data(received: ReceivedEvent, model: type[Data]) -> Data:
    try:
        return model.model_validate(received.data)
    except ValidationError as error:
        fields = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise EventNotReadable(f"missing or of another type: {', '.join(fields)}") from error


def _read_id(received: ReceivedEvent) -> uuid.UUID:
    try:
        return uuid.UUID(received.subject.removeprefix("recognitions/"))
    except ValueError as error:
        raise EventNotReadable("the subject is not a recognition") from error


def _make_event(
    action: str, recognition_id: uuid.UUID, data: _RecognitionData, decision: _DecisionData
) -> Event:
    event_data: dict[str, Any] = {
        "unit": data.unit,
        "effective_on": (data.effective_on or data.decision.date).isoformat(),
        "level": data.level,
        "decision": {"number": decision.number, "date": decision.date.isoformat()},
    }
    return Event(f"{data.unit_level}.{action}", f"recognitions/{recognition_id}", event_data)
