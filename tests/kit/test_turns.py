"""A line of those who go through the same steps side by side, and heavy work in pieces that others go on between."""

import asyncio

import pytest

from shared.kit.cooperative import AT_A_TIME, Step, Turn, iterate_cooperatively


async def test_each_step_is_taken_in_the_order_of_the_line_however_long_the_rest_takes():
    taken = []

    async def go(name, turn, *before_each):
        for step, moments in zip(Step, before_each, strict=True):
            for _ in range(moments):
                await asyncio.sleep(0)
            async with turn.of(step):
                taken.append((step, name))
        await turn.over()

    first = Turn()
    second = Turn(first)
    third = Turn(second)
    await asyncio.gather(
        go("third", third, 0, 0, 0), go("second", second, 3, 0, 1), go("first", first, 5, 2, 9)
    )
    for step in Step:
        assert [name for each, name in taken if each is step] == ["first", "second", "third"]


async def test_who_needs_no_step_lets_the_next_one_on_after_the_one_before():
    first = Turn()
    second = Turn(first)
    third = Turn(second)
    over = asyncio.create_task(second.over())
    last = asyncio.create_task(third.over())
    await asyncio.sleep(0.01)
    assert not over.done() and not last.done()
    await first.over()
    await asyncio.gather(over, last)


async def test_who_fails_at_a_step_lets_nobody_on():
    first = Turn()
    second = Turn(first)
    with pytest.raises(OSError, match="lost"):
        async with first.of(Step.WRITE_ORDER):
            raise OSError("lost")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02), second.of(Step.WRITE_ORDER):
            pass


@pytest.mark.parametrize(
    ("pieces", "turns"), [(0, 0), (AT_A_TIME - 1, 0), (AT_A_TIME, 1), (7 * AT_A_TIME, 7)]
)
async def test_others_go_on_while_thousands_are_taken_one_by_one(pieces, turns):
    had = []

    async def other():
        while True:
            had.append(None)
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    assert [it async for it in iterate_cooperatively(range(pieces))] == list(range(pieces))
    beside.cancel()
    assert len(had) == turns
