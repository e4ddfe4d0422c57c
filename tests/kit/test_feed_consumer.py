"""The feed consumer: each event takes effect exactly once, and nothing is skipped without a message."""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import select, text

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.database import Database
from shared.kit.feed_consumer import cursor
from shared.kit.feed_consumer.api import feed_consumer_router
from shared.kit.feed_consumer.client import FeedClient, FeedUnavailable
from shared.kit.feed_consumer.consumer import LONGEST_PAUSE_S, EventNotReadable, FeedConsumer, pause_seconds
from shared.kit.service import ServiceDefinition, create_service
from shared.kit.settings import ServiceSettings
from shared.roles import PUBLIC
from tests.application import get_database
from tests.in_process import open_client
from tests.kit.notes import running_notes
from tests.waiting import poll_until

pytestmark = pytest.mark.anyio

FEED = "/changes"
OURS = "rural"
"""The schema of the consuming service; the notes are in another."""

TABLE = f"""
    CREATE TABLE IF NOT EXISTS {OURS}.copied (sequence bigint, text text);
    GRANT SELECT, INSERT ON {OURS}.copied TO {OURS};
"""


class NotesTransport(httpx.AsyncBaseTransport):
    """Sends requests to the service of notes, issues tokens, and can break."""

    def __init__(self, notes):
        self._notes, self._app = notes, httpx.ASGITransport(app=notes.app)
        self.broken = self.wrong_secret = self.hangs = False
        self.tokens = 0

    async def handle_async_request(self, request):
        if self.hangs:
            await asyncio.sleep(3600)
        if self.broken:
            raise httpx.ConnectError("connection refused")
        if request.url.path != "/oauth/token":
            return await self._app.handle_async_request(request)
        if self.wrong_secret:
            return httpx.Response(401, json={"error": "invalid_client"})
        self.tokens += 1
        bearer = self._notes.bearer("consumer", scopes=["read"])["Authorization"]
        return httpx.Response(200, json={"access_token": bearer.split()[1], "expires_in": 600})


class NoteCopies:
    """A service that copies the notes which it reads from their feed."""

    def __init__(self, notes, database):
        self.notes, self.transport, self.ours = notes, NotesTransport(notes), Database(database.url(OURS))
        self.now = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)
        self.fails_on: set[str] = set()
        self.unreadable: set[str] = set()
        self.consumer = self.make_consumer()

    def make_consumer(self) -> FeedConsumer:
        client = FeedClient(
            "http://gateway", client_id="consumer", client_secret="s", transport=self.transport
        )
        return FeedConsumer(OURS, FEED, {"note.written": self.copy}, client, poll_seconds=0)

    def clock(self):
        return self.now

    async def copy(self, session, event, at):
        if event.data["text"] in self.unreadable:
            raise EventNotReadable("unknown text")
        await session.execute(
            text("INSERT INTO copied VALUES (:sequence, :text)"),
            {"sequence": event.sequence, "text": event.data["text"]},
        )
        if event.data["text"] in self.fails_on:
            raise RuntimeError("the process crashes here")
        return [Event("note.copied", f"notes/{event.sequence}")]

    async def poll(self):
        return await self.consumer.poll(self.ours, self.clock)

    async def read_copies(self):
        async with self.ours.reading() as session:
            return [
                row[0] for row in await session.execute(text("SELECT text FROM copied ORDER BY sequence"))
            ]

    async def read_cursor(self):
        async with self.ours.reading() as session:
            return await cursor.find_cursor(session, FEED)

    async def restore_backup(self, last: int):
        """Restore the notes from a backup in which the feed ended at an event."""
        await self.notes.sql(f"DELETE FROM ethnic.changes WHERE sequence > {last}")


@asynccontextmanager
async def copying(database):
    async with running_notes(database) as notes:
        await notes.sql(TABLE)
        copies = NoteCopies(notes, database)
        try:
            yield copies
        finally:
            await copies.consumer.client.close()
            await copies.ours.close()


async def test_events_take_effect_in_order_and_once(database):
    async with copying(database) as copies:
        for note in ("one", "two"):
            await copies.notes.write(note)
        assert await copies.poll() is False
        assert await copies.poll() is False
        await copies.notes.write("three")
        await copies.poll()
        assert await copies.read_copies() == ["one", "two", "three"]
        row = await copies.read_cursor()
        assert (row.state, row.sequence, row.reached_at) == ("following", row.newest, copies.now)
        assert copies.transport.tokens == 1
        async with copies.ours.reading() as session:
            published = await session.execute(text("SELECT type FROM changes ORDER BY sequence"))
            assert [type_ for (type_,) in published] == ["note.copied"] * 3


async def test_events_of_other_types_are_skipped(database):
    async with copying(database) as copies:
        async with get_database(copies.notes.app).writing() as session:
            at = await lock_feed(session, copies.clock)
            await publish_events(session, at, [Event("note.of_next_year", "notes/1", {"new": True})])
        await copies.notes.write("known")
        await copies.poll()
        assert await copies.read_copies() == ["known"]
        assert (await copies.read_cursor()).state == "following"


async def test_a_long_backlog_is_handled_page_by_page(database, monkeypatch):
    monkeypatch.setattr("shared.kit.feed_consumer.consumer.EVENTS_OF_A_TRANSACTION", 3)
    async with copying(database) as copies:
        notes = [f"note {number}" for number in range(8)]
        for note in notes:
            await copies.notes.write(note)
        polls = 1
        while await copies.poll():
            assert (await copies.read_cursor()).reached_at is None
            polls += 1
        assert await copies.read_copies() == notes
        assert polls == 4  # each but the first reads the event of the cursor again


async def test_a_crash_between_effect_and_cursor_keeps_neither(database):
    async with copying(database) as copies:
        for note in ("one", "two", "three"):
            await copies.notes.write(note)
        copies.fails_on = {"two"}
        with pytest.raises(RuntimeError):
            await copies.poll()
        assert await copies.read_copies() == []
        assert (await copies.read_cursor()).sequence == 0
        copies.fails_on = set()
        await copies.poll()
        assert await copies.read_copies() == ["one", "two", "three"]


@pytest.mark.race
async def test_many_consumers_apply_each_event_once(database):
    async with copying(database) as copies:
        done = asyncio.Event()

        async def consume():
            consumer = copies.make_consumer()
            while True:
                last = done.is_set()
                more = await consumer.poll(copies.ours, copies.clock)
                if (
                    last
                    and not more
                    and (await copies.read_cursor()).sequence == (await copies.read_cursor()).newest
                ):
                    await consumer.client.close()
                    return
                await asyncio.sleep(0.003)

        async def write(number: int):
            await asyncio.sleep(number * 0.004)
            await copies.notes.write(f"note {number:02}")

        consumers = [asyncio.create_task(consume()) for _ in range(3)]
        await asyncio.gather(*(write(number) for number in range(30)))
        done.set()
        await asyncio.gather(*consumers)
        await copies.poll()
        assert sorted(await copies.read_copies()) == [f"note {number:02}" for number in range(30)]


async def test_a_consumer_does_not_poll_when_another_has_just_polled(database):
    async with copying(database) as copies:
        await copies.poll()
        other = copies.make_consumer()
        other.poll_seconds = 2
        copies.transport.broken = True
        assert await other.poll(copies.ours, copies.clock) is False
        copies.now += timedelta(seconds=3)
        with pytest.raises(FeedUnavailable):
            await other.poll(copies.ours, copies.clock)


async def test_silence_is_stored_once_it_lasts_and_cleared_when_the_service_is_back(database):
    async with copying(database) as copies:
        await copies.poll()
        copies.transport.broken = True
        for seconds, state in ((10, "following"), (10, "silent")):
            copies.now += timedelta(seconds=seconds)
            with pytest.raises(FeedUnavailable) as silence:
                await copies.poll()
            await copies.consumer._record_failure(silence.value, copies.ours, copies.clock)
            assert (await copies.read_cursor()).state == state
        assert (await copies.read_cursor()).problem == "ConnectError"
        copies.transport.broken = False
        await copies.notes.write("back")
        await copies.poll()
        row = await copies.read_cursor()
        assert (row.state, row.problem, await copies.read_copies()) == ("following", None, ["back"])


async def test_a_refused_client_is_stored_at_once(database):
    async with copying(database) as copies:
        copies.transport.wrong_secret = True
        with pytest.raises(FeedUnavailable) as refusal:
            await copies.poll()
        await copies.consumer._record_failure(refusal.value, copies.ours, copies.clock)
        row = await copies.read_cursor()
        assert (row.state, row.problem) == ("refused", "/oauth/token answers 401")


async def test_a_token_of_removed_keys_is_renewed(database):
    async with copying(database) as copies:
        await copies.poll()
        copies.consumer.client._token = "a.b.c"
        await copies.poll()
        assert (await copies.read_cursor()).state == "following"
        assert copies.transport.tokens == 2


@pytest.mark.parametrize("grows", [False, True], ids=["shorter", "grown past the cursor again"])
async def test_a_feed_restored_from_an_older_backup_is_not_read_further(database, grows):
    async with copying(database) as copies:
        for note in ("one", "two", "three"):
            await copies.notes.write(note)
        await copies.poll()
        cursor_at = (await copies.read_cursor()).sequence
        await copies.restore_backup(last=cursor_at - 2)
        if grows:
            await copies.notes.sql(f"ALTER TABLE ethnic.changes ALTER sequence RESTART WITH {cursor_at - 1}")
            for note in ("another two", "another three", "another four"):
                await copies.notes.write(note)
        assert await copies.poll() is False
        row = await copies.read_cursor()
        assert (row.state, row.sequence) == ("rewound", cursor_at)
        assert f"event {cursor_at} was handled and is no longer in the feed" in row.problem
        assert await copies.read_copies() == ["one", "two", "three"]
        assert (
            REGISTRY.get_sample_value("ntp_feed_state", {"service": OURS, "feed": FEED, "state": "rewound"})
            == 1
        )

        copies.transport.broken = True
        copies.now += timedelta(hours=1)
        with pytest.raises(FeedUnavailable) as silence:
            await copies.poll()
        await copies.consumer._record_failure(silence.value, copies.ours, copies.clock)
        assert (await copies.read_cursor()).state == "rewound"  # an operator still has to look at it


async def run_as_operator(database, feed):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.kit.feed_consumer", "begin-again", feed),
        env={**os.environ, "NTP_DATABASE_URL": database.url(OURS)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode, output


async def test_an_operator_begins_again_and_the_life_before_stays(database):
    async with copying(database) as copies:
        await copies.notes.write("one")
        await copies.poll()
        await copies.restore_backup(last=0)
        await copies.notes.write("other")
        assert await copies.poll() is False
        assert (await run_as_operator(database, "/nowhere"))[0] == 1
        code, output = await run_as_operator(database, FEED)
        assert (code, json.loads(output)) == (0, {"feed": FEED, "life": 2})
        before, copies.now = copies.now, datetime.now(UTC)  # that of the command's process
        await copies.poll()
        row = await copies.read_cursor()
        assert (row.life, row.state) == (2, "following")
        assert await copies.read_copies() == ["one", "other"]
        async with copies.ours.reading() as session:
            for at, life in (
                (None, 2),
                (row.begun_at, 2),
                (copies.now, 2),
                (before, 1),
                (before - timedelta(days=1), None),
            ):
                assert await session.scalar(select(cursor.select_life(FEED, at))) == life


async def test_an_unreadable_event_stops_the_consumer_and_is_named(database):
    async with copying(database) as copies:
        for note in ("clear", "murky", "behind it"):
            await copies.notes.write(note)
        copies.unreadable = {"murky"}
        assert await copies.poll() is False
        row = await copies.read_cursor()
        assert (row.state, await copies.read_copies()) == ("stuck", ["clear"])
        assert row.problem == f"note.written {row.sequence + 1}: unknown text"
        assert row.newest - row.sequence == 2
        copies.unreadable = set()
        await copies.poll()
        assert ((await copies.read_cursor()).state, await copies.read_copies()) == (
            "following",
            ["clear", "murky", "behind it"],
        )


async def test_metrics_show_how_far_behind_it_is(database):
    def gauge(name):
        return REGISTRY.get_sample_value(f"ntp_feed_{name}", {"service": OURS, "feed": FEED})

    async with copying(database) as copies:
        await copies.notes.write("zero")
        await copies.poll()
        assert (gauge("behind_changes"), gauge("age_seconds")) == (0, 0)
        copies.unreadable = {"one"}
        for note in ("one", "two"):
            await copies.notes.write(note)
        copies.now += timedelta(seconds=40)
        await copies.poll()
        assert (gauge("behind_changes"), gauge("age_seconds")) == (2, 40)


def make_app(copies, database, *, on=True):
    source = f"/v1/{OURS}"
    return create_service(
        ServiceDefinition(
            name=OURS,
            title="Copies",
            description="Copies",
            settings=ServiceSettings(database_url=database.url(OURS)),
            routers=[feed_consumer_router(source, [FEED], PUBLIC, on=on)],
            background_tasks=[copies.consumer.run] if on else [],
            clock=copies.clock,
        )
    )


async def test_a_service_that_hangs_does_not_delay_readiness(database):
    async with copying(database) as copies:
        copies.transport.hangs = True
        async with open_client(make_app(copies, database)) as http:
            assert (await http.get("/readyz")).status_code == 200
            feeds = (await http.get(f"/v1/{OURS}/following")).json()["items"]
            assert [(feed["feed"], feed["state"], feed["behind"]) for feed in feeds] == [
                (FEED, "following", 0)
            ]


async def test_it_runs_as_a_background_task_and_reports_its_progress(database):
    async with copying(database) as copies:
        copies.consumer.poll_seconds = 0.02
        await copies.notes.write("one")
        async with open_client(make_app(copies, database)) as http:

            async def is_copied():
                return await copies.read_copies() == ["one"]

            await poll_until(is_copied)
            response = await http.get(f"/v1/{OURS}/following")
            (feed,) = response.json()["items"]
            row = await copies.read_cursor()
            assert (feed["state"], feed["taken"], feed["behind"], feed["life"]) == (
                "following",
                row.sequence,
                0,
                1,
            )
            assert response.headers["age"] == "0"
            again = await http.get(
                f"/v1/{OURS}/following", headers={"If-None-Match": response.headers["etag"]}
            )
            assert again.status_code == 304


async def test_without_a_client_its_state_is_off(database):
    async with copying(database) as copies, open_client(make_app(copies, database, on=False)) as http:
        (feed,) = (await http.get(f"/v1/{OURS}/following")).json()["items"]
        assert (feed["state"], feed["taken"], feed["life"]) == ("off", 0, None)


@given(st.floats(0.1, 600), st.integers(0, 10_000), st.floats(0, 1))
def test_pauses_grow_to_a_bound_and_differ_by_jitter(poll_seconds, failures, jitter):
    pause = pause_seconds(poll_seconds, failures, jitter)
    assert poll_seconds / 2 <= pause <= max(LONGEST_PAUSE_S, poll_seconds)
    assert pause <= pause_seconds(poll_seconds, failures + 1, jitter) + 1e-9
    assert pause_seconds(poll_seconds, failures, 0) * 2 == pytest.approx(
        pause_seconds(poll_seconds, failures, 1)
    )
