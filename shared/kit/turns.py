"""Taking turns in one process: heavy work is done in pieces, with the others let on in between."""

import asyncio


async def give_way() -> None:
    """Let the other requests of this process go on for a moment.

    Between two pieces of a millisecond or more: whoever holds the write order waits on the database in short steps, and
    everybody waits for it.
    """
    await asyncio.sleep(0)
