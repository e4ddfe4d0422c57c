"""What is done with a recognition, or the end of one, that was heard from the new rural program: it is kept."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.models import Recognition, Revocation
from services.ethnic.recognitions import store
from shared.kit.change_feed import Event
from shared.kit.feed_consumer.client import ReceivedEvent
from shared.kit.feed_consumer.consumer import EventHandler, EventNotReadable

Told = TypeVar("Told", bound=BaseModel)


class _Decision(BaseModel):
    number: str
    date: dt.date


class _Recognized(BaseModel):
    """What is read of a published recognition; whatever else it says is left aside."""

    unit: str
    unit_level: str
    line: list[str]
    level: str
    decision: _Decision


class _Revoked(_Recognized):
    revoked_by: _Decision


async def keep_recognition(session: AsyncSession, heard: ReceivedEvent, at: dt.datetime) -> Sequence[Event]:
    """Keep the recognition of a commune; one of a village changes no region."""
    told = _read(heard, _Recognized)
    if told.unit_level != "commune":
        return []
    land = await store.land_of(session, told.unit, told.decision.date)
    if land is None:
        raise EventNotReadable("no commune has this code on the day of the decision")
    recognition_id = _id(heard)
    session.add(
        Recognition(
            id=recognition_id,
            life=await store.life(session),
            unit=told.unit,
            land=land[0],
            land_since=land[1],
            line=told.line,
            level=told.level,
            decision_number=told.decision.number,
            decision_date=told.decision.date,
            change=heard.sequence,
            recorded_at=at,
        )
    )
    await session.flush()
    return [_happening("commune.recognition_heard", recognition_id, told, told.decision)]


async def keep_revocation(session: AsyncSession, heard: ReceivedEvent, at: dt.datetime) -> Sequence[Event]:
    """Keep what ended the recognition of a commune."""
    told = _read(heard, _Revoked)
    if told.unit_level != "commune":
        return []
    recognition_id, life = _id(heard), await store.life(session)
    if await session.get(Recognition, (recognition_id, life)) is None:
        raise EventNotReadable("the recognition that it ends was never published")
    session.add(
        Revocation(
            recognition_id=recognition_id,
            life=life,
            decision_number=told.revoked_by.number,
            decision_date=told.revoked_by.date,
            change=heard.sequence,
            recorded_at=at,
        )
    )
    await session.flush()
    return [_happening("commune.recognition_revoked", recognition_id, told, told.revoked_by)]


EFFECTS: Mapping[str, EventHandler] = {
    "unit.recognized": keep_recognition,
    "unit.recognition_revoked": keep_revocation,
}
"""By the type of the change in the feed of the new rural program."""


def _read(heard: ReceivedEvent, model: type[Told]) -> Told:
    try:
        return model.model_validate(heard.data)
    except ValidationError as error:
        fields = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise EventNotReadable(f"missing or of another shape: {', '.join(fields)}") from error


def _id(heard: ReceivedEvent) -> uuid.UUID:
    try:
        return uuid.UUID(heard.subject.removeprefix("recognitions/"))
    except ValueError as error:
        raise EventNotReadable("the subject is no recognition") from error


def _happening(kind: str, recognition_id: uuid.UUID, told: _Recognized, decision: _Decision) -> Event:
    data: dict[str, Any] = {
        "unit": told.unit,
        "level": told.level,
        "decision": {"number": decision.number, "date": decision.date.isoformat()},
    }
    return Event(kind, f"recognitions/{recognition_id}", data)
