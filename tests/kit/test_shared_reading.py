"""Readings are shared by those who wait at the same time, and begin after the last of them came."""

import asyncio

from shared.kit.shared_reading import SharedReading
from tests.waiting import poll_until


async def test_who_comes_during_a_reading_gets_the_next_one_and_shares_it():
    begun: list[int] = []
    may_end = asyncio.Event()

    async def read():
        begun.append(len(begun) + 1)
        number = begun[-1]
        await may_end.wait()
        return number

    reading = SharedReading(read)
    together = [reading.start() for _ in range(3)]
    await poll_until(lambda: begun == [1])
    later = [reading.start() for _ in range(3)]
    await asyncio.sleep(0)
    assert begun == [1]
    may_end.set()
    assert [await task for task in (*together, *later)] == [1, 1, 1, 2, 2, 2]
    assert begun == [1, 2]
