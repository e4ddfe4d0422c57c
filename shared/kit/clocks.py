"""`python -m shared.kit.clocks [--accept]`: compares the clock of this machine with the newest change of a service.

Run it as the service (`python -m services exec NAME -- …`, or in its container). It changes nothing but with `--accept`,
which lets writers go on after a newest change that is ahead of the clock (see ADR 0025).
"""

# ruff: noqa: T201 (a command line prints)

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert

from shared.kit.change_feed import MOST_BEHIND, is_accepted, read_newest_change
from shared.kit.clock import Clock, system_clock
from shared.kit.database import Database
from shared.kit.models import AcceptedInstant
from shared.kit.settings import ServiceSettings

EXIT_BEHIND = 1

ADVICE = """The clock of this machine, or the one that stamped the newest change, was wrong. Nothing is written until one of these is done:
- the clock of this machine is behind: set it (timedatectl set-ntp true), and writing goes on by itself;
- a clock was ahead: restore the last backup from before it, and let the clients repeat what they sent since then;
- a clock was ahead and what was written then is to stay: repeat this command with --accept. Later changes are then stamped
  after the newest one, so the order of the changes stays right and their instants are those of the wrong clock."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The clock of this machine beside the newest change of a service."""

    service: str
    now: datetime
    newest: datetime | None
    accepted: bool = False
    """Whether an operator accepted that it is ahead."""

    @property
    def is_behind(self) -> bool:
        """Whether writers are refused."""
        return self.newest is not None and self.newest - self.now > MOST_BEHIND and not self.accepted

    def describe(self) -> str:
        """Return the line of a service."""
        if self.newest is None:
            return f"{self.service:<9} no change yet"
        ahead = self.newest - self.now > MOST_BEHIND
        state = "behind; writers are refused" if self.is_behind else "behind; accepted" if ahead else "right"
        return f"{self.service:<9} newest change {self.newest.isoformat(timespec='seconds')}, clock {self.now.isoformat(timespec='seconds')}: {state}"


async def read_clock(service: str, url: str, clock: Clock, *, accept: bool = False) -> ClockReading:
    """Read the newest change in the database of a service; accept its instant where writers are refused and `accept` is set."""
    database = Database(url, pool_size=1, application="operator")
    try:
        async with database.writing() as session:
            _, newest = await read_newest_change(session)
            accepted = newest is not None and await is_accepted(session, newest)
            reading = ClockReading(service, clock(), newest, accepted)
            if accept and reading.is_behind:
                await session.execute(insert(AcceptedInstant).values(instant=newest, accepted_at=clock()))
                reading = ClockReading(service, reading.now, newest, accepted=True)
            return reading
    finally:
        await database.close()


def print_readings(readings: Sequence[ClockReading]) -> int:
    """Print a line for each service, and what to do where writers are refused; return the exit code."""
    for reading in readings:
        print(reading.describe())
    if any(reading.is_behind for reading in readings):
        print(ADVICE)
        return EXIT_BEHIND
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shared.kit.clocks", description="Compare the clocks.")
    parser.add_argument("--accept", action="store_true", help="let writers go on after the newest change")
    options = parser.parse_args(arguments)
    url = ServiceSettings().database_url.get_secret_value()
    return print_readings([asyncio.run(read_clock("service", url, system_clock, accept=options.accept))])


if __name__ == "__main__":
    sys.exit(main())
