"""Killed in the middle of things: nothing acknowledged is lost, and nothing is there twice."""

import pytest

from tests.forms import short_and_long
from tests.funding.killing import killed_again_and_again

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]


@pytest.mark.parametrize("kills", short_and_long(3, 100))
async def test_a_ledger_that_is_killed_again_and_again_loses_and_doubles_nothing(kills):
    outcome = await killed_again_and_again(kills)
    assert outcome.faults == []
    assert (outcome.kills, outcome.in_flight > 0) == (kills, True)
    assert outcome.acknowledged > 0
    assert outcome.repeats > 0
