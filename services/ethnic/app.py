"""The ethnic service, by its parts."""

from pathlib import Path

from fastapi import FastAPI

from services.ethnic import __doc__ as description
from services.ethnic.classifications import api as classifications
from services.ethnic.classifications.reading import CHANGES, Rulebook, counting
from services.ethnic.classifications.rules import ClassificationExists
from services.ethnic.dated_facts import load_regions
from services.ethnic.recognitions import api as recognitions
from services.ethnic.recognitions.actions import EFFECTS
from services.ethnic.recognitions.store import FEED
from services.ethnic.rules import CHECKS
from services.ethnic.settings import EthnicSettings
from shared.kit.clock import Clock, system_clock
from shared.kit.feed_consumer.api import feed_consumer_router
from shared.kit.feed_consumer.client import make_feed_client
from shared.kit.feed_consumer.consumer import FeedConsumer
from shared.reporting.catalogue.catalogue_file import load_catalogue
from shared.reporting.engine import Register
from shared.reporting.service import create_program
from shared.roles import PUBLIC


def create_app(settings: EthnicSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Build the service from the environment, or from the settings given."""
    settings = settings or EthnicSettings()
    neighbours = make_feed_client(settings, "ethnic")
    region_facts = load_regions(settings.regions_file)
    rulebook = Rulebook(region_facts.consequences, followed=neighbours is not None)
    consumers = (
        []
        if neighbours is None
        else [FeedConsumer("ethnic", FEED, EFFECTS, neighbours, settings.follow_every_seconds)]
    )
    return create_program(
        catalogue=load_catalogue(Path(__file__).with_name("catalogue.toml"), checks=CHECKS),
        title="Vùng đồng bào dân tộc thiểu số và miền núi / Ethnic-minority and mountainous areas",
        description=description or "",
        settings=settings,
        registers={"classifications": Register(counting(rulebook), CHANGES)},
        routers=[
            classifications.router,
            recognitions.router,
            feed_consumer_router("/v1/ethnic", [FEED], PUBLIC, on=rulebook.followed),
        ],
        violations={"uq_classifications_decision": lambda: ClassificationExists(classification=None)},
        background_tasks=[consumer.run for consumer in consumers],
        resources=[rulebook, region_facts, *consumers],
        clock=clock,
    )
