"""`python -m shared.kit.feed_consumer begin-again FEED`: what an operator does when a feed was rewound.

Run it as the service that follows (`python -m services exec NAME -- …`), which tells it the database. The feed is read
again from zero, as it is now; the answer is one JSON object on standard output.
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

NEVER_FOLLOWED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.kit.feed_consumer", description="Beside the door."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    again = commands.add_parser("begin-again", help="read a feed again from zero")
    again.add_argument("feed", help="its path, such as /v1/NAME/changes")
    given = parser.parse_args(arguments)
    life = asyncio.run(_begin_again(ServiceSettings().database_url.get_secret_value(), given.feed))
    if life is None:
        print(f"{given.feed} was never followed here", file=sys.stderr)
        return NEVER_FOLLOWED
    print(json.dumps({"feed": given.feed, "life": life}))
    return 0


async def _begin_again(url: str, feed: str) -> int | None:
    database = Database(url, pool_size=1, application="operator")
    try:
        async with database.writing() as session:
            if await cursor.current(session, feed) is None:
                return None
            return await cursor.begin_again(session, feed, system_clock)
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main())
