"""A clock behind the newest change refuses writers, until it is right or an operator accepts the instant."""

from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from shared.kit import clocks
from shared.kit.change_feed import MOST_BEHIND
from tests.kit.notes import OWNER, running_notes

pytestmark = pytest.mark.anyio

METRIC = 'ntp_clock_behind_seconds{service="notes"}'
"""Of this application: others of the process have a sample each."""

PLANT = f"INSERT INTO {OWNER}.changes (at, type, subject, data) VALUES ('{{at}}', 'note.written', 'notes/0', '{{{{}}}}')"


async def test_writers_are_refused_while_the_clock_is_behind_until_an_operator_accepts(database):
    async with running_notes(database) as notes:

        async def read_metric() -> float:
            lines = (await notes.client.get("/metrics")).text.splitlines()
            return float(next(line for line in lines if line.startswith(METRIC)).split()[-1])

        url = database.url(OWNER)
        reading = await clocks.read_clock("notes", url, lambda: datetime.now(UTC), accept=True)
        assert (reading.newest, reading.is_behind) == (None, False)

        soon = datetime.now(UTC) + timedelta(seconds=30)
        await notes.sql(PLANT.format(at=soon.isoformat()))
        assert (await notes.write("within the minute")).status_code == 201
        assert (await notes.client.get("/readyz")).json()["parts"]["clock"] == "right"

        ahead = datetime.now(UTC) + timedelta(days=400)
        await notes.sql(PLANT.format(at=ahead.isoformat()))
        refused = await notes.write("late", key="late", headers={"Accept-Language": "en"})
        assert (refused.status_code, refused.json()["code"]) == (503, "clock_behind")
        assert refused.headers["retry-after"] == "60"
        assert refused.json()["newest"] == ahead.isoformat()
        assert await notes.count("notes") == 1
        assert (await notes.client.get("/notes")).status_code == 200
        ready = await notes.client.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]["clock"]) == (200, "behind")
        assert await read_metric() > timedelta(days=399).total_seconds()

        reading = await clocks.read_clock("notes", url, lambda: datetime.now(UTC))
        with redirect_stdout(StringIO()) as output:
            assert clocks.print_readings([reading]) == clocks.EXIT_BEHIND
        printed = output.getvalue()
        assert "writers are refused" in printed
        assert "--accept" in printed
        assert (await notes.write("late", key="late")).status_code == 503

        reading = await clocks.read_clock("notes", url, lambda: datetime.now(UTC), accept=True)
        assert "accepted" in reading.describe()
        assert (await notes.write("late", key="late")).status_code == 201
        assert (await notes.write("later")).status_code == 201
        assert (await notes.client.get("/readyz")).json()["parts"]["clock"] == "accepted"
        further = ahead + MOST_BEHIND + timedelta(hours=2)
        await notes.sql(PLANT.format(at=further.isoformat()))
        assert (await notes.write("beyond what was accepted")).json()["code"] == "clock_behind"
