"""A flood of posts by one client leaves the others' posts near their usual time, its own reads possible, and memory as it is."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.not_none import not_none
from tests.running.installation import TIME_LIMITS, Installation, temporary_installation
from tests.waiting import PATIENCE_SECONDS, poll_until

pytestmark = [pytest.mark.anyio, pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(0)]

UNITS = ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618")
"""One client of each; the first floods."""
CONNECTIONS = 100
ROUNDS = 6
"""Times that the others post without the flood and with it, in turns: what else the machine does then weighs on both."""
POSTS = 8
"""Of each of the others in a round."""
OTHERS_TIMES = 3.0
MORE_MEMORY_BYTES = 16 * 1024 * 1024
NUMBERS = count(1)


@dataclass
class Poster:
    """A client that posts allocations of a unit of its own."""

    unit: str
    http: httpx.AsyncClient
    statuses: set[int] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)

    async def post(self) -> None:
        """Post one allocation, and note how long its answer takes."""
        number = next(NUMBERS)
        body = {
            "year": 2023,
            "program": "poverty",
            "capital": "investment",
            "source": "counterpart_district",
            "unit": self.unit,
            "amount_vnd": 1_000_000 + number,
            "decision": {"number": f"{number}/QĐ-UBND", "date": "2023-01-05"},
        }
        begun = time.monotonic()
        response = await self.http.post(
            "/v1/funding/allocations", json=body, headers={"Idempotency-Key": f"{self.unit}-{number}"}
        )
        self.seconds.append(time.monotonic() - begun)
        self.statuses.add(response.status_code)
        assert response.status_code in {201, 429}, response.text
        if response.status_code == 429:
            await asyncio.sleep(int(response.headers["retry-after"]))

    async def post_in_turn(self, times: int) -> None:
        for _ in range(times):
            await self.post()

    async def read(self) -> float:
        """Read one of its own entries; return how long it took."""
        begun = time.monotonic()
        response = await self.http.get("/v1/funding/entries", params={"unit": self.unit, "limit": 1})
        assert response.status_code == 200, response.text
        return time.monotonic() - begun


@pytest.fixture
def installation() -> Iterator[Installation]:
    """An installation without a limit of requests in a minute: the shares alone hold the flood back."""
    with temporary_installation() as installation:
        installation.variables = {**TIME_LIMITS, "NTP_CLIENT_LIMIT": "", "NTP_ADDRESS_LIMIT": ""}
        installation.start()
        yield installation


async def fetch_token(http: httpx.AsyncClient, client_id: str, secret: str) -> str:
    granted = await http.post(
        "/oauth/token", auth=(client_id, secret), data={"grant_type": "client_credentials"}
    )
    assert granted.status_code == 200, granted.text
    return str(granted.json()["access_token"])


@asynccontextmanager
async def open_posters(installation: Installation) -> AsyncIterator[list[Poster]]:
    """Create a client for each unit and yield what posts as it."""
    created = installation.run_command(
        *("exec", "gateway", "--", sys.executable, "-m", "gateway", "create-client", "--id", "office"),
        *("--scope", "admin", "--unit", "62"),
    )
    posters = []
    async with httpx.AsyncClient(base_url=installation.gateway_url, timeout=PATIENCE_SECONDS) as http:
        token = await fetch_token(http, "office", json.loads(created.stdout)["client_secret"])
        for unit in UNITS:
            made = await http.post(
                "/v1/clients",
                headers={"Authorization": f"Bearer {token}", "Idempotency-Key": unit},
                json={"client_id": f"finance-{unit}", "scopes": ["funding"], "programs": ["poverty"], "units": [unit]},
            )  # fmt: skip
            own = await fetch_token(http, f"finance-{unit}", made.json()["client_secret"])
            client = httpx.AsyncClient(
                base_url=installation.gateway_url,
                headers={"Authorization": f"Bearer {own}"},
                timeout=PATIENCE_SECONDS,
                limits=httpx.Limits(max_connections=CONNECTIONS + 1),
            )
            posters.append(Poster(unit, client))
        try:
            yield posters
        finally:
            for poster in posters:
                await poster.http.aclose()


@asynccontextmanager
async def flood(poster: Poster) -> AsyncIterator[None]:
    """Post on many connections at once until the block ends."""
    ends = asyncio.Event()

    async def post_until_the_end() -> None:
        while not ends.is_set():
            await poster.post()

    before = len(poster.seconds)
    tasks = [asyncio.create_task(post_until_the_end()) for _ in range(CONNECTIONS)]
    await poll_until(
        lambda: len(poster.seconds) >= before + CONNECTIONS or any(task.done() for task in tasks)
    )
    yield
    ends.set()
    await asyncio.gather(*tasks)


def read_gateway_memory(installation: Installation) -> int:
    """Return the private and the shared memory of the gateway (PSS), in bytes."""
    pid = not_none(installation.find_child("gateway")).pid
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


async def test_a_flood_by_one_client_leaves_the_others_near_their_usual_time(
    installation: Installation,
) -> None:
    async with open_posters(installation) as (flooder, *others):
        usual: list[float] = []
        flooded: list[float] = []
        own_reads: list[float] = []
        memory: list[int] = []
        for _ in range(ROUNDS):
            for poster in others:
                poster.seconds.clear()
            await asyncio.gather(*(poster.post_in_turn(POSTS) for poster in others))
            usual += [seconds for poster in others for seconds in poster.seconds]
            for poster in others:
                poster.seconds.clear()
            async with flood(flooder):
                reads = asyncio.create_task(flooder.read())
                await asyncio.gather(*(poster.post_in_turn(POSTS) for poster in others))
                own_reads.append(await reads)
            flooded += [seconds for poster in others for seconds in poster.seconds]
            memory.append(read_gateway_memory(installation))
    times = statistics.median(flooded) / statistics.median(usual)
    print(
        f"usual {statistics.median(usual):.3f} s, with the flood {statistics.median(flooded):.3f} s ({times:.1f} times); "
        f"the flood's own posts {statistics.median(flooder.seconds):.3f} s, reads {statistics.median(own_reads):.3f} s; "
        f"{len(flooder.seconds)} posts; memory {[size // 1024**2 for size in memory]} MiB"
    )
    assert {status for poster in others for status in poster.statuses} == {201}
    assert times < OTHERS_TIMES
    assert statistics.median(own_reads) < statistics.median(flooder.seconds)
    assert memory[-1] - memory[0] < MORE_MEMORY_BYTES
