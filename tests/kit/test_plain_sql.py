"""A plain statement belongs to the session's transaction as all others do."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from shared.kit.change_feed import lock_feed
from shared.kit.clock import system_clock
from shared.kit.database import Database, join_codes, run_sql
from tests.kit.notes import running_notes
from tests.waiting import poll_until

INSERT_KEY = """
    INSERT INTO answered_requests (client_id, key, content_sha256, received_at) VALUES ($1, $2, '-', $3) RETURNING key
"""
SELECT_KEYS = "SELECT key FROM answered_requests WHERE client_id = $1 ORDER BY key"
LOSE_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'plain-sql'"
)


@pytest.fixture
async def plain(database):
    """The kit's database, opened under a name of its own."""
    opened = Database(database.url("ethnic"), application="plain-sql")
    yield opened
    await opened.close()


async def insert_key(session, client, key):
    return await run_sql(session, INSERT_KEY, client, key, system_clock())


async def read_keys(database, client):
    async with database.reading() as session:
        return [row.key for row in await run_sql(session, SELECT_KEYS, client)]


async def test_the_first_statement_begins_a_transaction_that_is_committed_or_rolled_back_whole(plain):
    async with plain.writing() as session:
        assert [row.key for row in await insert_key(session, "begun", "1")] == ["1"]
        assert await read_keys(plain, "begun") == []
        await session.execute(text("SELECT 1"))
        await insert_key(session, "begun", "2")
    assert await read_keys(plain, "begun") == ["1", "2"]
    async with plain.writing() as session:
        await insert_key(session, "begun", "3")
        await session.rollback()
    with pytest.raises(RuntimeError):
        async with plain.writing() as session:
            await insert_key(session, "begun", "4")
            raise RuntimeError
    assert await read_keys(plain, "begun") == ["1", "2"]


async def test_a_savepoint_that_fails_is_rolled_back_and_what_follows_is_kept(plain):
    async with plain.writing() as session:
        await insert_key(session, "saved", "1")
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await insert_key(session, "saved", "2")
                await insert_key(session, "saved", "1")
        await insert_key(session, "saved", "3")
    assert await read_keys(plain, "saved") == ["1", "3"]


async def test_a_session_that_rolled_back_reads_in_a_new_snapshot(plain):
    async with plain.reading() as session:
        before = await run_sql(session, SELECT_KEYS, "again")
        await session.rollback()
        async with plain.writing() as other:
            await insert_key(other, "again", "1")
            unseen = await run_sql(session, SELECT_KEYS, "again")
        assert (list(before), list(unseen)) == ([], [])
        await session.rollback()
        assert [row.key for row in await run_sql(session, SELECT_KEYS, "again")] == ["1"]


async def test_errors_name_the_constraint_and_never_the_values(plain):
    async with plain.writing() as session:
        await insert_key(session, "wrong", "a-secret-key")
        with pytest.raises(IntegrityError) as refusal:
            await insert_key(session, "wrong", "a-secret-key")
        cause = refusal.value.orig and refusal.value.orig.__cause__
        assert getattr(cause, "constraint_name", None) == "pk_answered_requests"
        assert "a-secret-key" not in str(refusal.value).partition("DETAIL")[0]
        assert "[SQL parameters hidden" in str(refusal.value)
        await session.rollback()
    async with plain.writing() as session:
        with pytest.raises(ProgrammingError):
            await run_sql(session, "SELECT no_such_function()")
        await session.rollback()


async def test_a_missing_value_is_refused_and_not_sent_as_null(plain):
    async with plain.writing() as session:
        with pytest.raises(DBAPIError):
            await run_sql(session, INSERT_KEY, "forgetful", "1")
        await session.rollback()


async def test_a_connection_that_is_lost_is_reported_and_not_used_again(database, plain):
    async with running_notes(database) as notes:
        with pytest.raises(DBAPIError) as lost:
            async with plain.writing() as session:
                await lock_feed(session, system_clock)
                await notes.sql(LOSE_CONNECTIONS)
                connection = await (await session.connection()).get_raw_connection()
                await poll_until(connection.driver_connection.is_closed)
                await insert_key(session, "cut", "1")
        assert lost.value.connection_invalidated
        async with plain.writing() as session:
            await insert_key(session, "cut", "2")
    assert await read_keys(plain, "cut") == ["2"]


async def test_values_arrive_with_their_types_and_json_as_text(plain):
    instant = system_clock()
    statement = "SELECT $1::numeric, $2::timestamptz, $3::date, $4::jsonb ->> 'a', $5::int[], $6::text"
    values = (Decimal("1.50"), instant, date(2023, 12, 31), '{"a": "b"}', [1, None], None)
    async with plain.reading() as session:
        (row,) = await run_sql(session, statement, *values)
    assert tuple(row) == (Decimal("1.50"), instant, date(2023, 12, 31), "b", [1, None], None)


async def test_a_statement_without_rows_returns_none(plain):
    async with plain.writing() as session:
        assert not await run_sql(session, "DELETE FROM answered_requests WHERE client_id = $1", "nobody")


@pytest.mark.parametrize("codes", [[], ["610"], ["610", "23500.01", "Đắk Hà", "two words"]])
async def test_joined_codes_are_split_again_by_the_statement(plain, codes):
    async with plain.reading() as session:
        ((split,),) = await run_sql(session, "SELECT string_to_array($1, ',')", join_codes(codes))
        assert split == codes
