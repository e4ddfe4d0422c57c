"""The ethnic service and its parts."""

from pathlib import Path

from fastapi import FastAPI

from services.ethnic import __doc__ as description
from services.ethnic.areas import api as areas
from services.ethnic.areas import figures as area_figures
from services.ethnic.areas.rules import AreaRules
from services.ethnic.classifications import api as classifications
from services.ethnic.classifications.queries import RecognitionRules
from services.ethnic.classifications.rules import ClassificationExists
from services.ethnic.dated_facts import load_area_facts, load_project_facts, load_regions
from services.ethnic.exits import api as exits
from services.ethnic.exits import figures as exit_figures
from services.ethnic.lists import api as lists
from services.ethnic.lists.rules import ListExists
from services.ethnic.models import REVISION
from services.ethnic.projects import api as projects
from services.ethnic.recognitions import api as recognitions
from services.ethnic.recognitions.actions import HANDLERS
from services.ethnic.recognitions.store import FEED
from services.ethnic.rules import CHECKS
from services.ethnic.settings import EthnicSettings
from services.ethnic.tables import api as tables
from shared.kit.clock import Clock, system_clock
from shared.kit.feed_consumer.client import make_feed_client
from shared.kit.feed_consumer.consumer import FeedConsumer
from shared.reporting.catalogue.catalogue_file import CatalogueLoader
from shared.reporting.engine import Register
from shared.reporting.service import create_program
from shared.roles import PUBLIC
from shared.territory.villages.api import villages_router
from shared.territory.villages.consumer import VILLAGE_FEED, make_village_followers


def create_app(settings: EthnicSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Return the service, configured by the settings given or by the environment."""
    settings = settings or EthnicSettings()
    region_facts = load_regions(settings.regions_file)
    area_facts = load_area_facts(settings.area_laws_file)
    feed_client = make_feed_client(settings, "ethnic")
    consumers = (
        [FeedConsumer("ethnic", FEED, HANDLERS, feed_client, settings.follow_every_seconds)]
        if feed_client
        else []
    )
    village_followers = make_village_followers("ethnic", settings)
    rules = RecognitionRules(region_facts.consequences, feed_followed=bool(consumers))
    area_rules = AreaRules(area_facts, region_facts.consequences, feed_followed=bool(consumers))
    count_exits, count_exits_in_scopes = exit_figures.make_exit_counters(area_rules)
    count_areas, count_areas_in_scopes = area_figures.make_area_counters(area_rules)
    return create_program(
        catalogue=CatalogueLoader(Path(__file__).with_name("catalogue.toml"), checks=CHECKS),
        title="Vùng đồng bào dân tộc thiểu số và miền núi / Ethnic-minority and mountainous areas",
        description=description or "",
        settings=settings,
        revisions=[REVISION],
        registers={
            "exits": Register(count_exits, exit_figures.EVENT_TYPES, count_scopes=count_exits_in_scopes),
            "areas": Register(count_areas, area_figures.EVENT_TYPES, count_scopes=count_areas_in_scopes),
        },
        routers=[
            classifications.router,
            lists.router,
            areas.router,
            exits.router,
            projects.router,
            tables.router,
            recognitions.router,
            villages_router("/v1/ethnic", PUBLIC),
        ],
        violations={
            "uq_classifications_decision": lambda: ClassificationExists(classification=None),
            "uq_classification_lists_decision": lambda: ListExists(list=None),
        },
        followed_feeds=[FEED, VILLAGE_FEED],
        background_tasks=[
            *(consumer.run for consumer in consumers),
            *(follower.consumer.run for follower in village_followers),
        ],
        resources=[
            rules,
            load_project_facts(),
            area_facts,
            area_rules,
            region_facts,
            *consumers,
            *village_followers,
        ],
        clock=clock,
    )
