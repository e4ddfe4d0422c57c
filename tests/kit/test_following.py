"""Following a neighbour's feed: each change has its effect exactly once, and nothing is skipped in silence."""

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
"""The schema of the one who follows; the notes are in another."""

TABLE = f"""
    CREATE TABLE IF NOT EXISTS {OURS}.copied (sequence bigint, text text);
    GRANT SELECT, INSERT ON {OURS}.copied TO {OURS};
"""


class Wire(httpx.AsyncBaseTransport):
    """The way to the notes, which hands out tokens and can break."""

    def __init__(self, notes):
        self._notes, self._app = notes, httpx.ASGITransport(app=notes.app)
        self.broken = self.secret_wrong = self.hangs = False
        self.tokens = 0

    async def handle_async_request(self, request):
        if self.hangs:
            await asyncio.sleep(3600)
        if self.broken:
            raise httpx.ConnectError("nobody is there")
        if request.url.path != "/oauth/token":
            return await self._app.handle_async_request(request)
        if self.secret_wrong:
            return httpx.Response(401, json={"error": "invalid_client"})
        self.tokens += 1
        bearer = self._notes.bearer("follower", scopes=["read"])["Authorization"]
        return httpx.Response(200, json={"access_token": bearer.split()[1], "expires_in": 600})


class Following:
    """One who copies the notes."""

    def __init__(self, notes, database):
        self.notes, self.wire, self.ours = notes, Wire(notes), Database(database.url(OURS))
        self.now = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)
        self.fails_on: set[str] = set()
        self.unclear: set[str] = set()
        self.follower = self.another()

    def another(self) -> FeedConsumer:
        neighbours = FeedClient("http://door", client_id="follower", client_secret="s", transport=self.wire)
        return FeedConsumer(OURS, FEED, {"note.written": self.copy}, neighbours, every_seconds=0)

    def clock(self):
        return self.now

    async def copy(self, session, change, at):
        if change.data["text"] in self.unclear:
            raise EventNotReadable("no text that we know")
        await session.execute(
            text("INSERT INTO copied VALUES (:sequence, :text)"),
            {"sequence": change.sequence, "text": change.data["text"]},
        )
        if change.data["text"] in self.fails_on:
            raise RuntimeError("the process falls over here")
        return [Event("note.copied", f"notes/{change.sequence}")]

    async def round(self):
        return await self.follower.round(self.ours, self.clock)

    async def copied(self):
        async with self.ours.reading() as session:
            return [
                row[0] for row in await session.execute(text("SELECT text FROM copied ORDER BY sequence"))
            ]

    async def row(self):
        async with self.ours.reading() as session:
            return await cursor.current(session, FEED)

    async def lose(self, after: int):
        """Restore the notes from a backup in which the feed ended at a change."""
        await self.notes.sql(f"DELETE FROM ethnic.changes WHERE sequence > {after}")


@asynccontextmanager
async def following(database):
    async with running_notes(database) as notes:
        await notes.sql(TABLE)
        made = Following(notes, database)
        try:
            yield made
        finally:
            await made.follower.neighbours.close()
            await made.ours.close()


async def test_changes_are_taken_in_order_and_once(database):
    async with following(database) as it:
        for word in ("one", "two"):
            await it.notes.write(word)
        assert await it.round() is False
        assert await it.round() is False
        await it.notes.write("three")
        await it.round()
        assert await it.copied() == ["one", "two", "three"]
        row = await it.row()
        assert (row.state, row.sequence, row.reached_at) == ("following", row.newest, it.now)
        assert it.wire.tokens == 1
        async with it.ours.reading() as session:
            published = await session.execute(text("SELECT type FROM changes ORDER BY sequence"))
            assert [type_ for (type_,) in published] == ["note.copied"] * 3


async def test_other_kinds_of_change_are_passed_over(database):
    async with following(database) as it:
        async with get_database(it.notes.app).writing() as session:
            at = await lock_feed(session, it.clock)
            await publish_events(session, at, [Event("note.of_next_year", "notes/1", {"new": True})])
        await it.notes.write("known")
        await it.round()
        assert await it.copied() == ["known"]
        assert (await it.row()).state == "following"


async def test_a_long_backlog_is_taken_in_stretches(database, monkeypatch):
    monkeypatch.setattr("shared.kit.feed_consumer.consumer.AT_ONCE", 3)
    async with following(database) as it:
        words = [f"note {number}" for number in range(8)]
        for word in words:
            await it.notes.write(word)
        rounds = 1
        while await it.round():
            assert (await it.row()).reached_at is None
            rounds += 1
        assert await it.copied() == words
        assert rounds == 4  # each but the first reads the change that it stands on again


async def test_a_fall_between_effect_and_cursor_keeps_neither(database):
    async with following(database) as it:
        for word in ("one", "two", "three"):
            await it.notes.write(word)
        it.fails_on = {"two"}
        with pytest.raises(RuntimeError):
            await it.round()
        assert await it.copied() == []
        assert (await it.row()).sequence == 0
        it.fails_on = set()
        await it.round()
        assert await it.copied() == ["one", "two", "three"]


@pytest.mark.race
async def test_many_followers_take_each_change_once(database):
    async with following(database) as it:
        done = asyncio.Event()

        async def follow():
            one = it.another()
            while True:
                last = done.is_set()
                more = await one.round(it.ours, it.clock)
                if last and not more and (await it.row()).sequence == (await it.row()).newest:
                    await one.neighbours.close()
                    return
                await asyncio.sleep(0.003)

        async def write(number: int):
            await asyncio.sleep(number * 0.004)
            await it.notes.write(f"note {number:02}")

        followers = [asyncio.create_task(follow()) for _ in range(3)]
        await asyncio.gather(*(write(number) for number in range(30)))
        done.set()
        await asyncio.gather(*followers)
        await it.round()
        assert sorted(await it.copied()) == [f"note {number:02}" for number in range(30)]


async def test_one_who_hears_that_another_has_just_heard_does_not_ask(database):
    async with following(database) as it:
        await it.round()
        other = it.another()
        other.every_seconds = 2
        it.wire.broken = True
        assert await other.round(it.ours, it.clock) is False
        it.now += timedelta(seconds=3)
        with pytest.raises(FeedUnavailable):
            await other.round(it.ours, it.clock)


async def test_a_silent_neighbour_is_said_once_it_lasts_and_forgotten_when_it_is_back(database):
    async with following(database) as it:
        await it.round()
        it.wire.broken = True
        for seconds, state in ((10, "following"), (10, "silent")):
            it.now += timedelta(seconds=seconds)
            with pytest.raises(FeedUnavailable) as silence:
                await it.round()
            await it.follower._note(silence.value, it.ours, it.clock)
            assert (await it.row()).state == state
        assert (await it.row()).problem == "ConnectError"
        it.wire.broken = False
        await it.notes.write("back")
        await it.round()
        row = await it.row()
        assert (row.state, row.problem, await it.copied()) == ("following", None, ["back"])


async def test_a_client_that_is_not_let_in_is_said_at_once(database):
    async with following(database) as it:
        it.wire.secret_wrong = True
        with pytest.raises(FeedUnavailable) as refusal:
            await it.round()
        await it.follower._note(refusal.value, it.ours, it.clock)
        row = await it.row()
        assert (row.state, row.problem) == ("refused", "/oauth/token answers 401")


async def test_a_token_of_keys_that_are_gone_is_asked_for_anew(database):
    async with following(database) as it:
        await it.round()
        it.follower.neighbours._token = "a.b.c"
        await it.round()
        assert (await it.row()).state == "following"
        assert it.wire.tokens == 2


@pytest.mark.parametrize("goes_on", [False, True], ids=["shorter", "grown past the cursor again"])
async def test_a_feed_restored_from_an_older_backup_is_taken_no_further(database, goes_on):
    async with following(database) as it:
        for word in ("one", "two", "three"):
            await it.notes.write(word)
        await it.round()
        stands_on = (await it.row()).sequence
        await it.lose(after=stands_on - 2)
        if goes_on:
            await it.notes.sql(f"ALTER TABLE ethnic.changes ALTER sequence RESTART WITH {stands_on - 1}")
            for word in ("another two", "another three", "another four"):
                await it.notes.write(word)
        assert await it.round() is False
        row = await it.row()
        assert (row.state, row.sequence) == ("rewound", stands_on)
        assert f"change {stands_on} was taken and is not there any more" in row.problem
        assert await it.copied() == ["one", "two", "three"]
        assert (
            REGISTRY.get_sample_value("ntp_feed_state", {"service": OURS, "feed": FEED, "state": "rewound"})
            == 1
        )

        it.wire.broken = True
        it.now += timedelta(hours=1)
        with pytest.raises(FeedUnavailable) as silence:
            await it.round()
        await it.follower._note(silence.value, it.ours, it.clock)
        assert (await it.row()).state == "rewound"  # an operator still has to look at it


async def by_an_operator(database, feed):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.kit.feed_consumer", "begin-again", feed),
        env={**os.environ, "NTP_DATABASE_URL": database.url(OURS)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode, said


async def test_an_operator_begins_again_and_the_life_before_stays(database):
    async with following(database) as it:
        await it.notes.write("one")
        await it.round()
        await it.lose(after=0)
        await it.notes.write("other")
        assert await it.round() is False
        assert (await by_an_operator(database, "/nowhere"))[0] == 1
        code, said = await by_an_operator(database, FEED)
        assert (code, json.loads(said)) == (0, {"feed": FEED, "life": 2})
        await it.round()
        row = await it.row()
        assert (row.life, row.state) == (2, "following")
        assert await it.copied() == ["one", "other"]
        async with it.ours.reading() as session:
            for at, life in ((None, 2), (row.begun_at, 2), (it.now, 1), (it.now - timedelta(days=1), None)):
                assert await session.scalar(select(cursor.life_known(FEED, at))) == life


async def test_a_change_that_is_not_understood_stops_there_and_is_named(database):
    async with following(database) as it:
        for word in ("clear", "murky", "behind it"):
            await it.notes.write(word)
        it.unclear = {"murky"}
        assert await it.round() is False
        row = await it.row()
        assert (row.state, await it.copied()) == ("stuck", ["clear"])
        assert row.problem == f"note.written {row.sequence + 1}: no text that we know"
        assert row.newest - row.sequence == 2
        it.unclear = set()
        await it.round()
        assert ((await it.row()).state, await it.copied()) == ("following", ["clear", "murky", "behind it"])


async def test_how_far_behind_is_a_metric(database):
    def gauge(name):
        return REGISTRY.get_sample_value(f"ntp_feed_{name}", {"service": OURS, "feed": FEED})

    async with following(database) as it:
        await it.notes.write("zero")
        await it.round()
        assert (gauge("behind_changes"), gauge("age_seconds")) == (0, 0)
        it.unclear = {"one"}
        for word in ("one", "two"):
            await it.notes.write(word)
        it.now += timedelta(seconds=40)
        await it.round()
        assert (gauge("behind_changes"), gauge("age_seconds")) == (2, 40)


def an_app(it, database, *, on=True):
    source = f"/v1/{OURS}"
    return create_service(
        ServiceDefinition(
            name=OURS,
            title="One who follows",
            description="One who follows",
            settings=ServiceSettings(database_url=database.url(OURS)),
            routers=[feed_consumer_router(source, [FEED], PUBLIC, on=on)],
            background_tasks=[it.follower.run] if on else [],
            clock=it.clock,
        )
    )


async def test_a_neighbour_that_hangs_keeps_nobody_from_being_ready(database):
    async with following(database) as it:
        it.wire.hangs = True
        async with open_client(an_app(it, database)) as http:
            assert (await http.get("/readyz")).status_code == 200
            said = (await http.get(f"/v1/{OURS}/following")).json()["items"]
            assert [(one["feed"], one["state"], one["behind"]) for one in said] == [(FEED, "following", 0)]


async def test_it_follows_beside_the_requests_and_says_how_far(database):
    async with following(database) as it:
        it.follower.every_seconds = 0.02
        await it.notes.write("one")
        async with open_client(an_app(it, database)) as http:

            async def is_copied():
                return await it.copied() == ["one"]

            await poll_until(is_copied)
            answer = await http.get(f"/v1/{OURS}/following")
            (said,) = answer.json()["items"]
            row = await it.row()
            assert (said["state"], said["taken"], said["behind"], said["life"]) == (
                "following",
                row.sequence,
                0,
                1,
            )
            assert answer.headers["age"] == "0"
            again = await http.get(f"/v1/{OURS}/following", headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 304


async def test_without_a_client_it_is_off_and_says_so(database):
    async with following(database) as it, open_client(an_app(it, database, on=False)) as http:
        (said,) = (await http.get(f"/v1/{OURS}/following")).json()["items"]
        assert (said["state"], said["taken"], said["life"]) == ("off", 0, None)


@given(st.floats(0.1, 600), st.integers(0, 10_000), st.floats(0, 1))
def test_pauses_grow_to_a_bound_and_differ_by_luck(every, failures, luck):
    pause = pause_seconds(every, failures, luck)
    assert every / 2 <= pause <= max(LONGEST_PAUSE_S, every)
    assert pause <= pause_seconds(every, failures + 1, luck) + 1e-9
    assert pause_seconds(every, failures, 0) * 2 == pytest.approx(pause_seconds(every, failures, 1))
