"""A repeated POST takes effect once and gets the same answer every time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from shared.kit.idempotency import prune_answers
from tests.application import get_database
from tests.kit.notes import running_notes

pytestmark = pytest.mark.anyio


async def test_a_repeat_gets_the_first_answer_byte_for_byte_and_is_marked(database):
    async with running_notes(database) as notes:
        first = await notes.write("one", key="k")
        again = await notes.write("one", key="k")
        assert first.status_code == again.status_code == 201
        assert again.content == first.content
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["content-type"] == first.headers["content-type"]
        assert again.headers["idempotent-replay"] == "true"
        assert "idempotent-replay" not in first.headers
        assert await notes.count("notes") == 1


async def test_the_same_key_with_other_content_is_refused(database):
    async with running_notes(database) as notes:
        await notes.write("one", key="k")
        for other in (
            await notes.write("two", key="k"),
            await notes.write("one", key="k", params={"held": False}),
        ):
            assert other.status_code == 422
            assert other.json()["code"] == "idempotency_key_reused"
        assert await notes.count("notes") == 1


async def test_a_key_belongs_to_one_client(database):
    async with running_notes(database) as notes:
        mine = await notes.write("mine", key="k", client_id="a")
        yours = await notes.write("yours", key="k", client_id="b")
        assert mine.json()["id"] != yours.json()["id"]


async def test_quotes_around_a_key_are_not_part_of_it(database):
    async with running_notes(database) as notes:
        await notes.write("one", key='"k"')
        assert (await notes.write("one", key="k")).headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("key", ["", "with space", "x" * 201, "khóa", '"'])
async def test_a_post_without_a_usable_key_is_refused(database, key):
    async with running_notes(database) as notes:
        answer = await notes.client.post(
            "/notes",
            json={"text": "t", "lines": [{"word": "ok"}]},
            headers={**notes.bearer(), "Idempotency-Key": key.encode()},
        )
        assert answer.status_code == 400
        assert answer.json()["code"] == "idempotency_key_required"
        assert await notes.count("notes") == 0


async def test_a_refused_request_uses_up_no_key(database):
    async with running_notes(database) as notes:
        refused = await notes.write("one", key="k", body={"lines": [{"word": "bad"}]})
        assert refused.status_code == 422
        mended = await notes.write("one", key="k")
        assert mended.status_code == 201
        assert "idempotent-replay" not in mended.headers


async def test_the_caller_is_identified_before_the_key_is_read(database):
    async with running_notes(database) as notes:
        await notes.write("one", key="k")
        headers = {"Idempotency-Key": "k"}
        answer = await notes.client.post("/notes", json={"text": "one"}, headers=headers)
        assert answer.status_code == 401


@pytest.mark.race
async def test_fifty_simultaneous_repeats_have_one_effect_and_fifty_identical_answers(database):
    async with running_notes(database) as notes:
        answers = await asyncio.gather(*(notes.write("one", key="k") for _ in range(50)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replay" in answer.headers for answer in answers) == 49
        assert await notes.count("notes") == 1
        assert await notes.count("changes") == 1


@pytest.mark.race
async def test_when_the_first_of_many_repeats_is_refused_the_next_one_takes_effect(database):
    """All fifty contents are the same and at fault: each is refused for its own fault, none replays a refusal."""
    async with running_notes(database) as notes:
        body = {"lines": [{"word": "bad"}]}
        answers = await asyncio.gather(*(notes.write("one", key="k", body=body) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {422}
        assert await notes.count("answered_requests") == 0


@pytest.mark.race
async def test_many_contents_under_one_key_have_one_effect(database):
    async with running_notes(database) as notes:
        answers = await asyncio.gather(*(notes.write(f"note {at}", key="k") for at in range(20)))
        assert sorted(answer.status_code for answer in answers) == [201, *[422] * 19]
        assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {
            "idempotency_key_reused"
        }
        assert await notes.count("notes") == 1


async def test_old_keys_are_pruned_some_at_a_time(database):
    async with running_notes(database) as notes:
        for at in range(5):
            await notes.write(f"note {at}", key=f"k{at}")
        await notes.sql(
            "UPDATE ethnic.answered_requests SET received_at = now() - interval '31 days' WHERE key < 'k3'"
        )
        before = datetime.now(UTC) - timedelta(days=30)
        gone = []
        for _ in range(3):
            async with get_database(notes.app).writing() as session:
                gone.append(await prune_answers(session, before, limit=2))
        assert gone == [2, 1, 0]
        assert await notes.count("answered_requests") == 2
        assert (await notes.write("note 4", key="k4")).headers["idempotent-replay"] == "true"
        assert (await notes.write("note 0 again", key="k0")).status_code == 201


async def test_a_key_that_is_pruned_during_a_repeat_is_claimed_again(database):
    """The key is there when it is claimed and gone when its answer is looked up."""
    async with running_notes(database) as notes:
        await notes.write("one", key="k")
        pruned = 0

        def prune_before_the_answer_is_read(_connection, _cursor, statement, *_):
            nonlocal pruned
            if "SELECT content_sha256" in statement and not pruned:
                pruned += 1
                thread.submit(asyncio.run, notes.sql("DELETE FROM ethnic.answered_requests")).result()

        engine = get_database(notes.app).engine.sync_engine
        with ThreadPoolExecutor(1) as thread:
            event.listen(engine, "before_cursor_execute", prune_before_the_answer_is_read)
            again = await notes.write("two", key="k")
        assert (again.status_code, again.json()["text"]) == (201, "two")
        assert "idempotent-replay" not in again.headers
        assert pruned == 1
