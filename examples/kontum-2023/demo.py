"""Post Kon Tum's 2023 through the gateway and compare the province's figures with Plan 570: `python demo.py`.

Run it while the product runs, on this machine or at the URL of `--gateway` or NTP_GATEWAY_URL. It may be stopped, or the
product killed, at any point: run again, it posts the rest, and nothing twice. The exit code is 0 when every figure is as
the plan prints it.
"""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from time import monotonic

import httpx
from client.accounts import ACCOUNTS_FILE, find_local_gateway, open_clients
from client.comparison import compare, format_comparison, format_districts, read_status
from client.papers import issue_annual_report
from client.posting import PERIOD, PROVINCE, post_everything
from client.progress import Progress
from ntp_client import AsyncNtpClient, NoAnswerError, RefusedError

REQUEST_TIMEOUT_S = 30.0
MATCHES, DIFFERS, UNFINISHED = 0, 1, 2
"""Exit codes."""


async def demonstrate(gateway: str) -> bool:
    """Post, read and compare; return whether every figure matches."""
    async with httpx.AsyncClient(base_url=gateway, timeout=REQUEST_TIMEOUT_S) as http:
        await wait_for_gateway(http, gateway)
        clients = await open_clients(http)
        started_at = monotonic()
        progress = await post_everything(clients, Progress)
        posted = progress.done - progress.replayed
        elapsed_s = monotonic() - started_at
        print(f"{posted} posted, {progress.replayed} already there, in {elapsed_s:.1f} s\n")

        public = AsyncNtpClient(http)
        figures = compare(await read_status(public, PROVINCE))
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print(format_comparison(figures, gateway, width), end="\n\n")
        print(await format_districts(public), end="\n\n")
        for path in await issue_annual_report(clients["office-oversight"]):
            print(f"report     {path}")
    print(f"gateway    {gateway}  (reference at {gateway}/docs)")
    print(f"status     {gateway}/v1/status?period={PERIOD}")
    print(f"clients    {ACCOUNTS_FILE}")
    return all(figure.matches for figure in figures)


async def wait_for_gateway(http: httpx.AsyncClient, gateway: str) -> None:
    """Wait until the gateway answers; print a line where it does not answer at once."""
    try:
        await http.get("/livez")
    except httpx.TransportError:
        print(f"no answer at {gateway} yet (`make run` starts the product); waiting …", file=sys.stderr)
        await AsyncNtpClient(http).get("/livez")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="demo.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--gateway",
        metavar="URL",
        help="by default NTP_GATEWAY_URL, else the gateway of this machine's stack",
    )
    gateway = parser.parse_args().gateway or os.environ.get("NTP_GATEWAY_URL") or find_local_gateway()
    try:
        return MATCHES if asyncio.run(demonstrate(gateway.rstrip("/"))) else DIFFERS
    except* (RefusedError, NoAnswerError) as errors:
        for error in list_errors(errors):
            print(error, file=sys.stderr)
    except* KeyboardInterrupt:
        print("stopped; run it again to continue", file=sys.stderr)
    return UNFINISHED


def list_errors(group: BaseExceptionGroup[Exception]) -> Iterator[BaseException]:
    """Yield the errors of a group and of the groups in it."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from list_errors(error)
        else:
            yield error


if __name__ == "__main__":
    sys.exit(main())
