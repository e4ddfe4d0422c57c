"""A service that is killed while it records: every acknowledged entry is recorded, once."""

import pytest

from tests.forms import short_and_long
from tests.funding.killing import kill_repeatedly

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]


@pytest.mark.parametrize("kills", short_and_long(2, 100))
async def test_a_ledger_that_is_killed_repeatedly_records_each_entry_once(kills):
    outcome = await kill_repeatedly(kills)
    assert outcome.faults == []
    assert (outcome.kills, outcome.in_flight > 0) == (kills, True)
    assert outcome.acknowledged > 0
    assert outcome.other_writes > 0
    assert outcome.repeats > 0
