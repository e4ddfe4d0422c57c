"""The catalogue of a running service: the latest version, whichever process replaced it."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from shared.kit.change_feed import ClockBehind, Event, lock_feed, publish_events
from shared.kit.database import Database, UnitOfWork
from shared.kit.identity import ANONYMOUS
from shared.kit.resources import Resources
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.catalogue_file import CatalogueLoader
from shared.reporting.catalogue.versions import find_changed_indicators, hash_tables, to_plain
from shared.reporting.catalogue_versions import store
from shared.reporting.engine import ReportingEngine
from shared.reporting.file_models import CatalogueVersion
from shared.reporting.reports.writing.sql import lock_years
from shared.reporting.rollups.refresh import RollUpRefresh
from shared.territory.tree import Territory

log = structlog.get_logger()

BASES = ("accepted", "provisional")


@dataclass
class CurrentCatalogue:
    """Keeps the engine on the latest version of the catalogue."""

    loader: CatalogueLoader
    file: Path | None = None
    """The installation's own file; None: the shipped one."""
    poll_seconds: float = 5
    number: int = 0
    """The number of the version in use; 0 is the file."""
    _summed_by: Catalogue | None = field(default=None, repr=False)
    """The catalogue by which the sums were made, until they are refreshed."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def start(self, resources: Resources) -> None:
        """Record the installation's file as a version unless it was one, and load the latest version; a start step.

        Raise `ValueError` where the latest version does not fit the program.
        """
        if self.file is not None:
            try:
                await self._record_file(resources)
            except ClockBehind as refusal:
                log.error("catalogue of the file not recorded", reason=str(refusal))  # noqa: TRY400 (expected, and no crash)
        await self.follow(resources)

    async def run(self, resources: Resources) -> None:
        """Follow what other processes replace, without end; a background task."""
        while True:
            await asyncio.sleep(self.poll_seconds)
            try:
                await self.follow(resources)
            except (
                Exception
            ):  # the next round tries again, and a service with the version before is better than none
                log.exception("catalogue not followed", number=self.number)

    async def follow(self, resources: Resources) -> None:
        """Load the latest version where it is another one than that in use, and refresh its sums."""
        async with self._lock:
            async with resources.get(Database).reading() as session:
                latest = await store.read_latest(session)
            if latest is None or latest.number == self.number:
                return
            engine = resources.get(ReportingEngine)
            catalogue = self.loader.load_tables(latest.tables, latest.number)
            self._summed_by = self._summed_by or engine.catalogue
            resources.put(replace(engine, catalogue=catalogue))
            await self._refresh_roll_ups(resources, self._summed_by, catalogue)
            resources.put(resources.get(ReportingEngine))  # cached answers may hold the sums before
            self.number, self._summed_by = latest.number, None
            log.info("catalogue replaced", version=catalogue.version)

    async def _record_file(self, resources: Resources) -> None:
        engine = resources.get(ReportingEngine)
        tables = to_plain(engine.catalogue.tables)
        async with UnitOfWork.writing(resources.get(Database), resources.clock, ANONYMOUS) as unit_of_work:
            session = unit_of_work.session
            if await store.has_hash(session, hash_tables(tables)):
                return
            at = await lock_feed(session, resources.clock)
            latest = await store.read_latest(session)
            number = latest.number + 1 if latest else 1
            session.add(
                CatalogueVersion(number=number, tables=tables, sha256=hash_tables(tables), recorded_at=at)
            )
            await session.flush()
            await publish_events(session, at, [make_event(number, engine.catalogue.program)])

    async def _refresh_roll_ups(self, resources: Resources, before: Catalogue, after: Catalogue) -> None:
        """Refresh the sums that the later version makes differently, for every period with values in effect."""
        codes = find_changed_indicators(before, after)
        if not codes:
            return
        async with UnitOfWork.writing(resources.get(Database), resources.clock, ANONYMOUS) as unit_of_work:
            session = unit_of_work.session
            units = await store.read_units_in_effect(session, after.find_forms_stating(codes))
            await lock_years(session, {Period.parse(period).year for period, _ in units})
            for period, standard in sorted(units):
                roll_ups = RollUpRefresh(
                    after,
                    resources.get(Territory),
                    period=Period.parse(period),
                    standard=standard,
                    units=units[period, standard],
                    indicators=codes,
                )
                for basis in BASES:
                    await roll_ups.refresh(session, basis)


def make_event(number: int, program: str) -> Event:
    """Return the event of the change feed for a replaced catalogue."""
    return Event("catalogue.replaced", f"catalogue/versions/{number}", {"number": number, "program": program})
