"""Receive the villages that the new rural program registers: a consumer of its feed with a cursor of its own.

A service that knew no villages before reads the feed from its beginning. The cursor is apart from that of other events,
so that villages registered before are received as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.change_feed import Event
from shared.kit.feed_consumer.client import ReceivedEvent, make_feed_client
from shared.kit.feed_consumer.consumer import EventNotReadable, FeedConsumer
from shared.territory.models import UnitRow
from shared.territory.settings import MapFollowingSettings
from shared.territory.store import find_villages
from shared.territory.units import CODE_SHAPES, Unit, to_commune_code
from shared.territory.villages.rules import VillageKind, infer_kind
from shared.territory.villages.store import insert_new_villages, is_same_village

VILLAGE_FEED = "/v1/rural/changes#villages"
"""The feed of the new rural program, under a name of its own."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class VillageFollower:
    """The consumer of villages of a service."""

    consumer: FeedConsumer


class _VillageData(BaseModel):
    """The data of a registered village; 0.1.0 published neither its kind nor its commune."""

    code: str = Field(pattern=f"^{CODE_SHAPES['village']}$")
    name: str = Field(min_length=1)
    kind: VillageKind | None = None
    valid_from: date


async def insert_received_village(
    session: AsyncSession, received: ReceivedEvent, _: datetime
) -> Sequence[Event]:
    """Insert a registered village, unless this service knows it.

    Raises `EventNotReadable`; also while the map of this service is behind and has no such commune, which passes.
    """
    try:
        data = _VillageData.model_validate(received.data)
    except ValidationError as error:
        fields = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise EventNotReadable(f"missing or of another type: {', '.join(fields)}") from error
    commune = to_commune_code(data.code) or ""
    village = Unit(
        code=data.code,
        level="village",
        kind=data.kind or infer_kind(data.name),
        name=data.name,
        parent=commune,
        valid_from=data.valid_from,
        source="/v1/rural/villages",
        confidence="registered",
    )
    if not await _is_commune(session, commune, data.valid_from):
        raise EventNotReadable(f"no commune {commune} on {data.valid_from}")
    if not await insert_new_villages(session, [village]):
        recorded = await find_villages(session, [village.code])
        if not any(is_same_village(other, village) for other in recorded):
            log.warning("another village with this code is known already", village=village.code)
    return []


async def _is_commune(session: AsyncSession, code: str, on: date) -> bool:
    return (
        await session.scalar(
            select(UnitRow.code).where(
                UnitRow.code == code,
                UnitRow.level == "commune",
                UnitRow.valid_from <= on,
                or_(UnitRow.valid_to.is_(None), UnitRow.valid_to >= on),
            )
        )
        is not None
    )


def make_village_followers(service: str, settings: MapFollowingSettings) -> list[VillageFollower]:
    """Return the consumer of villages; none where the settings hold no client to read with."""
    client = make_feed_client(settings, service)
    if client is None:
        return []
    handlers = {"village.registered": insert_received_village}
    return [
        VillageFollower(
            FeedConsumer(service, VILLAGE_FEED, handlers, client, settings.follow_map_every_seconds)
        )
    ]
