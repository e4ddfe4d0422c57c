"""Receive what other services name, publish and measure: a consumer of each of their feeds, with a cursor of its own."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.citations.rules import find_named_decisions
from services.oversight.citations.store import insert_citations
from services.oversight.models import ProgramPublication
from services.oversight.program_figures import CatalogueReader
from services.oversight.settings import OversightSettings
from shared.kit.change_feed import Event
from shared.kit.feed_consumer.client import ReceivedEvent, make_feed_client
from shared.kit.feed_consumer.consumer import EventHandler, EventNotReadable, FeedConsumer

LEDGER_KINDS = (
    "opening_balance", "assignment", "allocation", "supplement", "sub_allocation", "transfer", "cancellation", "return", "carry_over",
    "commitment", "disbursement", "recovery",
)  # fmt: skip
"""The kinds of ledger entries that a decision may stand behind."""
NAMING_EVENTS: Mapping[str, tuple[str, ...]] = {
    "rural": (
        "unit.recognized",
        "unit.recognition_revoked",
        "product.evaluated",
        "thresholds.replaced",
        "target.set",
    ),
    "poverty": ("target.set",),
    "ethnic": ("list.recorded", "commune.classified", "target.set"),
    "funding": tuple(f"{kind}.recorded" for kind in LEDGER_KINDS),
}
"""By service: the types of the events that name a decision."""
PROGRAMS = frozenset({"rural", "poverty", "ethnic"})
"""The services that publish figures with targets."""
FOLLOWED_FEEDS: Mapping[str, str] = {service: f"/v1/{service}/changes#oversight" for service in NAMING_EVENTS}
"""By service: its feed, under a name of its own."""


@dataclass(frozen=True, slots=True)
class ServiceFollower:
    """The consumer of the feed of a service."""

    consumer: FeedConsumer


def make_decision_handler(service: str) -> EventHandler:
    """Return the function that keeps the decisions of an event of a service."""

    async def insert_named_decisions(
        session: AsyncSession, received: ReceivedEvent, at: datetime
    ) -> Sequence[Event]:
        decisions = list(find_named_decisions(received.type, received.data))
        await insert_citations(session, service, received, decisions, at)
        return []

    return insert_named_decisions


class _PublicationData(BaseModel):
    """The data of a frozen publication; 0.1.0 did not name the figures that reached their target."""

    unit: str
    period: str
    reached: list[str] = []


def make_publication_handler(program: str) -> EventHandler:
    """Return the function that keeps a publication of a program."""

    async def insert_publication(
        session: AsyncSession, received: ReceivedEvent, at: datetime
    ) -> Sequence[Event]:
        try:
            data = _PublicationData.model_validate(received.data)
            publication_id = uuid.UUID(received.subject.rpartition("/")[2])
        except ValueError as error:
            raise EventNotReadable(f"not a publication: {received.subject}") from error
        values = {"id": publication_id, "program": program, **data.model_dump(), "recorded_at": at}
        await session.execute(insert(ProgramPublication).values(values).on_conflict_do_nothing())
        return []

    return insert_publication


def make_service_followers(settings: OversightSettings) -> list[ServiceFollower]:
    """Return a consumer of each feed that names decisions; none where the settings hold no client to read with."""
    followers = []
    for service, types in NAMING_EVENTS.items():
        client = make_feed_client(settings, "oversight")
        if client is not None:
            handlers, after_page = dict.fromkeys(types, make_decision_handler(service)), None
            if service in PROGRAMS:
                reader = CatalogueReader(service, client)
                after_page = reader.read_if_due
                handlers |= {
                    "publication.frozen": make_publication_handler(service),
                    "catalogue.replaced": reader.take_replacement,
                }
            feed, seconds = FOLLOWED_FEEDS[service], settings.follow_services_every_seconds
            followers.append(
                ServiceFollower(FeedConsumer("oversight", feed, handlers, client, seconds, after_page))
            )
    return followers
