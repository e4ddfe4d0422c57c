"""The funding service."""

from fastapi import FastAPI

from services.funding import __doc__ as description
from services.funding import api
from services.funding.agencies import add_agencies
from services.funding.dated_facts import load_catalogue, load_deadlines, load_method
from services.funding.entries.recorder import start_group_commit
from services.funding.journal.sealer import seal_repeatedly
from services.funding.ledger_problems import OverdrawPrevented
from services.funding.models import REVISION
from services.funding.settings import FundingSettings
from shared.kit.clock import Clock, system_clock
from shared.kit.feed_consumer.api import feed_consumer_router
from shared.kit.service import ServiceDefinition, create_service
from shared.roles import PUBLIC
from shared.territory.current import load_territory
from shared.territory.maps.api import map_version_router
from shared.territory.maps.map_consumer import make_map_consumer
from shared.territory.models import REVISION as TERRITORY_REVISION
from shared.territory.villages.api import villages_router
from shared.territory.villages.consumer import VILLAGE_FEED, make_village_followers

LOT_CHECKS = ("ck_lots_not_negative", "ck_lots_within_available", "ck_lots_promised_within_left")
"""The constraints that an overdraft violates."""


def create_app(settings: FundingSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Build the service from the environment, or from the settings given."""
    settings = settings or FundingSettings()
    village_followers = make_village_followers("funding", settings)
    return create_service(
        ServiceDefinition(
            name="funding",
            title="Nguồn vốn các chương trình / Program funding",
            description=description or "",
            settings=settings,
            revisions=[TERRITORY_REVISION, REVISION],
            routers=[
                api.router,
                map_version_router("/v1/funding"),
                villages_router("/v1/funding", PUBLIC),
                feed_consumer_router("/v1/funding", [VILLAGE_FEED], PUBLIC, on=bool(village_followers)),
            ],
            violations=dict.fromkeys(LOT_CHECKS, OverdrawPrevented),
            start_steps=[load_territory, add_agencies, start_group_commit],
            background_tasks=[
                seal_repeatedly(settings.seal_every_seconds),
                make_map_consumer(load_territory, add_agencies),
                *(follower.consumer.run for follower in village_followers),
            ],
            clock=clock,
            resources=[
                *village_followers,
                load_catalogue(settings.funding_catalogue),
                load_deadlines(settings.funding_catalogue),
                load_method(settings.funding_catalogue),
            ],
        )
    )
