"""One request, one transaction, committed before the answer."""

import asyncio
from datetime import UTC, datetime

import pytest

from shared.kit.database import UnitOfWork
from shared.kit.identity import ANONYMOUS
from shared.kit.schema_revisions import NotStartedError
from shared.kit.transactions import TransactionRequest
from tests.application import get_database
from tests.kit.notes import REFUSE_AT_COMMIT, NoteRow, running_notes
from tests.postgres import set_for_role

pytestmark = pytest.mark.anyio

NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)


async def test_an_answered_write_is_committed(database):
    async with running_notes(database) as notes:
        answer = await notes.write("kept")
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"/notes/{answer.json()['id']}"
        assert await notes.count("notes") == 1
        assert await notes.count("changes") == 1
        assert await notes.count("answered_requests") == 1


async def test_a_failed_commit_is_never_answered_as_a_success(database):
    async with running_notes(database) as notes:
        await notes.sql(REFUSE_AT_COMMIT)
        answer = await notes.write("lost", key="the-key")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "internal_error"
        assert "secret-host" not in answer.text
        for table in ("notes", "changes", "answered_requests"):
            assert await notes.count(table) == 0, table

        await notes.sql("DROP TRIGGER refuse ON ethnic.notes")
        again = await notes.write("lost", key="the-key")
        assert again.status_code == 201, "the failed request burned its key"
        assert "idempotent-replay" not in again.headers


async def test_a_failed_commit_of_a_put_is_not_answered_as_a_success(database):
    async with running_notes(database) as notes:
        written = (await notes.write("first")).json()
        await notes.sql(REFUSE_AT_COMMIT)
        answer = await notes.client.put(f"/notes/{written['id']}", json={"count": 5}, headers=notes.bearer())
        assert answer.status_code == 500
        listed = await notes.client.get("/notes")
        assert [note["text"] for note in listed.json()["items"]] == ["first"]


async def test_a_refused_request_rolls_back_what_it_wrote(database):
    async with running_notes(database) as notes:
        answer = await notes.write("refused", body={"lines": [{"word": "bad"}]})
        assert answer.status_code == 422
        for table in ("notes", "changes", "answered_requests"):
            assert await notes.count(table) == 0, table


async def test_a_dry_run_answers_the_same_and_keeps_nothing_not_even_its_key(database):
    async with running_notes(database) as notes:
        tried = await notes.write("dry", key="dry-key", params={"dry_run": True})
        assert tried.status_code == 200
        assert "location" not in tried.headers
        assert tried.json()["text"] == "dry"
        for table in ("notes", "changes", "answered_requests"):
            assert await notes.count(table) == 0, table
        written = await notes.write("dry", key="dry-key")
        assert written.status_code == 201
        assert "idempotent-replay" not in written.headers
        assert await notes.count("notes") == 1


async def test_a_violated_constraint_is_the_problem_that_the_service_names(database):
    async with running_notes(database) as notes:
        await notes.write("twice")
        answer = await notes.write("twice")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "text_taken"


async def test_a_read_cannot_write(database):
    async with running_notes(database) as notes, get_database(notes.app).reading() as session:
        with pytest.raises(Exception, match="read-only"):
            await session.execute(_insert())


async def test_a_read_sees_one_snapshot_whatever_is_written_meanwhile(database):
    from sqlalchemy import text

    async with running_notes(database) as notes:
        async with get_database(notes.app).reading() as session:
            before = await session.scalar(text("SELECT count(*) FROM notes"))
            assert (await notes.write()).status_code == 201
            assert await session.scalar(text("SELECT count(*) FROM notes")) == before
        assert await notes.count("notes") == before + 1


@pytest.mark.own_database
async def test_a_writer_that_waits_too_long_is_answered_busy(database):
    await set_for_role(database, "ethnic", "lock_timeout = 200")
    async with running_notes(database) as notes:
        slow = asyncio.create_task(notes.write("slow", params={"held": True}))
        await notes.gate.reached.wait()
        hasty = await notes.write("hasty", key="hasty")
        assert hasty.status_code == 503
        assert hasty.json()["code"] == "busy"
        assert hasty.headers["retry-after"] == "1"
        notes.gate.opened.set()
        assert (await slow).status_code == 201
        assert (await notes.write("hasty", key="hasty")).status_code == 201


@pytest.mark.own_database
async def test_a_write_that_reaches_a_standby_is_503_and_reads_go_on(database):
    await set_for_role(database, "ethnic", "default_transaction_read_only = on")
    async with running_notes(database) as notes:
        refused = await notes.write("note", key="kept")
        assert (refused.status_code, refused.json()["code"]) == (503, "database_read_only")
        assert refused.headers["retry-after"] == "2"
        assert (await notes.client.get("/notes")).status_code == 200


@pytest.mark.own_database
async def test_a_role_without_limits_of_time_does_not_start_a_service(database):
    await set_for_role(database, "ethnic", "statement_timeout = 0")
    await set_for_role(database, "ethnic", "timezone = 'Asia/Ho_Chi_Minh'")
    with pytest.raises(
        NotStartedError,
        match=r"ALTER ROLE ethnic SET statement_timeout = '\d+'; ALTER ROLE ethnic SET TimeZone",
    ):
        async with running_notes(database):
            pass


async def test_a_service_reconnects_after_its_connections_were_lost(database):
    async with running_notes(database) as notes:
        assert (await notes.client.get("/notes")).status_code == 200
        await notes.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'ethnic'"
        )
        cut = await notes.client.get("/notes")
        assert cut.status_code in (200, 503), cut.text
        assert (await notes.client.get("/notes")).status_code == 200


def _insert():
    from sqlalchemy import text

    return text("INSERT INTO notes (written_at, text) VALUES (now(), 'x')")


async def test_the_write_before_the_commit_comes_last_and_is_left_out_of_a_dry_run(database):
    async with running_notes(database) as notes:
        done = []

        async def write(*, fails=False, dry_run=False):
            async def write_last():
                done.append("last")
                unit.session.add(NoteRow(text="last", written_at=NOON))
                await unit.session.flush()
                if fails:
                    raise OSError("lost")

            async with UnitOfWork.writing(get_database(notes.app), lambda: NOON, ANONYMOUS) as unit:
                unit.before_commit(write_last)
                unit.session.add(NoteRow(text="first", written_at=NOON))
                unit.dry_run = dry_run
                done.append("first")

        await write(dry_run=True)
        assert (done, await notes.count("notes")) == (["first"], 0)
        with pytest.raises(OSError, match="lost"):
            await write(fails=True)
        assert (done, await notes.count("notes")) == (["first", "first", "last"], 0)
        await write()
        assert await notes.count("notes") == 2


async def test_only_one_write_can_be_put_off_to_the_commit(database):
    async with (
        running_notes(database) as notes,
        UnitOfWork.writing(get_database(notes.app), lambda: NOON, ANONYMOUS) as unit,
    ):
        unit.before_commit(unit.session.flush)
        with pytest.raises(RuntimeError, match="already"):
            unit.before_commit(unit.session.flush)


async def test_a_discarded_unit_of_work_keeps_nothing_and_does_not_write_last(database):
    async with running_notes(database) as notes:
        async with UnitOfWork.writing(get_database(notes.app), lambda: NOON, ANONYMOUS) as unit:
            unit.session.add(NoteRow(text="discarded", written_at=NOON))
            await unit.session.flush()
            unit.before_commit(pytest.fail)
            unit.discard()
        assert await notes.count("notes") == 0


def test_a_route_without_a_unit_of_work_fails_with_a_reason():
    request = TransactionRequest({"type": "http", "headers": []})
    with pytest.raises(RuntimeError, match="TransactionRoute"):
        assert request.unit_of_work


async def test_a_dry_run_of_an_update_keeps_nothing(database):
    async with running_notes(database) as notes:
        note = (await notes.write("kept")).json()
        address, headers = f"/notes/{note['id']}", notes.bearer()
        query = {"dry_run": "true"}
        checked = await notes.client.put(address, json={"count": 7}, headers=headers, params=query)
        assert (checked.status_code, checked.json()["text"]) == (200, "note 7")
        assert [row["text"] for row in (await notes.client.get("/notes")).json()["items"]] == ["kept"]


async def test_a_misspelt_dry_run_keeps_nothing(database):
    async with running_notes(database) as notes:
        refused = await notes.write("kept", params={"dryrun": "true"}, headers={"Accept-Language": "en"})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_parameter")
        (fault,) = refused.json()["errors"]
        assert fault["pointer"] == "/query/dryrun"
        assert fault["detail"] == "There is no parameter “dryrun”; the nearest is “dry_run”."
        assert await notes.count("notes") == 0


async def test_thousands_of_unknown_parameters_are_counted(database):
    async with running_notes(database) as notes:
        query = {f"colour{number}": "red" for number in range(500)} | {"colour" * 50: "blue"}
        refused = (await notes.client.get("/notes", params=query)).json()
        assert refused["code"] == "unknown_parameter"
        assert [fault["code"] for fault in refused["errors"]] == ["unknown_parameter"] * 20 + ["more_faults"]
