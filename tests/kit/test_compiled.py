"""Statements that are handed to the driver belong to the session's transaction as all others do."""

import asyncio

import pytest
from sqlalchemy import DateTime, Text, bindparam, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from shared.kit.change_feed import lock_feed
from shared.kit.clock import system_clock
from shared.kit.compiled import Compiled
from shared.kit.database import Database, keep_nothing
from tests.kit.notes import running_notes

CLAIM = Compiled(
    text(
        "INSERT INTO answered_requests (client_id, key, content_sha256, received_at) VALUES (:client, :key, '-', :at) RETURNING key"
    ).bindparams(
        bindparam("client", type_=Text),
        bindparam("key", type_=Text),
        bindparam("at", type_=DateTime(timezone=True)),
    )
)
KEYS = Compiled(
    text("SELECT key FROM answered_requests WHERE client_id = :client ORDER BY key").bindparams(
        bindparam("client", type_=Text)
    )
)


@pytest.fixture
async def here(database):
    opened = Database(database.url("ethnic"), application="compiled")
    yield opened
    await opened.close()


async def claim(session, client, key):
    return await CLAIM.rows(session, {"client": client, "key": key, "at": system_clock()})


async def keys(here, client):
    async with here.reading() as session:
        return [row["key"] for row in await KEYS.rows(session, {"client": client})]


async def test_the_first_statement_begins_a_transaction_that_is_committed_or_rolled_back_whole(here):
    async with here.writing() as session:
        assert [row["key"] for row in await claim(session, "begun", "1")] == ["1"]
        assert await keys(here, "begun") == []
        await session.execute(text("SELECT 1"))
        await claim(session, "begun", "2")
    assert await keys(here, "begun") == ["1", "2"]
    async with here.writing() as session:
        await claim(session, "begun", "3")
        keep_nothing(session)
    with pytest.raises(RuntimeError):
        async with here.writing() as session:
            await claim(session, "begun", "4")
            raise RuntimeError
    assert await keys(here, "begun") == ["1", "2"]


async def test_what_is_done_in_a_savepoint_goes_with_it_and_what_follows_stays(here):
    async with here.writing() as session:
        await claim(session, "saved", "1")
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await claim(session, "saved", "2")
                await claim(session, "saved", "1")
        await claim(session, "saved", "3")
    assert await keys(here, "saved") == ["1", "3"]


async def test_a_session_that_rolls_back_and_goes_on_does_so_on_a_connection_of_its_own(here):
    async with here.reading() as session:
        before = await KEYS.rows(session, {"client": "again"})
        await session.rollback()
        async with here.writing() as other:
            await claim(other, "again", "1")
            seen = await KEYS.rows(session, {"client": "again"})
        assert (list(before), list(seen)) == ([], [])
        await session.rollback()
        assert [row["key"] for row in await KEYS.rows(session, {"client": "again"})] == ["1"]


async def test_errors_are_those_that_sqlalchemy_raises_without_the_values_that_were_sent(here):
    async with here.writing() as session:
        await claim(session, "wrong", "a-secret-key")
        with pytest.raises(IntegrityError) as refused:
            await claim(session, "wrong", "a-secret-key")
        assert refused.value.params is None
        keep_nothing(session)
    async with here.writing() as session:
        with pytest.raises(ProgrammingError):
            await Compiled(text("SELECT nothing_of_this_name()")).rows(session, {})
        keep_nothing(session)


async def test_a_value_that_was_forgotten_is_refused_and_not_sent_as_null(here):
    async with here.writing() as session:
        with pytest.raises(KeyError):
            await CLAIM.rows(session, {"client": "forgetful", "at": system_clock()})


async def test_a_connection_that_is_cut_in_between_is_told_as_lost_and_not_used_again(database, here):
    async with running_notes(database) as notes:
        with pytest.raises(DBAPIError) as lost:
            async with here.writing() as session:
                await lock_feed(session, system_clock)
                await notes.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'compiled'"
                )
                await asyncio.sleep(0.05)
                await claim(session, "cut", "1")
        assert lost.value.connection_invalidated
        async with here.writing() as session:
            await claim(session, "cut", "2")
    assert await keys(here, "cut") == ["2"]
