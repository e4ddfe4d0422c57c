"""The thresholds of a running service: the shipped ones and the latest tables of offices, whichever process recorded them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from services.rural.criteria.thresholds import Thresholds, ThresholdsInUse
from services.rural.thresholds.rules import apply_tables
from services.rural.thresholds.store import read_latest_tables, to_office_table
from shared.kit.database import Database
from shared.kit.resources import Resources
from shared.territory.tree import Territory
from shared.territory.units import UnitKey

log = structlog.get_logger()


@dataclass
class ThresholdsFollower:
    """Keeps the thresholds in use on the latest tables."""

    shipped: Thresholds
    in_use: ThresholdsInUse
    poll_seconds: float
    _numbers: Mapping[UnitKey, int] = field(default_factory=dict, repr=False)
    """The number of the table that is followed, by province."""

    async def follow(self, resources: Resources) -> None:
        """Take the latest tables over where one was recorded; a start step."""
        async with resources.get(Database).reading() as session:
            tables = await read_latest_tables(session)
        numbers = {(table.land, table.land_since): table.number for table in tables}
        if numbers == self._numbers:
            return
        territory = resources.get(Territory)
        self.in_use.current = apply_tables(
            self.shipped, [to_office_table(territory, table) for table in tables]
        )
        self._numbers = numbers
        log.info("thresholds replaced", tables=len(tables))

    async def run(self, resources: Resources) -> None:
        """Follow what other processes record, without end; a background task."""
        while True:
            await asyncio.sleep(self.poll_seconds)
            try:
                await self.follow(resources)
            except Exception:  # the next round tries again
                log.exception("thresholds not followed")
