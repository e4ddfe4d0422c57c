"""Old answers are forgotten in pieces until none is left."""

from datetime import timedelta

import pytest

from shared.kit import pruning
from shared.kit.resources import get_resources
from tests.kit.notes import OWNER, running_notes

pytestmark = pytest.mark.anyio

PLANT = f"""
    INSERT INTO {OWNER}.answered_requests (client_id, key, content_sha256, received_at)
    SELECT 'writer', 'old-' || number, '', now() - interval '40 days' FROM generate_series(1, 25) AS number
"""


async def test_a_backlog_is_forgotten_piece_by_piece(database, monkeypatch):
    monkeypatch.setattr(pruning, "PIECE", 10)
    monkeypatch.setattr(pruning, "PAUSE_S", 0)
    async with running_notes(database) as notes:
        await notes.write("kept")
        await notes.sql(PLANT)
        resources = get_resources(notes.app)
        assert await pruning.prune_all("notes", resources, timedelta(days=30)) == 25
        assert await pruning.prune_all("notes", resources, timedelta(days=30)) == 0
        assert await notes.count("answered_requests") == 1
        metrics = (await notes.client.get("/metrics")).text
        assert 'ntp_pruned_answers_total{service="notes"} 25.0' in metrics
        assert 'ntp_pool_connections{service="notes",state="free"}' in metrics
        assert 'ntp_lock_waits{service="notes"} 0.0' in metrics
