"""The service factory: joins the parts that a service names in its `create_app()`.

    app = create_service(ServiceDefinition(name="notes", title=…, settings=settings, routers=[…]))

It adds health (`/livez`, `/readyz`, `/metrics`), problem documents, the id and trace of each request, compression, and an
OpenAPI document with stable operation ids.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from starlette.middleware import Middleware
from starlette_compress import CompressMiddleware

from shared.kit.answer_cache import AnswerCache, AnswerCacheMiddleware
from shared.kit.change_places import ChangePlaces, ReadReplica
from shared.kit.clock import Clock, system_clock
from shared.kit.concurrency import cancel_tasks
from shared.kit.content_coding import DecompressMiddleware
from shared.kit.database import Database
from shared.kit.exception_handlers import ConstraintProblems, install_exception_handlers
from shared.kit.feed_position import PositionReader
from shared.kit.health import BUILD_INFO, health_router
from shared.kit.identity import Anyone, Identity
from shared.kit.issuer_keys import IssuerKeys, KeySource
from shared.kit.logs import configure_logging
from shared.kit.middleware import HeadAsGetMiddleware, RequestMiddleware, WithoutCompressionMiddleware
from shared.kit.models import REVISION
from shared.kit.openapi.document import complete_document, extend_openapi
from shared.kit.openapi.problem_schemas import PROBLEM_RESPONSE
from shared.kit.position_middleware import PositionMiddleware
from shared.kit.pruning import make_pruning_task
from shared.kit.resources import Resources, put_resources
from shared.kit.routes import OperationRoute
from shared.kit.schema_revisions import (
    NotStartedError,
    SchemaRevision,
    SchemaRevisions,
    require_schema,
)
from shared.kit.session_settings import require_session_settings
from shared.kit.settings import ServiceSettings, find_unread_variables, list_variables
from shared.kit.stopping import StopNotice
from shared.kit.storage import Storage
from shared.kit.telemetry import Telemetry, make_telemetry
from shared.kit.version import product_version

GZIP_LEVEL = 6
"""For clients that know no newer coding."""
LARGEST_UNCOMPRESSED_BYTES = 500

LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}

log = structlog.get_logger()

StartStep = Callable[[Resources], Awaitable[None]]
BackgroundTask = Callable[[Resources], Coroutine[Any, Any, None]]
Lifespan = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class ServiceDefinition:
    """The parts of a service."""

    name: str
    title: str
    description: str
    settings: ServiceSettings
    routers: Sequence[APIRouter]
    program: str | None = None
    """The program that a caller must serve to write here; None where the body names it."""
    version: str = field(default_factory=product_version)
    revisions: Sequence[SchemaRevision] = ()
    """The revisions of the histories, besides the kit's, that the service was written for."""
    violations: ConstraintProblems = field(default_factory=dict)
    """The problems of violated constraints, by the constraint's name."""
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    """Limits in bytes of the paths, by their beginning, that take larger bodies than the settings allow."""
    rules: Sequence[Callable[..., Any]] = ()
    """Functions that operations find in data, which the search for refusals has to follow."""
    flowing_paths: Sequence[str] = ()
    """Paths whose answers are sent as they are made, and so are not compressed."""
    resources: Sequence[object] = ()
    """Objects of the service besides settings, database and identity, each found by its class."""
    lifespans: Sequence[Lifespan] = ()
    """Context managers that are open from before the start steps until the process ends, such as a pool of connections."""
    start_steps: Sequence[StartStep] = ()
    """Steps before the first request, in this order."""
    background_tasks: Sequence[BackgroundTask] = ()
    """Work without an end that runs beside the requests, such as the consumer of a feed."""
    clock: Clock = system_clock
    database: Database | None = None
    """By default the factory opens the one of the settings."""
    key_source: KeySource | None = None
    """The source of the keys that tokens are verified with; by default the issuer's keys over HTTP."""
    outer_middleware: Sequence[Middleware] = ()
    """Around everything else, such as the reading of proxy headers."""
    inner_middleware: Sequence[Middleware] = ()
    """Inside of the request's id and log line, and outside of compression."""
    needs_database: bool = True
    """Whether it cannot serve while its database is away; the gateway forwards and composes all the same."""
    serves_metrics: bool = True
    """Whether `/metrics` is on the port of the service; false for a port that the public reaches."""
    own_document: bool = True
    """Whether the factory serves `/openapi.json`; false for a service that serves another document there."""


def operation_id(route: Any) -> str:
    """Return the id of an operation, its function's name: stable, readable, the same in every language's client."""
    return str(route.operation_id or route.name)


def open_database(settings: ServiceSettings, name: str) -> Database:
    """Return the database of the settings, under the name that PostgreSQL shows for its connections."""
    return Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.pool_size,
        application=settings.instance or name,
    )


def _open_replica(definition: ServiceDefinition) -> list[ReadReplica]:
    """Return the standby of public reads; none where the settings have none."""
    settings = definition.settings
    if settings.read_database_url is None:
        return []
    url = settings.read_database_url.get_secret_value()
    application = settings.instance or definition.name
    return [
        ReadReplica(definition.name, Database(url, pool_size=settings.pool_size, application=application))
    ]


def create_service(definition: ServiceDefinition) -> FastAPI:
    """Build the application of a service."""
    settings = definition.settings
    configure_logging(
        service=definition.name,
        as_json=settings.log_json,
        level=settings.log_level,
        instance=settings.instance,
    )
    _warn_of_unread_variables(settings)
    database = definition.database or open_database(settings, definition.name)
    position_reader = PositionReader(database)
    telemetry = make_telemetry(definition.name, definition.version, settings.otlp_endpoint)
    resources = Resources(
        definition.clock,
        telemetry,
        settings,
        database,
        _make_identity(definition),
        SchemaRevisions((REVISION, *definition.revisions)),
        Storage(definition.name, settings.state_dir),
        AnswerCache(settings.answer_cache_bytes),
        position_reader,
        ChangePlaces(definition.name, position_reader),
        StopNotice(),
        *_open_replica(definition),
        *definition.resources,
    )
    app = FastAPI(
        title=definition.title,
        version=definition.version,
        description=definition.description,
        license_info=LICENSE,
        lifespan=_lifespan(definition, resources, database),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirection would lead past the gateway, and clients drop their token on the way
        generate_unique_id_function=operation_id,
        telemetry=telemetry.config,
        responses={"default": PROBLEM_RESPONSE},
    )
    put_resources(app, resources)
    BUILD_INFO.labels(definition.name, definition.version).set(1)
    complete = partial(
        complete_document,
        app,
        max_body_bytes=settings.max_body_bytes,
        larger_bodies=definition.larger_bodies,
        rules=definition.rules,
    )
    extend_openapi(app, complete)
    install_exception_handlers(app, violations=definition.violations, max_body_bytes=settings.max_body_bytes)
    own = (_make_reference_router(app),) if definition.own_document else ()
    for router in (
        health_router(
            definition.name,
            instance=settings.instance,
            needs_database=definition.needs_database,
            serves_metrics=definition.serves_metrics,
        ),
        *own,
        *definition.routers,
    ):
        app.include_router(router)
    for layer in reversed(_list_middleware(definition)):
        app.add_middleware(layer.cls, *layer.args, **layer.kwargs)
    return app


def _warn_of_unread_variables(settings: ServiceSettings) -> None:
    for variable, similar in find_unread_variables(os.environ, list_variables(type(settings))).items():
        log.warning("environment variable not read", variable=variable, similar=similar)


def _make_identity(definition: ServiceDefinition) -> Identity:
    settings = definition.settings
    stored_at = settings.state_dir / "jwks.json" if settings.state_dir else None
    return Identity(
        keys=definition.key_source or IssuerKeys(settings.keys_url, stored_at),
        issuer=settings.issuer,
        audience=settings.audience,
        clock=definition.clock,
        program=definition.program,
        public_reads=settings.public_reads,
        max_token_seconds=settings.max_token_seconds,
    )


def _list_middleware(definition: ServiceDefinition) -> list[Middleware]:
    """Return the layers, the outermost first."""
    request = Middleware(
        RequestMiddleware,
        service=definition.name,
        max_body_bytes=definition.settings.max_body_bytes,
        larger_bodies=definition.larger_bodies,
    )
    position = [Middleware(PositionMiddleware, service=definition.name)] if definition.needs_database else []
    return [
        *position,
        *definition.outer_middleware,
        request,
        *definition.inner_middleware,
        Middleware(HeadAsGetMiddleware),
        Middleware(AnswerCacheMiddleware, service=definition.name),
        Middleware(
            DecompressMiddleware,
            max_body_bytes=definition.settings.max_body_bytes,
            larger_bodies=definition.larger_bodies,
        ),
        Middleware(WithoutCompressionMiddleware, paths=definition.flowing_paths),
        Middleware(CompressMiddleware, minimum_size=LARGEST_UNCOMPRESSED_BYTES, gzip_level=GZIP_LEVEL),
    ]


def _lifespan(
    definition: ServiceDefinition, resources: Resources, database: Database
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    pruning = make_pruning_task(definition.name, timedelta(days=definition.settings.keep_answers_days))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(resources.get(Telemetry).sending())
            stack.push_async_callback(database.close)
            if resources.has(ReadReplica):
                stack.push_async_callback(resources.get(ReadReplica).database.close)
            keys = resources.get(Identity).keys
            if isinstance(keys, IssuerKeys):
                stack.push_async_callback(keys.close)
            for open_lifespan in definition.lifespans:
                await stack.enter_async_context(open_lifespan())
            resources.get(AnswerCache).clear()
            try:
                for step in (_require_schema, *definition.start_steps):
                    await step(resources)
            except NotStartedError as error:
                log.error("not started", reason=str(error))  # noqa: TRY400 (expected, and no crash)
                resources.put(error)
                raise
            tasks = [asyncio.create_task(work(resources)) for work in (pruning, *definition.background_tasks)]
            yield
            await cancel_tasks(tasks)

    return lifespan


async def _require_schema(resources: Resources) -> None:
    async with resources.get(Database).reading() as session:
        await require_schema(session, resources.get(SchemaRevisions))
        await require_session_settings(session)


def _make_reference_router(app: FastAPI) -> APIRouter:
    router = APIRouter(tags=["reference"], route_class=OperationRoute)

    @router.get("/openapi.json", summary="The OpenAPI document", include_in_schema=False)
    def read_document(_: Anyone) -> JSONResponse:  # not async: the first reading makes it, in a thread
        return JSONResponse(app.openapi())

    return router
