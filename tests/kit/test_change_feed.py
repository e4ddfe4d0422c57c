"""The change feed has exact commit order and skips nothing, however slow a writer is."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.clock import system_clock
from tests.application import get_database
from tests.kit.notes import running_notes

pytestmark = pytest.mark.anyio


async def follow(notes, after="0", limit=200):
    answer = await notes.client.get(
        "/changes", params={"after": after, "limit": limit}, headers=notes.bearer(scopes=["read"])
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_change_is_a_cloud_event(database):
    async with running_notes(database) as notes:
        written = (await notes.write("one")).json()
        body = await follow(notes)
        (event,) = body["items"]
        assert event["specversion"] == "1.0"
        assert event["type"] == "note.written"
        assert event["source"] == "/v1/notes"
        assert event["subject"] == f"notes/{written['id']}"
        assert event["data"] == {"text": "one"}
        assert datetime.fromisoformat(event["time"]).tzinfo is not None
        assert body["next"] == event["id"]
        assert body["more"] is False


async def test_a_cursor_continues_where_the_page_ended_and_shows_whether_there_is_more(database):
    async with running_notes(database) as notes:
        for at in range(7):
            await notes.write(f"note {at}")
        seen: list[str] = []
        after = "0"
        for expected in (3, 3, 1, 0):
            body = await follow(notes, after, 3)
            assert len(body["items"]) == expected
            assert body["more"] is (len(seen) + expected < 7)
            seen += [event["data"]["text"] for event in body["items"]]
            after = body["next"]
        assert seen == [f"note {at}" for at in range(7)]
        assert body["next"] == after


async def test_any_sequence_is_a_cursor(database):
    async with running_notes(database) as notes:
        for at in range(6):
            await notes.write(f"note {at}")
        whole = (await follow(notes))["items"]
        assert len(whole) == 6
        for at, seen in enumerate(whole):
            for limit in (1, 2, 200):
                again = await follow(notes, seen["id"], limit)
                assert again["items"] == whole[at + 1 : at + 1 + limit]
                assert again["next"] == (again["items"] or [seen])[-1]["id"]


async def test_the_feed_requires_a_token(database):
    async with running_notes(database) as notes:
        assert (await notes.client.get("/changes")).status_code == 401


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "99999999999999999999"])
async def test_an_invalid_cursor_is_refused(database, after):
    async with running_notes(database) as notes:
        bearer = notes.bearer(scopes=["read"])
        answer = await notes.client.get("/changes", params={"after": after}, headers=bearer)
        assert answer.status_code == 422, answer.text


async def test_instants_never_go_back_even_when_the_clock_does(database):
    async with running_notes(database) as notes:
        clock = datetime(2024, 1, 5, tzinfo=UTC)
        instants = []
        for step in (0, 10, -30, 0, 0, 5):
            async with get_database(notes.app).writing() as session:
                instant = clock + timedelta(seconds=step)
                at = await lock_feed(session, lambda: instant)  # noqa: B023 (called at once)
                await publish_events(session, at, [Event("tick", "clock")])
                instants.append(at)
        assert instants == sorted(set(instants))


async def test_a_rolled_back_event_is_never_in_the_feed(database):
    async with running_notes(database) as notes:
        await notes.write("one")
        await notes.write("tried", params={"dry_run": True})
        await notes.write("refused", body={"lines": [{"word": "bad"}]})
        await notes.write("two")
        assert [event["data"]["text"] for event in (await follow(notes))["items"]] == ["one", "two"]


@pytest.mark.race
async def test_a_consumer_misses_nothing_while_many_write_and_one_stalls(database):
    """Writers overlap; one sleeps after numbering its change and before its commit; a follower polls all the while."""
    async with running_notes(database) as notes:
        chance = random.Random(7)
        followed: list[dict[str, Any]] = []
        done = asyncio.Event()

        async def follower():
            after = "0"
            while True:
                last_round = done.is_set()
                body = await follow(notes, after, 5)
                followed.extend(body["items"])
                after = body["next"]
                if last_round and not body["more"]:
                    return
                await asyncio.sleep(0.005)

        async def writer(number: int):
            await asyncio.sleep(chance.random() * 0.2)
            async with get_database(notes.app).writing() as session:
                at = await lock_feed(session, system_clock)
                await publish_events(
                    session,
                    at,
                    [Event("wrote", f"w/{number}", {"n": number, "of": index}) for index in (0, 1)],
                )
                await asyncio.sleep(0.6 if number == 3 else chance.random() * 0.01)
                if number % 10 == 9:
                    raise InterruptedError

        following = asyncio.create_task(follower())
        await asyncio.gather(*(writer(at) for at in range(40)), return_exceptions=True)
        done.set()
        await following

        ids = [int(event["id"]) for event in followed]
        assert ids == sorted(set(ids))
        instants = [event["time"] for event in followed]
        assert instants == sorted(instants)
        seen = sorted((event["data"]["n"], event["data"]["of"]) for event in followed)
        assert seen == [(at, part) for at in range(40) if at % 10 != 9 for part in (0, 1)]


@pytest.mark.race
async def test_services_in_one_database_never_wait_for_each_other(database):
    from shared.kit.database import Database

    poverty, ethnic = Database(database.url("poverty")), Database(database.url("ethnic"))
    async with poverty.writing() as one, ethnic.writing() as two:
        await lock_feed(one, system_clock)
        await lock_feed(two, system_clock)
    await poverty.close()
    await ethnic.close()
