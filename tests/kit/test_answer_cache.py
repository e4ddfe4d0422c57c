"""Answers that are given again: while the feed stands still, for the same question, language and rights, and no longer."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY

from shared.kit.answer_cache import AnswerCache, to_canonical_query
from shared.kit.feed_position import READ_POSITION
from shared.kit.resources import get_resources
from tests.kit.notes import OWNER, running_notes
from tests.statements import sent_by

pytestmark = pytest.mark.anyio


@pytest.fixture
async def notes(database):
    async with running_notes(database) as running:
        yield running


async def read_cost(notes, path="/summary", **headers):
    """Return the answer, and the statements that it cost."""
    with sent_by(notes.app, positions=True) as sent:
        answer = await notes.client.get(path, headers=headers)
    return answer, sent


async def test_an_answer_is_given_again_for_one_statement_until_something_is_written(notes):
    assert (await notes.write("one")).status_code == 201
    made, sent = await read_cost(notes)
    assert made.json()["notes"] == 1
    assert len(sent) == 2
    again, sent = await read_cost(notes)
    assert sent == [READ_POSITION]
    assert (again.status_code, again.content) == (200, made.content)
    assert {name: again.headers[name] for name in ("etag", "content-type", "cache-control")} == {
        name: made.headers[name] for name in ("etag", "content-type", "cache-control")
    }
    unchanged, sent = await read_cost(notes, **{"If-None-Match": made.headers["etag"]})
    assert (unchanged.status_code, unchanged.content, sent) == (304, b"", [READ_POSITION])
    head = await notes.client.head("/summary")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", made.headers["etag"])
    assert (await notes.write("two")).status_code == 201
    changed, _ = await read_cost(notes)
    assert changed.json()["notes"] == 2
    assert changed.headers["etag"] != made.headers["etag"]


async def test_a_client_that_always_has_the_content_is_answered_from_the_cache_too(notes):
    tag = (await notes.client.get("/summary?prefix=x")).headers["etag"]
    await notes.write("one")
    known = {"If-None-Match": tag}
    assert (await read_cost(notes, "/summary?prefix=x", **known))[0].status_code == 304
    again, sent = await read_cost(notes, "/summary?prefix=x", **known)
    assert (again.status_code, sent) == (304, [READ_POSITION])
    whole, sent = await read_cost(notes, "/summary?prefix=x")
    assert (whole.status_code, whole.json()["notes"], sent) == (200, 0, [READ_POSITION])
    get_resources(notes.app).get(AnswerCache).clear()
    assert (await read_cost(notes, "/summary?prefix=x", **known))[0].status_code == 304
    whole, sent = await read_cost(notes, "/summary?prefix=x")
    assert (whole.status_code, len(sent)) == (200, 3)  # only that nothing changed was known


async def test_nobody_gets_an_answer_that_was_made_for_others(notes):
    reader, writer = notes.bearer("reader", scopes=["read"]), notes.bearer("writer", scopes=["report"])
    other = notes.bearer("other", scopes=["read"])
    kinds = [{}, {"Accept-Language": "en"}, reader, writer, {**reader, "Accept-Language": "en"}]
    made = [(await notes.client.get("/summary", headers=headers)).json() for headers in kinds]
    again = [(await notes.client.get("/summary", headers=headers)).json() for headers in kinds]
    assert made == again
    assert [(answer["language"], answer["scopes"]) for answer in made] == [
        ("vi", []),
        ("en", []),
        ("vi", ["read"]),
        ("vi", ["report"]),
        ("en", ["read"]),
    ]
    same_rights, sent = await read_cost(notes, **other)
    assert (same_rights.json()["scopes"], sent) == (["read"], [READ_POSITION])
    refused = await notes.client.get("/summary", headers={"Authorization": "Bearer forged"})
    assert refused.status_code == 401
    wrong, _ = await read_cost(notes, Accept="image/png")
    assert wrong.status_code == 406


async def test_parameters_in_another_order_are_one_question_and_others_are_another(notes):
    await notes.write("one")
    first, _ = await read_cost(notes, "/summary?prefix=o&padding=")
    again, sent = await read_cost(notes, "/summary?padding=&prefix=o")
    assert (again.json(), sent) == (first.json(), [READ_POSITION])
    other, sent = await read_cost(notes, "/summary?prefix=t&padding=")
    assert (other.json()["notes"], len(sent)) == (0, 2)
    assert (await notes.client.get("/summary?prefx=o")).status_code == 422
    assert to_canonical_query(b"b=2&a=2&a=1") == b"a=2&a=1&b=2"


async def test_a_coding_is_made_once(notes):
    for coding in ("zstd", "br", "gzip", "identity"):
        first, _ = await read_cost(notes, "/summary?padding=xy", **{"Accept-Encoding": coding})
        again, sent = await read_cost(notes, "/summary?padding=xy", **{"Accept-Encoding": coding})
        assert sent == [READ_POSITION]
        assert again.headers.get("content-encoding", "identity") == coding
        assert again.content == first.content


async def test_a_feed_that_was_restored_and_went_on_otherwise_is_another(notes):
    await notes.write("one")
    assert (await notes.client.get("/summary?prefix=o")).json()["notes"] == 1
    connection = await asyncpg.connect(notes.database.admin_url)
    await connection.execute(f"TRUNCATE {OWNER}.notes, {OWNER}.changes RESTART IDENTITY")
    await connection.close()
    await notes.write("two", key="after the restore")
    assert (await notes.client.get("/summary?prefix=o")).json()["notes"] == 0


async def test_readers_beside_writers_see_what_was_written_before_they_asked(notes):
    async def write_and_read(number):
        assert (await notes.write(f"note {number}", client_id=f"writer-{number}")).status_code == 201
        return (await notes.client.get("/summary")).json()["notes"], number

    async def read():
        return (await notes.client.get("/summary")).json()["notes"]

    for number in range(8):
        (seen, _), *_ = await asyncio.gather(write_and_read(number), *(read() for _ in range(6)))
        assert seen == number + 1


async def test_an_answer_is_kept_until_the_quarter_of_the_hour_ends_or_a_resource_is_replaced(notes):
    resources = get_resources(notes.app)
    await notes.client.get("/summary")
    resources.clock, clock = (lambda: clock() + timedelta(minutes=15)), resources.clock
    _, sent = await read_cost(notes)
    assert len(sent) == 2
    _, sent = await read_cost(notes)
    assert sent == [READ_POSITION]
    resources.put(resources.get(AnswerCache))
    _, sent = await read_cost(notes)
    assert len(sent) == 2
    resources.clock = clock


async def test_the_memory_is_bounded_and_the_hits_are_counted(notes):
    cache = get_resources(notes.app).get(AnswerCache)
    cache.clear()
    cache.limit_bytes = 30_000
    for number in range(30):
        await notes.client.get(f"/summary?prefix={number}&padding=ab")
        assert cache.bytes <= 30_000
    assert (await read_cost(notes, "/summary?prefix=29&padding=ab"))[1] == [READ_POSITION]
    assert len((await read_cost(notes, "/summary?prefix=0&padding=ab"))[1]) == 2
    labels = {"service": "notes", "outcome": "hit"}
    assert (REGISTRY.get_sample_value("ntp_cacheable_answers_total", labels) or 0) > 0
    cache.limit_bytes = 0
    cache.clear()
    assert [len((await read_cost(notes))[1]) for _ in range(2)] == [2, 2]
