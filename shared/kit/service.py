"""The service factory: joins the parts that a service names in its `create_app()`.

    app = create_service(Service(name="poverty", title=…, settings=settings, routers=[…]))

It adds health (`/livez`, `/readyz`, `/metrics`), the answers to refusals, the request's id and trace, compression,
and an OpenAPI document with stable operation ids. It holds no noun of the field.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette_compress import CompressMiddleware

from shared.kit.clock import Clock, system_clock
from shared.kit.database import Database
from shared.kit.exception_handlers import ConstraintProblems, install_exception_handlers
from shared.kit.idempotency import prune_answers
from shared.kit.identity import Anyone, Identity, IssuerKeys
from shared.kit.logs import configure_logging
from shared.kit.middleware import HeadAsGetMiddleware, RequestMiddleware
from shared.kit.openapi import PROBLEM_RESPONSE, add_problem_schemas, extend_openapi
from shared.kit.problems import Unavailable
from shared.kit.settings import ServiceSettings, find_unread_variables, list_variables
from shared.kit.version import product_version

PRUNE_EVERY_S = 3600
LARGEST_UNCOMPRESSED_BYTES = 500

log = structlog.get_logger()
Start = Callable[[FastAPI], Awaitable[None]]
BackgroundTask = Callable[[FastAPI], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class ServiceDefinition:
    """What a service is made of."""

    name: str
    title: str
    description: str
    settings: ServiceSettings
    routers: Sequence[APIRouter]
    program: str | None = None
    """The program that a caller must serve to write here; None where the body names it."""
    version: str = field(default_factory=product_version)
    violations: ConstraintProblems = field(default_factory=dict)
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    """Limits in bytes of the paths, by their beginning, that take larger bodies than the settings allow."""
    on_start: Sequence[Start] = ()
    """What to load before the first request, such as the unit tree."""
    beside: Sequence[BackgroundTask] = ()
    """Work without an end that is done beside the requests while the application runs, such as a follower's."""
    clock: Clock = system_clock
    state: Mapping[str, Any] = field(default_factory=dict)


def operation_id(route: Any) -> str:
    """Name an operation after its function: stable, readable, the same in every language's client."""
    return str(route.operation_id or route.name)


def _health(name: str) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="Is the process alive", include_in_schema=False)
    async def livez(_: Anyone) -> dict[str, str]:
        return {"service": name, "state": "alive"}

    @router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
    async def metrics(_: Anyone) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _readiness(name: str, app: FastAPI) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/readyz", summary="Can it serve", include_in_schema=False)
    async def readyz(_: Anyone) -> dict[str, str]:
        try:
            async with asyncio.timeout(2), app.state.database.connection() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:
            raise Unavailable(headers={"Retry-After": "1"}) from error
        return {"service": name, "state": "ready"}

    return router


def _pruning(keep: timedelta) -> BackgroundTask:
    async def prune_now_and_then(app: FastAPI) -> None:
        while True:
            await asyncio.sleep(PRUNE_EVERY_S)
            try:
                async with app.state.database.writing() as session:
                    forgotten = await prune_answers(session, app.state.clock() - keep)
                log.info("idempotency keys pruned", forgotten=forgotten)
            except Exception as error:  # noqa: BLE001 (the next hour tries again)
                log.warning("pruning failed", reason=str(error))

    return prune_now_and_then


def create_service(parts: ServiceDefinition) -> FastAPI:
    """Join the parts into an application."""
    settings = parts.settings
    configure_logging(service=parts.name, as_json=settings.log_json, level=settings.log_level)
    for variable, similar in find_unread_variables(os.environ, list_variables(type(settings))).items():
        log.warning("environment variable not read", variable=variable, similar=similar)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(app.state.database.close)
            for start in parts.on_start:
                await start(app)
            works = (_pruning(timedelta(days=settings.keep_answers_days)), *parts.beside)
            tasks = [asyncio.create_task(work(app)) for work in works]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(
        title=parts.title,
        version=parts.version,
        description=parts.description,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=operation_id,
        telemetry={"tracing": False, "metrics": False},
        responses={"default": PROBLEM_RESPONSE},
    )
    extend_openapi(app, add_problem_schemas)
    app.state.name = parts.name
    app.state.settings = settings
    app.state.clock = parts.clock
    app.state.database = Database(
        settings.database_url.get_secret_value(), pool_size=settings.pool_size, application=parts.name
    )
    kept_keys = settings.state_dir / "jwks.json" if settings.state_dir else None
    app.state.identity = Identity(
        keys=IssuerKeys(settings.keys_url, kept_keys),
        issuer=settings.issuer,
        audience=settings.audience,
        clock=parts.clock,
        program=parts.program,
        public_reads=settings.public_reads,
    )
    for name, value in parts.state.items():
        setattr(app.state, name, value)
    install_exception_handlers(app, violations=parts.violations, max_body_bytes=settings.max_body_bytes)
    for router in (_health(parts.name), _readiness(parts.name, app), *parts.routers):
        app.include_router(router)
    app.add_middleware(CompressMiddleware, minimum_size=LARGEST_UNCOMPRESSED_BYTES)
    app.add_middleware(HeadAsGetMiddleware)
    app.add_middleware(
        RequestMiddleware,
        service=parts.name,
        max_body_bytes=settings.max_body_bytes,
        larger_bodies=parts.larger_bodies,
    )
    return app
