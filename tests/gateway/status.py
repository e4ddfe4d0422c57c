"""Reading a status answer in tests, and waiting for the gateway's fetches."""

import httpx

from gateway.composition.parts import PartFetcher
from shared.kit.resources import get_resources
from tests.in_process import ApplicationClient
from tests.waiting import poll_until

STATUS = "/v1/status?period=2023"
ALL_FRESH = dict.fromkeys(("rural", "poverty", "ethnic", "funding", "oversight"), "fresh")


def read_states(response: httpx.Response) -> dict[str, str]:
    """Return the state of each part."""
    status = response.json()
    states = {part["program"]: part["state"] for part in status["programs"]}
    return {**states, **{name: status[name]["state"] for name in ("funding", "oversight")}}


def read_values(response: httpx.Response) -> set[float]:
    """Return the values of all figures."""
    return {figure["value"] for part in response.json()["programs"] for figure in part["figures"]}


def find_part_fetcher(gateway: ApplicationClient) -> PartFetcher:
    """Return the part fetcher of a gateway in this process."""
    return get_resources(gateway.app).get(PartFetcher)


async def wait_for_fetches(gateway: ApplicationClient) -> None:
    """Wait until no fetch of a part is running."""
    fetcher = find_part_fetcher(gateway)
    await poll_until(lambda: not fetcher._fetches)
