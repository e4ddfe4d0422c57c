"""A storm of kills and stops under writers loses, doubles and alters nothing that was acknowledged."""

import pytest

from tests.running.storm import KINDS, run_storm

pytestmark = [pytest.mark.anyio, pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(0)]


async def test_nothing_acknowledged_is_lost_doubled_or_altered_in_a_storm() -> None:
    outcome = await run_storm(events=16)
    assert outcome.faults == []
    assert set(outcome.acknowledged) == set(KINDS)
    assert sum(outcome.events.values()) == 16
    assert outcome.repeats > 0
