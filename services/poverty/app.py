"""The poverty service and its parts."""

from pathlib import Path

from fastapi import FastAPI

from services.poverty import __doc__ as description
from services.poverty.dated_facts import load_poverty_facts
from services.poverty.rules import CHECKS
from services.poverty.settings import PovertySettings
from services.poverty.views import breakdowns, livelihoods, movement, project_results, rates
from shared.kit.clock import Clock, system_clock
from shared.reporting.catalogue.catalogue_file import CatalogueLoader
from shared.reporting.service import create_program
from shared.roles import PUBLIC
from shared.territory.villages.api import villages_router
from shared.territory.villages.consumer import VILLAGE_FEED, make_village_followers


def create_app(settings: PovertySettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Return the service, configured by the settings given or by the environment."""
    settings = settings or PovertySettings()
    village_followers = make_village_followers("poverty", settings)
    return create_program(
        catalogue=CatalogueLoader(Path(__file__).with_name("catalogue.toml"), checks=CHECKS),
        title="Giảm nghèo bền vững / Sustainable poverty reduction",
        description=description or "",
        settings=settings,
        routers=[
            *(view.router for view in (movement, rates, breakdowns, livelihoods, project_results)),
            villages_router("/v1/poverty", PUBLIC),
        ],
        followed_feeds=[VILLAGE_FEED],
        background_tasks=[follower.consumer.run for follower in village_followers],
        resources=[load_poverty_facts(settings.poverty_facts), *village_followers],
        clock=clock,
    )
