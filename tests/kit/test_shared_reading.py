"""Readings are shared by those who wait at the same time, and begin after the last of them came."""

import asyncio

from shared.kit.shared_reading import SharedReading


async def test_who_comes_during_a_reading_gets_the_next_one_and_shares_it():
    begun: list[int] = []
    may_end = asyncio.Event()

    async def read():
        begun.append(len(begun) + 1)
        number = begun[-1]
        await may_end.wait()
        return number

    reading = SharedReading(read)
    first = reading.start()
    await asyncio.sleep(0)
    later = [reading.start() for _ in range(3)]
    await asyncio.sleep(0)
    assert begun == [1]
    may_end.set()
    assert [await task for task in (first, *later)] == [1, 2, 2, 2]
    assert begun == [1, 2]
