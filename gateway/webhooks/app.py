"""The process that delivers: health and metrics for the operator, and the deliveries in the background."""

from fastapi import FastAPI

from gateway.changes.joining import JoinedFeeds
from gateway.clients.secrets import Pepper
from gateway.models import REVISION
from gateway.settings import WebhooksSettings
from gateway.tokens.keys import KeyRing, KeyRingKeys
from gateway.upstreams import Upstreams
from gateway.webhooks.delivering import Deliverer
from gateway.webhooks.dispatching import ClientFeeds, Dispatcher, seal_secrets_anew
from gateway.webhooks.sending import HttpSender, Sender
from shared.kit.clock import Clock, system_clock
from shared.kit.resources import Resources
from shared.kit.service import ServiceDefinition, create_service, open_database
from shared.territory.current import load_territory
from shared.territory.maps.map_consumer import make_map_consumer
from shared.territory.models import REVISION as TERRITORY_REVISION

NAME = "webhooks"
DESCRIPTION = "Calls the subscribed clients when something changes; it has no interface but its health."


def create_app(
    settings: WebhooksSettings | None = None, *, clock: Clock = system_clock, sender: Sender | None = None
) -> FastAPI:
    """Build the process; it has the database, the pepper and the upstreams of the gateway."""
    settings = settings or WebhooksSettings()
    pepper = Pepper(*settings.peppers)
    upstreams = Upstreams(settings.upstreams, answer_within_s=settings.answer_within_s)
    database = open_database(settings, NAME)
    key_ring = KeyRing(database, pepper, clock, key_days=settings.key_days)
    http_sender = HttpSender(settings.webhook_networks_listed, settings.webhook_authorities)
    feeds = ClientFeeds(JoinedFeeds(upstreams, settings.services_with_feeds), key_ring, settings, clock)
    deliverer = Deliverer(database, clock, pepper, feeds, sender or http_sender)
    dispatcher = Dispatcher(database, clock, feeds, deliverer)
    return create_service(
        ServiceDefinition(
            name=NAME,
            title="National Target Programs: webhooks",
            description=DESCRIPTION,
            settings=settings,
            revisions=[TERRITORY_REVISION, REVISION],
            clock=clock,
            database=database,
            key_source=KeyRingKeys(key_ring),
            resources=(pepper, upstreams, key_ring, dispatcher),
            lifespans=(key_ring.reading, upstreams.connected, http_sender.connected),
            start_steps=(load_territory, _create_keys, seal_secrets_anew),
            background_tasks=(dispatcher.run, make_map_consumer(load_territory, from_gateway=False)),
            routers=(),
            own_document=False,
        )
    )


async def _create_keys(resources: Resources) -> None:
    """Create the first signing keys, where the gateway has not yet; raise under a wrong pepper."""
    await resources.get(KeyRing).current()
