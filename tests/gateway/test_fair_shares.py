"""Fair shares: whose request comes next at a service, and how many of one client wait."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway import fair_shares, uploads
from gateway.fair_shares import FairShares, find_cost
from gateway.uploads import OpenUploads
from shared.kit.problems import TooManyRequests


class Service:
    """A service whose requests are under way until the test ends them, in the order in which they began."""

    def __init__(self):
        self.shares = FairShares()
        self.begun = []
        self.ends = {}
        self.tasks = []

    def send(self, name, *, client=None, cost=1, is_read=False, key=""):
        client = client or name.split("-")[0]
        self.ends[name] = asyncio.Event()

        async def run():
            async with self.shares.place(client, cost=cost, is_read=is_read, key=key):
                self.begun.append(name)
                await self.ends[name].wait()

        task = asyncio.create_task(run())
        self.tasks.append(task)
        return task

    async def settle(self):
        for _ in range(20):
            await asyncio.sleep(0)

    async def end(self, *names):
        for name in names:
            self.ends[name].set()
        await self.settle()


@pytest.fixture
async def service(monkeypatch):
    monkeypatch.setattr(fair_shares, "PLACES_SHARED", 4)
    monkeypatch.setattr(fair_shares, "PLACES_ALONE", 8)
    monkeypatch.setattr(fair_shares, "MAX_WAITING", 64)
    service = Service()
    yield service
    for task in service.tasks:
        task.cancel()
    await asyncio.gather(*service.tasks, return_exceptions=True)


async def test_one_client_alone_may_use_the_whole_service(service):
    for number in range(10):
        service.send(f"a-{number}")
    await service.settle()
    assert len(service.begun) == 8
    await service.end("a-0")
    assert len(service.begun) == 9


async def test_the_client_with_the_least_under_way_is_next(service):
    for number in range(50):
        service.send(f"flood-{number}")
    await service.settle()
    for name in ("b", "c", "d"):
        service.send(f"{name}-0")
    await service.settle()
    assert len(service.begun) == 8  # what is under way goes on
    await service.end(*[f"flood-{number}" for number in range(5)])
    assert service.begun[8:] == ["b-0"]  # only four places are shared, and three are taken
    await service.end("flood-5", "flood-6")
    assert service.begun[8:] == ["b-0", "c-0", "d-0"]
    await service.end("flood-7")
    assert service.begun[11:] == ["flood-8"]


async def test_of_one_client_64_wait_and_its_reads_come_in_turn(service):
    for number in range(8 + 64):
        service.send(f"a-{number}")
    await service.settle()
    refused = service.send("a-over")
    read = service.send("a-read", is_read=True)
    await service.settle()
    with pytest.raises(TooManyRequests) as problem:
        await refused
    assert problem.value.headers["Retry-After"] == "1"
    await service.end("a-0", "a-1")
    assert "a-read" in service.begun
    assert not read.done()


async def test_repeats_of_a_key_wait_for_one_another_and_are_not_counted(service):
    for number in range(200):
        service.send(f"a-{number}", key="k")
    await service.settle()
    assert service.begun == ["a-0"]
    await service.end("a-0")
    assert service.begun == ["a-0", "a-1"]
    service.send("b-0", key="k")
    await service.settle()
    assert service.begun[-1] == "b-0"  # another client's key


async def test_an_expensive_read_takes_more_places_and_one_always_fits(service):
    service.send("a-0", cost=20, is_read=True)
    service.send("b-0")
    await service.settle()
    assert service.begun == ["a-0"]
    await service.end("a-0")
    assert service.begun == ["a-0", "b-0"]
    assert find_cost("/v1/poverty/progress", b"period=2023") == 1
    assert find_cost("/v1/poverty/map", b"") == find_cost("/v1/funding/progress", b"as_of=2024") == 4


async def test_who_goes_away_while_waiting_leaves_no_trace(service):
    tasks = [service.send(f"a-{number}") for number in range(12)]
    await service.settle()
    tasks[8].cancel()
    tasks[0].cancel()
    await service.end("a-1", "a-2")
    assert service.begun[8:] == ["a-9", "a-10", "a-11"]
    for task in tasks[3:]:
        task.cancel()
    await service.settle()
    assert (service.shares._total, service.shares._under_way, service.shares._waiting) == (0, {}, {})


async def test_open_uploads_of_one_client_are_limited_until_their_bodies_are_whole(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_OPEN_UPLOADS", 2)
    open_uploads, scope = OpenUploads(), {"headers": [(b"content-length", b"9")]}

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async with AsyncExitStack() as stack:
        first = stack.enter_context(open_uploads.receive(scope, "a", receive))
        stack.enter_context(open_uploads.receive(scope, "a", receive))
        stack.enter_context(open_uploads.receive(scope, "b", receive))
        stack.enter_context(open_uploads.receive({"headers": []}, "a", receive))
        with pytest.raises(TooManyRequests), open_uploads.receive(scope, "a", receive):
            pass
        await first()
        stack.enter_context(open_uploads.receive(scope, "a", receive))
    assert not open_uploads._open
