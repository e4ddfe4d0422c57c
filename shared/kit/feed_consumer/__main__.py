"""`python -m shared.kit.feed_consumer begin-again FEED`: the operator's command when a feed was rewound.

Run it as the consuming service (`python -m services exec NAME -- …`), whose environment names the database. The feed is
read again from zero, as it is now; the output is one JSON object.
"""

# ruff: noqa: T201 (a command line prints)

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from shared.kit.clock import system_clock
from shared.kit.database import Database
from shared.kit.feed_consumer import cursor
from shared.kit.settings import ServiceSettings

NEVER_CONSUMED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.kit.feed_consumer", description="Commands for feeds that a service consumes."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    begin_again = commands.add_parser("begin-again", help="read a feed again from zero")
    begin_again.add_argument("feed", help="its path, such as /v1/NAME/changes")
    options = parser.parse_args(arguments)
    life = asyncio.run(_begin_again(ServiceSettings().database_url.get_secret_value(), options.feed))
    if life is None:
        print(f"{options.feed} was never consumed here", file=sys.stderr)
        return NEVER_CONSUMED
    print(json.dumps({"feed": options.feed, "life": life}))
    return 0


async def _begin_again(url: str, feed: str) -> int | None:
    database = Database(url, pool_size=1, application="operator")
    try:
        async with database.writing() as session:
            if await cursor.find_cursor(session, feed) is None:
                return None
            return await cursor.begin_again(session, feed, system_clock)
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main())
