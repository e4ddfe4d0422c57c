"""The oversight service and its parts."""

from pathlib import Path

from fastapi import FastAPI

from services.oversight import __doc__ as description
from services.oversight.agencies import api as agencies
from services.oversight.bodies import api as bodies
from services.oversight.campaigns import api as campaigns
from services.oversight.citations import api as citations
from services.oversight.conferences import api as conferences
from services.oversight.dated_facts import load_agencies, load_body_kinds, load_document_kinds
from services.oversight.difficulties import api as difficulties
from services.oversight.documents import api as documents
from services.oversight.figures import make_registers
from services.oversight.followed_services import FOLLOWED_FEEDS, make_service_followers
from services.oversight.inspections import api as inspections
from services.oversight.models import REVISION
from services.oversight.plans import api as plans
from services.oversight.recommendations import api as recommendations
from services.oversight.settings import OversightSettings
from services.oversight.supervisions import api as supervisions
from services.oversight.tasks import api as tasks
from shared.kit.clock import Clock, system_clock
from shared.reporting.catalogue.catalogue_file import CatalogueLoader
from shared.reporting.service import create_program
from shared.roles import PUBLIC
from shared.territory.villages.api import villages_router
from shared.territory.villages.consumer import VILLAGE_FEED, make_village_followers


def create_app(settings: OversightSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Return the service, configured by the settings given or by the environment."""
    settings = settings or OversightSettings()
    directory = load_agencies(settings.agencies_file, settings.components_file)
    body_kinds = load_body_kinds(settings.body_kinds_file)
    document_kinds = load_document_kinds(settings.document_kinds_file)
    service_followers = make_service_followers(settings)
    village_followers = make_village_followers("oversight", settings)
    return create_program(
        catalogue=CatalogueLoader(Path(__file__).with_name("catalogue.toml"), has_forms=False),
        title="Quản lý, điều hành / Oversight",
        description=description or "",
        settings=settings,
        takes_reports=False,
        revisions=[REVISION],
        registers=make_registers(directory, document_kinds, clock),
        routers=[
            agencies.router,
            bodies.router,
            citations.router,
            documents.router,
            campaigns.router,
            conferences.router,
            inspections.router,
            recommendations.router,
            supervisions.router,
            difficulties.router,
            tasks.router,
            plans.router,
            villages_router("/v1/oversight", PUBLIC),
        ],
        followed_feeds=[VILLAGE_FEED, *FOLLOWED_FEEDS.values()],
        background_tasks=[
            *(follower.consumer.run for follower in village_followers),
            *(follower.consumer.run for follower in service_followers),
        ],
        resources=[directory, body_kinds, document_kinds, *village_followers],
        clock=clock,
    )
