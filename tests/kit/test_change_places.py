"""The place of a write in the change feed, and reads of a standby that must include it."""

import asyncpg
import pytest
from fastapi import Request

from shared.kit.change_places import ReadReplica, format_places, read_places
from shared.kit.problems import Malformed
from shared.kit.resources import get_resources
from tests.kit.notes import running_notes

pytestmark = pytest.mark.anyio


def make_request(*fields: tuple[str, str], query: str = "") -> Request:
    headers = [(name.lower().encode(), value.encode()) for name, value in fields]
    return Request(
        {"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": query.encode()}
    )


def test_places_are_a_dictionary_of_numbers() -> None:
    assert read_places(make_request()) == {}
    assert format_places({"poverty": 157, "rural": 2}) == "poverty=157, rural=2"
    several = make_request(("NTP-After", "poverty=157, rural=2"), ("NTP-After", "ethnic=0"))
    assert read_places(several) == {"poverty": 157, "rural": 2, "ethnic": 0}
    for text in ("poverty=x", "poverty", "poverty=1.5", "poverty=-1", "poverty=(1 2)", "=", "poverty=1,,"):
        with pytest.raises(Malformed):
            read_places(make_request(("NTP-After", text)))


async def test_a_write_names_its_place_and_a_refusal_none(database):
    async with running_notes(database) as notes:
        first, second = await notes.write("first"), await notes.write("second")
        assert [note.headers["ntp-change"] for note in (first, second)] == ["notes=1", "notes=2"]
        refused = await notes.client.post("/notes", json={"text": "x"})
        assert "ntp-change" not in refused.headers
        position = (await notes.client.get("/position")).json()
        assert position["newest"] == 2
        assert "ntp-change" not in (await notes.client.get("/notes")).headers


@pytest.mark.own_database
async def test_a_standby_answers_public_reads_that_it_has_replayed(database):
    async with running_notes(database, read_database_url=database.url("ethnic")) as notes:
        await notes.write("note")
        replica = get_resources(notes.app).get(ReadReplica)
        assert await replica.serves(make_request())
        assert await replica.serves(make_request(("NTP-After", "notes=1, rural=9")))
        assert not await replica.serves(make_request(("NTP-After", "notes=2")))
        assert not await replica.serves(make_request(("Authorization", "Bearer x")))
        assert not await replica.serves(make_request(query="as_of=2024-01-01T00:00:00Z"))
        assert (await notes.client.get("/notes", headers={"NTP-After": "notes=9"})).status_code == 200
        await replica.database.close()
        admin = await asyncpg.connect(database.server)
        await admin.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        assert not await replica.serves(make_request())
        await admin.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")
        await admin.close()
