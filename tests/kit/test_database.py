"""Lists of codes, passed as one text, and the connection that is kept for single statements."""

import asyncpg
import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.engine.default import DefaultDialect

from shared.kit.database import Codes, Database

TAKEN_APART = text("SELECT CAST(:codes AS text[])").bindparams(bindparam("codes", type_=Codes))


@pytest.mark.parametrize("codes", [[], ["610"], ["610", "23500.01", "Đắk Hà", "two words"], None])
async def test_codes_arrive_as_they_were_sent(common_database, codes):
    database = Database(common_database.url("rural"))
    async with database.reading() as session:
        assert await session.scalar(TAKEN_APART, {"codes": codes}) == codes
    await database.close()


@pytest.mark.parametrize("codes", [["610,611"], ["610", "a,"], [","]])
def test_a_code_with_a_comma_is_refused(codes):
    with pytest.raises(ValueError, match="comma"):
        Codes().process_bind_param(codes, DefaultDialect())


@pytest.mark.own_database
async def test_the_kept_connection_is_replaced_where_it_broke_and_a_faulty_statement_is_told(database):
    kept = Database(database.url("rural"), pool_size=2)
    (first,) = await kept.fetch_row("SELECT pg_backend_pid()")
    assert await kept.fetch_row("SELECT pg_backend_pid()") == (first,)
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("SELECT pg_terminate_backend($1, 5000)", first)
    await admin.close()
    (second,) = await kept.fetch_row("SELECT pg_backend_pid()")
    assert second != first
    with pytest.raises(ConnectionError, match="no_such_table"):
        await kept.fetch_row("SELECT 1 FROM no_such_table")
    assert kept.count_connections()[0] == 0
    assert await kept.fetch_row("SELECT 1") == (1,)
    assert kept.count_connections()[0] == 1
    await kept.close()
    assert kept.count_connections()[0] == 0
