"""Positions of the services: readers that wait share a round of requests, and a hanging service holds no other up for long."""

import asyncio
from collections import Counter
from typing import Any

from gateway.composition.positions import PositionFetcher
from gateway.upstreams import Upstreams
from tests.waiting import poll_until


class PositionsOfStubs(Upstreams):
    """Upstreams that answer a position of their own, counted; some hang until they are released."""

    def __init__(self, *names: str) -> None:
        super().__init__(dict.fromkeys(names, "http://127.0.0.1:1"), answer_within_s=1)
        self.requests: Counter[str] = Counter()
        self.hanging: dict[str, asyncio.Event] = {}

    async def get_json(self, name: str, path: str, **_: Any) -> tuple[int, dict[str, str], dict[str, Any]]:
        self.requests[name] += 1
        number = self.requests[name]
        if name in self.hanging:
            await self.hanging[name].wait()
        await asyncio.sleep(0)
        return 200, {}, {"position": f"{name} {number}", "newest": number}


async def test_readers_that_wait_share_one_round_that_begins_after_they_came():
    upstreams = PositionsOfStubs("rural", "poverty")
    fetcher = PositionFetcher(upstreams)
    together = await asyncio.gather(*(fetcher.fetch(["rural", "poverty"], 60) for _ in range(20)))
    assert upstreams.requests == {"rural": 1, "poverty": 1}
    assert {positions["rural"].text for positions in together if positions["rural"]} == {"rural 1"}
    upstreams.hanging["rural"] = released = asyncio.Event()
    during = asyncio.create_task(fetcher.fetch(["rural"], 60))
    await poll_until(lambda: upstreams.requests["rural"] == 2)
    later = asyncio.create_task(fetcher.fetch(["rural"], 60))
    await asyncio.sleep(0)
    released.set()
    positions = [await task for task in (during, later)]
    assert [position["rural"].newest for position in positions if position["rural"]] == [2, 3]


async def test_a_hanging_service_is_asked_once_at_a_time_and_holds_up_no_other():
    upstreams = PositionsOfStubs("rural", "poverty")
    fetcher = PositionFetcher(upstreams)
    upstreams.hanging["rural"] = released = asyncio.Event()
    for number in (1, 2, 3):
        positions = await fetcher.fetch(["rural", "poverty"], 0.01)
        assert positions["rural"] is None
        poverty = (await fetcher.fetch(["poverty"], 60))["poverty"]
        assert poverty is not None
        assert poverty.newest >= number
    assert upstreams.requests["rural"] == 1
    released.set()
    rural = (await fetcher.fetch(["rural"], 60))["rural"]
    assert rural is not None
    assert upstreams.requests["rural"] <= 3
    fetcher.cancel()
