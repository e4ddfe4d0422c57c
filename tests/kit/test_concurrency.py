"""Lines of a pipeline take their steps in order, and long work lets other requests run between its pieces."""

import asyncio

import pytest

from shared.kit import concurrency
from shared.kit.concurrency import (
    ELEMENTS_PER_PIECE,
    PipelinePosition,
    PipelineStep,
    cancel_tasks,
    iterate_cooperatively,
)


async def test_each_step_is_taken_in_the_order_of_the_lines_however_long_the_rest_takes():
    taken = []

    async def run(line, position, *pauses):
        for step, pause in zip(PipelineStep, pauses, strict=True):
            for _ in range(pause):
                await asyncio.sleep(0)
            async with position.enter(step):
                taken.append((step, line))
        await position.finish()

    first = PipelinePosition()
    second = PipelinePosition(first)
    third = PipelinePosition(second)
    await asyncio.gather(
        run("third", third, 0, 0, 0), run("second", second, 3, 0, 1), run("first", first, 5, 2, 9)
    )
    for step in PipelineStep:
        assert [line for entered, line in taken if entered is step] == ["first", "second", "third"]


async def test_a_line_without_steps_lets_the_next_one_on_after_the_one_before():
    first = PipelinePosition()
    second = PipelinePosition(first)
    third = PipelinePosition(second)
    finishing = asyncio.create_task(second.finish())
    last = asyncio.create_task(third.finish())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not finishing.done() and not last.done()
    await first.finish()
    await asyncio.gather(finishing, last)


async def test_a_line_that_fails_at_a_step_lets_nobody_on():
    first = PipelinePosition()
    second = PipelinePosition(first)
    with pytest.raises(OSError, match="lost"):
        async with first.enter(PipelineStep.LOCK_FEED):
            raise OSError("lost")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0), second.enter(PipelineStep.LOCK_FEED):
            pass


@pytest.mark.parametrize(
    ("elements", "pauses"),
    [(0, 0), (ELEMENTS_PER_PIECE - 1, 0), (ELEMENTS_PER_PIECE, 1), (7 * ELEMENTS_PER_PIECE, 7)],
)
async def test_other_tasks_run_between_the_pieces_of_a_long_iteration(elements, pauses):
    runs: list[None] = []

    async def run_meanwhile():
        while True:
            runs.append(None)
            await asyncio.sleep(0)

    other = asyncio.create_task(run_meanwhile())
    assert [number async for number in iterate_cooperatively(range(elements))] == list(range(elements))
    other.cancel()
    assert len(runs) == pauses


async def test_a_task_that_loses_a_cancellation_is_ended_too(monkeypatch):
    monkeypatch.setattr(concurrency, "CANCEL_AGAIN_AFTER_S", 0.01)
    begun = asyncio.Event()

    async def lose_the_first():
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(3600)

    task = asyncio.create_task(lose_the_first())
    await begun.wait()
    await cancel_tasks([task])
    assert task.cancelled()
