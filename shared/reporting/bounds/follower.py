"""The background task that follows the reports of the programs that the catalogue's bounds name."""

import asyncio
from dataclasses import dataclass, field

from shared.kit.feed_consumer.client import FeedClient, make_feed_client
from shared.kit.feed_consumer.consumer import FeedConsumer
from shared.kit.resources import Resources
from shared.kit.settings import FollowingSettings
from shared.reporting.bounds.received import ReportReceiver
from shared.reporting.bounds.store import make_feed_name
from shared.reporting.engine import ReportingEngine


@dataclass
class BoundFollower:
    """Follows the feeds of other programs; a catalogue that is replaced may name further ones."""

    service: str
    client: FeedClient
    poll_seconds: float
    consumers: dict[str, FeedConsumer] = field(default_factory=dict)
    """By program."""

    async def run(self, resources: Resources) -> None:
        """Follow without an end; a background task of the service."""
        async with asyncio.TaskGroup() as tasks:
            running: set[str] = set()
            while True:
                for program in list_followed_programs(resources):
                    if program not in running:
                        running.add(program)
                        tasks.create_task(self.get_consumer(program).run(resources))
                await asyncio.sleep(self.poll_seconds)

    def get_consumer(self, program: str) -> FeedConsumer:
        """Return the consumer of a program's reports, which is made when it is needed first."""
        if program not in self.consumers:
            receiver = ReportReceiver(program, self.client)
            self.consumers[program] = FeedConsumer(
                self.service,
                make_feed_name(program),
                receiver.handlers,
                self.client,
                self.poll_seconds,
                after_page=receiver.read_values,
            )
        return self.consumers[program]


def list_followed_programs(resources: Resources) -> list[str]:
    """Return the programs whose reports the bounds of the catalogue compare with."""
    bounds = resources.get(ReportingEngine).catalogue.bounds
    return sorted({bound.other.program for bound in bounds})


def list_followed_feeds(resources: Resources) -> list[str]:
    """Return the feeds by which the bounds of the catalogue are followed."""
    return [make_feed_name(program) for program in list_followed_programs(resources)]


def make_bound_followers(service: str, settings: FollowingSettings) -> list[BoundFollower]:
    """Return the follower of a service; none where the settings hold no secret for it."""
    client = make_feed_client(settings, service)
    return [BoundFollower(service, client, settings.follow_every_seconds)] if client else []
