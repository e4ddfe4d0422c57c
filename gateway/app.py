"""The application of the gateway: its parts, joined by the service factory of the kit."""

import structlog
from fastapi import FastAPI
from starlette.middleware import Middleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway import boundaries, map_loads, receipts
from gateway.changes import api as changes
from gateway.changes.joining import JoinedFeeds
from gateway.clients import api as clients
from gateway.clients.actions import ensure_service_client
from gateway.clients.secrets import Pepper
from gateway.composition import api as overview
from gateway.composition import periods_api, plan_targets, project_results
from gateway.composition import units_api as unit_overviews
from gateway.composition.parts import PartFetcher
from gateway.cors import CorsMiddleware
from gateway.limits import RateLimits
from gateway.metrics import make_metrics_listener, probe_repeatedly
from gateway.models import REVISION
from gateway.page import api as page
from gateway.page.files import load_page_files
from gateway.proxy import Proxy
from gateway.rate_limiting import RateLimitMiddleware
from gateway.reference import api as reference
from gateway.reference import problems_api as problems
from gateway.reference.collection import MergedReference
from gateway.settings import GatewaySettings
from gateway.tokens import api as tokens
from gateway.tokens.keys import KeyRing, KeyRingKeys
from gateway.upstreams import Upstreams
from gateway.vintages import api as vintages
from gateway.vintages.rules import VintageExists
from gateway.webhooks import api as webhooks
from shared.kit.clock import Clock, system_clock
from shared.kit.database import Database
from shared.kit.problems import Conflict
from shared.kit.resources import Resources
from shared.kit.service import Lifespan, ServiceDefinition, create_service, open_database
from shared.territory import api as territory
from shared.territory.current import load_territory_with_geography
from shared.territory.maps import api as maps
from shared.territory.maps.map_consumer import make_map_consumer
from shared.territory.models import REVISION as TERRITORY_REVISION
from shared.territory.villages.consumer import make_village_followers

DESCRIPTION = """The public entry to the three National Target Programs of a province: reports, figures, targets, registers and
the money. Get a token at `/oauth/token`, post with an `Idempotency-Key`, read the status of the province at `/v1/status`."""

SMALL_BODY_BYTES = 64 * 1024
"""A body that the gateway reads itself is small; one that it forwards may have up to `max_body_bytes`."""


log = structlog.get_logger()


def create_app(settings: GatewaySettings | None = None, *, clock: Clock = system_clock) -> FastAPI:
    """Build the gateway."""
    settings = settings or GatewaySettings()
    pepper = Pepper(*settings.peppers)
    upstreams = Upstreams(settings.upstreams, answer_within_s=settings.answer_within_s)
    limits = RateLimits(
        client=settings.client_limit, address=settings.address_limit, token=settings.token_limit
    )
    parts = PartFetcher(upstreams, within_s=settings.part_within_s)
    database = open_database(settings, "gateway")
    village_followers = make_village_followers("gateway", settings)
    key_ring = KeyRing(database, pepper, clock, key_days=settings.key_days)
    return create_service(
        ServiceDefinition(
            name="gateway",
            title="National Target Programs: data integration and monitoring",
            description=DESCRIPTION,
            settings=settings,
            revisions=[TERRITORY_REVISION, REVISION],
            clock=clock,
            database=database,
            key_source=KeyRingKeys(key_ring) if settings.jwks_url is None else None,
            resources=(
                pepper,
                limits,
                upstreams,
                parts,
                MergedReference(upstreams),
                load_page_files(),
                JoinedFeeds(upstreams, settings.services_with_feeds),
                key_ring,
                *village_followers,
            ),
            lifespans=(key_ring.reading, upstreams.connected, parts.fetching, *_serve_metrics(settings)),
            serves_metrics=settings.public_metrics,
            start_steps=(
                load_territory_with_geography,
                boundaries.load_boundaries,
                page.name_outlines,
                _create_keys,
                _create_own_clients,
            ),
            routers=(
                overview.router,
                periods_api.router,
                unit_overviews.router,
                project_results.router,
                plan_targets.router,
                changes.router,
                receipts.router,
                boundaries.router,
                territory.router,
                territory.tiles_router,
                map_loads.router,
                maps.router,
                maps.areas_router,
                tokens.router,
                clients.secret_router,
                clients.revoking_router,
                clients.router,
                vintages.router,
                webhooks.secret_router,
                webhooks.router,
                page.router,
                reference.router,
                problems.router,
            ),
            violations={"uq_vintages_name": lambda: VintageExists(name="", vintage=None)},
            own_document=False,
            needs_database=False,
            background_tasks=(
                make_map_consumer(load_territory_with_geography, from_gateway=False),
                *(follower.consumer.run for follower in village_followers),
                *([] if settings.metrics_port is None else [probe_repeatedly]),
            ),
            larger_bodies={
                "/oauth/": SMALL_BODY_BYTES,
                "/v1/clients": SMALL_BODY_BYTES,
                "/v1/webhooks": SMALL_BODY_BYTES,
            },
            outer_middleware=[*_read_proxy_headers(settings), *_allow_origins(settings)],
            inner_middleware=(
                Middleware(RateLimitMiddleware, limits=limits, upstreams=frozenset(settings.upstreams)),
                Middleware(Proxy, upstreams=upstreams),
            ),
        )
    )


def _read_proxy_headers(settings: GatewaySettings) -> list[Middleware]:
    """Return the layer that takes the client's address from a trusted proxy; none where no proxy is trusted."""
    if not settings.trusted_proxies:
        return []
    return [Middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)]


def _serve_metrics(settings: GatewaySettings) -> list[Lifespan]:
    """Return the listener of the metrics; none where no port is set."""
    port = settings.metrics_port
    return [] if port is None else [make_metrics_listener(settings.metrics_host, port)]


def _allow_origins(settings: GatewaySettings) -> list[Middleware]:
    """Return the layer of cross-origin requests; none where no origin is listed."""
    origins = settings.allowed_origins
    return [Middleware(CorsMiddleware, origins=origins)] if origins else []


async def _create_keys(resources: Resources) -> None:
    """Create the first signing keys; raise under a wrong pepper, which ends the start."""
    await resources.get(KeyRing).current()


async def _create_own_clients(resources: Resources) -> None:
    """Create the clients of our own services; one that an administrator disabled stays so, which the log says."""
    settings = resources.get(GatewaySettings)
    for service, secret in settings.service_clients.items():
        try:
            async with resources.get(Database).writing() as session:
                await ensure_service_client(
                    session,
                    resources.get(Pepper),
                    service=service,
                    secret=secret.get_secret_value(),
                    programs=settings.programs,
                    now=resources.clock(),
                )
        except Conflict as refusal:
            log.error(  # noqa: TRY400 (expected, and no crash)
                "a service's own client is not as the settings have it", service=service, reason=str(refusal)
            )
