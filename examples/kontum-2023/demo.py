"""Post Kon Tum's 2023 through the gateway and put the province's answer beside Plan 570: `python demo.py`.

Run it while the product runs (NTP_GATEWAY_URL names another door than http://127.0.0.1:8000). It may be stopped or the
product killed at any point: run again, it repeats what was answered and goes on with the rest. The exit code is 0
when every figure is as the plan prints it.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from time import monotonic

import httpx
from client import clients, posting, table
from client.door import Caller, NobodyAnswers, Refused
from client.progress import Progress

DEFAULT_GATEWAY = "http://127.0.0.1:8000"
LONGEST_ANSWER_S = 30.0


async def demonstrate(gateway: str) -> bool:
    """Post, read, compare; tells whether everything matches."""
    async with httpx.AsyncClient(base_url=gateway, timeout=LONGEST_ANSWER_S) as http:
        callers = await clients.callers(http)
        began_at = monotonic()
        progress = await posting.post_everything(callers, Progress)
        fresh = progress.done - progress.replayed
        print(f"{fresh} posted, {progress.replayed} already there, in {monotonic() - began_at:.1f} s\n")

        anyone = Caller(http)
        lines = table.compare(await table.status(anyone, posting.PROVINCE))
        print(table.say(lines), end="\n\n")
        print(await table.say_districts(anyone), end="\n\n")
    print(f"gateway    {gateway}  (reference at {gateway}/docs)")
    print(f"status     {gateway}/v1/status?period={posting.PERIOD}")
    print(f"clients    {clients.KEPT_AT}")
    return all(line.matches for line in lines)


def main() -> int:
    gateway = os.environ.get("NTP_GATEWAY_URL", DEFAULT_GATEWAY).rstrip("/")
    try:
        return 0 if asyncio.run(demonstrate(gateway)) else 1
    except* (Refused, NobodyAnswers) as troubles:
        for trouble in _leaves(troubles):
            print(trouble, file=sys.stderr)
    return 2


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[BaseException]:
    """The troubles themselves, out of the groups that they were raised in."""
    for trouble in group.exceptions:
        if isinstance(trouble, BaseExceptionGroup):
            yield from _leaves(trouble)
        else:
            yield trouble


if __name__ == "__main__":
    sys.exit(main())
