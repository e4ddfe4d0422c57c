"""The application of the gateway: its parts, joined by the service factory of the kit."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.middleware import Middleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway import receipts
from gateway.clients import api as clients
from gateway.clients.actions import ensure_service_client
from gateway.clients.secrets import Pepper
from gateway.composition import api as overview
from gateway.composition.parts import PartFetcher
from gateway.limits import RateLimits
from gateway.proxy import Proxy
from gateway.rate_limiting import RateLimitMiddleware
from gateway.reference import api as reference
from gateway.reference.collection import MergedReference
from gateway.settings import GatewaySettings
from gateway.tokens import api as tokens
from gateway.tokens.keys import KeyRing, KeyRingKeys
from gateway.upstreams import Upstreams
from shared.kit.clock import Clock, system_clock
from shared.kit.problems import Conflict
from shared.kit.service import ServiceDefinition, create_service
from shared.territory import api as territory
from shared.territory.current import load_territory

DESCRIPTION = """The public entry to the three National Target Programs of a province: reports, figures, targets, registers and
the money. Get a token at `/oauth/token`, post with an `Idempotency-Key`, read the status of the province at `/v1/status`."""

SMALL_BODY_BYTES = 64 * 1024
"""What the gateway reads itself is small; what it passes on is up to `max_body_bytes`."""


log = structlog.get_logger()


def create_app(settings: GatewaySettings | None = None, *, clock: Clock = system_clock) -> FastAPI:
    """Build the gateway."""
    settings = settings or GatewaySettings()
    pepper = Pepper(settings.client_secret_pepper.get_secret_value())
    upstreams = Upstreams(settings.upstreams, answer_within_s=settings.answer_within_s)
    limits = RateLimits(
        client=settings.client_limit, address=settings.address_limit, token=settings.token_limit
    )
    parts = PartFetcher(upstreams, within_s=settings.part_within_s)
    app = create_service(
        ServiceDefinition(
            name="gateway",
            title="National Target Programs: data integration and monitoring",
            description=DESCRIPTION,
            settings=settings,
            routers=(
                overview.router,
                receipts.router,
                territory.router,
                tokens.router,
                clients.secret_router,
                clients.router,
                reference.router,
            ),
            larger_bodies={"/oauth/": SMALL_BODY_BYTES, "/v1/clients": SMALL_BODY_BYTES},
            on_start=(load_territory, _make_keys, _make_own_clients),
            clock=clock,
            state={
                "pepper": pepper,
                "limits": limits,
                "upstreams": upstreams,
                "parts": parts,
                "reference": MergedReference(upstreams),
            },
        )
    )
    ring = KeyRing(app.state.database, pepper, clock, key_days=settings.key_days)
    app.state.key_ring = ring
    _leave_only_the_merged_document(app)
    if settings.jwks_url is None:
        app.state.identity.keys = KeyRingKeys(ring)
    _put_inside_the_request_context(
        app,
        Middleware(RateLimitMiddleware, limits=limits, identity=app.state.identity),
        Middleware(Proxy, upstreams=upstreams),
    )
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    app.router.lifespan_context = _with_connections(app.router.lifespan_context, upstreams, parts)
    return app


async def _make_keys(app: FastAPI) -> None:
    """Have the first signing keys ready, or refuse to start under a wrong pepper."""
    ring: KeyRing = app.state.key_ring
    await ring.current()


async def _make_own_clients(app: FastAPI) -> None:
    """Have the clients of our own services; one that an administrator shut out stays so, and the log says it."""
    settings: GatewaySettings = app.state.settings
    for service, secret in settings.service_clients.items():
        try:
            async with app.state.database.writing() as session:
                await ensure_service_client(
                    session,
                    app.state.pepper,
                    service=service,
                    secret=secret.get_secret_value(),
                    programs=settings.programs,
                    now=app.state.clock(),
                )
        except Conflict as refusal:
            log.error(  # noqa: TRY400 (expected, and no crash)
                "a service's own client is not as the settings have it", service=service, reason=str(refusal)
            )


def _leave_only_the_merged_document(app: FastAPI) -> None:
    """Take out FastAPI's own `/openapi.json`, which would say the gateway's part alone."""
    app.router.routes[:] = [
        route for route in app.router.routes if getattr(route, "path", None) != app.openapi_url
    ]


def _put_inside_the_request_context(app: FastAPI, *layers: Middleware) -> None:
    """Lay layers between the kit's outermost one and its compression: services compress their own answers."""
    app.user_middleware[1:1] = layers


Lifespan = Callable[[Any], Any]


def _with_connections(inner: Lifespan, upstreams: Upstreams, parts: PartFetcher) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with upstreams.connected(), inner(app) as state:
            yield state
            await parts.close()

    return lifespan
