"""The service of a program: the reporting engine with the program's catalogue, registers and routes."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI

from shared.kit.clock import Clock, system_clock
from shared.kit.exception_handlers import ConstraintProblems
from shared.kit.feed_consumer.api import feed_consumer_router
from shared.kit.openapi.document import extend_openapi
from shared.kit.schema_revisions import SchemaRevision
from shared.kit.service import BackgroundTask, ServiceDefinition, StartStep, create_service
from shared.period_windows import load_windows
from shared.reporting.api import reporting_router
from shared.reporting.bounds.follower import list_followed_feeds, make_bound_followers
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.catalogue_file import CatalogueLoader
from shared.reporting.catalogue_versions.current import CurrentCatalogue
from shared.reporting.catalogue_versions.examples import add_catalogue_example
from shared.reporting.engine import Register, ReportingEngine
from shared.reporting.evidence.rules import MAX_FILE_BYTES
from shared.reporting.models import REVISION as REPORTING_REVISION
from shared.reporting.reports.examples import add_report_examples
from shared.reporting.reports.problems import ReportExists
from shared.reporting.settings import ReportingSettings
from shared.reporting.targets.examples import add_target_example
from shared.roles import PUBLIC
from shared.territory.current import load_territory
from shared.territory.maps.api import map_version_router
from shared.territory.maps.map_consumer import make_map_consumer
from shared.territory.models import REVISION as TERRITORY_REVISION

VIOLATIONS: ConstraintProblems = {
    "uq_standings_one": lambda: ReportExists(report=None),
    "uq_reports_pending": lambda: ReportExists(report=None),
}
"""The problems of unique constraints, which the locks of ADR 0003 should never let a request reach."""


def create_program(
    *,
    catalogue: Catalogue | CatalogueLoader,
    title: str,
    description: str,
    settings: ReportingSettings,
    registers: Mapping[str, Register] | None = None,
    routers: Sequence[APIRouter] = (),
    violations: ConstraintProblems | None = None,
    revisions: Sequence[SchemaRevision] = (),
    resources: Sequence[object] = (),
    start_steps: Sequence[StartStep] = (),
    background_tasks: Sequence[BackgroundTask] = (),
    followed_feeds: Sequence[str] = (),
    takes_reports: bool = True,
    clock: Clock = system_clock,
) -> FastAPI:
    """Return the service of a program: what all programs share, with the routers and registers of this one.

    `followed_feeds` are the feeds that its background tasks read, besides those of the catalogue's bounds. `takes_reports`:
    whether it has forms; without them it has only the figures of its registers.
    """
    if isinstance(catalogue, Catalogue):
        current = CurrentCatalogue(CatalogueLoader(Path("-")), None, settings.catalogue_poll_seconds)
    else:
        current = CurrentCatalogue(catalogue, settings.catalogue_file, settings.catalogue_poll_seconds)
        catalogue = catalogue.load_file(settings.catalogue_file)
    bound_followers = make_bound_followers(catalogue.program, settings)
    engine = ReportingEngine(
        catalogue,
        registers or {},
        live_on=settings.live_on,
        province=settings.province,
        windows=load_windows(),
        withheld_below=settings.withhold_below,
    )
    app = create_service(
        ServiceDefinition(
            name=catalogue.program,
            title=title,
            description=description,
            settings=settings,
            program=catalogue.program,
            revisions=[TERRITORY_REVISION, REPORTING_REVISION, *revisions],
            routers=[
                reporting_router(engine, settings, takes_reports=takes_reports),
                map_version_router(engine.path),
                feed_consumer_router(
                    engine.path,
                    followed_feeds,
                    PUBLIC,
                    on=bool(bound_followers),
                    list_more=list_followed_feeds,
                ),
                *routers,
            ],
            violations={**VIOLATIONS, **(violations or {})},
            larger_bodies={
                f"{engine.path}/reports/bulk": settings.max_bulk_bytes,
                f"{engine.path}/evidence/": MAX_FILE_BYTES,
            },
            rules=[*catalogue.checks, *catalogue.derivation_rules],
            flowing_paths=[f"{engine.path}/reports/bulk"],
            start_steps=[load_territory, current.start, *start_steps],
            background_tasks=[
                make_map_consumer(load_territory),
                *background_tasks,
                current.run,
                *(follower.run for follower in bound_followers),
            ],
            clock=clock,
            resources=[engine, current, *bound_followers, *resources],
        )
    )
    if takes_reports:
        extend_openapi(app, partial(add_report_examples, engine=engine))
    extend_openapi(app, partial(add_catalogue_example, engine=engine))
    extend_openapi(app, partial(add_target_example, engine=engine))
    return app
