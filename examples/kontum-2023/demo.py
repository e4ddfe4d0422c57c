"""Post Kon Tum's 2023 through the gateway and compare the province's figures with Plan 570: `python demo.py`.

Run it while the product runs: on this machine, or where `--gateway` or NTP_GATEWAY_URL says. It may be stopped, or the
product killed, at any point: run again, it repeats what was answered and posts the rest. The exit code is 0 when every
figure is as the plan prints it.
"""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from time import monotonic

import httpx
from client import clients, posting, table
from client.door import Caller, NobodyAnswers, Refused
from client.progress import Progress

LONGEST_ANSWER_S = 30.0
MATCHES, DIFFERS, UNFINISHED = 0, 1, 2
"""Exit codes."""


async def demonstrate(gateway: str) -> bool:
    """Post, read, compare; tells whether everything matches."""
    async with httpx.AsyncClient(base_url=gateway, timeout=LONGEST_ANSWER_S) as http:
        await _until_open(http, gateway)
        callers = await clients.callers(http)
        began_at = monotonic()
        progress = await posting.post_everything(callers, Progress)
        fresh = progress.done - progress.replayed
        print(f"{fresh} posted, {progress.replayed} already there, in {monotonic() - began_at:.1f} s\n")

        anyone = Caller(http)
        lines = table.compare(await table.status(anyone, posting.PROVINCE))
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print(table.say(lines, gateway, width), end="\n\n")
        print(await table.say_districts(anyone), end="\n\n")
    print(f"gateway    {gateway}  (reference at {gateway}/docs)")
    print(f"status     {gateway}/v1/status?period={posting.PERIOD}")
    print(f"clients    {clients.KEPT_AT}")
    return all(line.matches for line in lines)


async def _until_open(http: httpx.AsyncClient, gateway: str) -> None:
    """Wait for the door; say so when it isn't open at once."""
    try:
        await http.get("/livez")
    except httpx.TransportError:
        print(f"nobody answers at {gateway} yet (`make run` starts everything); waiting …", file=sys.stderr)
        await Caller(http).get("/livez")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="demo.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--gateway",
        metavar="URL",
        help="by default NTP_GATEWAY_URL, else the gateway of this machine's stack",
    )
    gateway = parser.parse_args().gateway or os.environ.get("NTP_GATEWAY_URL") or clients.find_local_gateway()
    try:
        return MATCHES if asyncio.run(demonstrate(gateway.rstrip("/"))) else DIFFERS
    except* (Refused, NobodyAnswers) as troubles:
        for trouble in _leaves(troubles):
            print(trouble, file=sys.stderr)
    except* KeyboardInterrupt:
        print("stopped; run it again, it goes on from here", file=sys.stderr)
    return UNFINISHED


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[BaseException]:
    """The troubles themselves, out of the groups that they were raised in."""
    for trouble in group.exceptions:
        if isinstance(trouble, BaseExceptionGroup):
            yield from _leaves(trouble)
        else:
            yield trouble


if __name__ == "__main__":
    sys.exit(main())
