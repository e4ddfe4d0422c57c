"""Killed in the middle of things: nothing acknowledged is lost, and nothing is there twice."""

import pytest

from tests.funding.killing import killed_again_and_again

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]


async def test_a_ledger_that_is_killed_again_and_again_loses_and_doubles_nothing():
    """The hundred are `python -m tests.funding.killing`."""
    outcome = await killed_again_and_again(5)
    assert outcome.faults == []
    assert (outcome.kills, outcome.in_flight > 0) == (5, True)
    assert outcome.acknowledged > 0
    assert outcome.repeats > 0
