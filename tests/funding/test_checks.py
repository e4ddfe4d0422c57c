"""The balances that the code calls valid are those that the database accepts."""

import asyncio

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.funding.ledger import AMOUNT_NAMES, Amounts

near = st.one_of(st.integers(-1, 3), st.integers(0, 2))
amounts = st.builds(Amounts, *(near for _ in AMOUNT_NAMES))


@pytest.fixture(scope="module")
def checks(common_database):
    """The CHECK constraints of a lot's amounts, as the migrated database has them; and the way to ask it."""

    async def read():
        connection = await asyncpg.connect(common_database.admin_url)
        rows = await connection.fetch(
            "SELECT pg_get_expr(conbin, conrelid) AS expression FROM pg_constraint"
            " WHERE conrelid = 'funding.lots'::regclass AND contype = 'c'"
            " AND conname IN ('ck_lots_not_negative', 'ck_lots_within_available', 'ck_lots_promised_within_left')"
        )
        await connection.close()
        return [row["expression"] for row in rows]

    expressions = asyncio.run(read())
    assert len(expressions) == 3
    return common_database.admin_url, " AND ".join(f"({expression})" for expression in expressions)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(many=st.lists(amounts, min_size=20, max_size=60))
@example(
    many=[Amounts(), Amounts(allocated_vnd=2, disbursed_vnd=2), Amounts(allocated_vnd=2, reserved_vnd=3)]
)
def test_code_and_database_agree_on_valid_balances(checks, many):
    url, expression = checks

    async def judged():
        connection = await asyncpg.connect(url)
        columns = ", ".join(f"unnest(${at}::bigint[]) AS {name}" for at, name in enumerate(AMOUNT_NAMES, 1))
        values = [[getattr(history, name) for history in many] for name in AMOUNT_NAMES]
        rows = await connection.fetch(
            f"SELECT {expression} AS sound FROM (SELECT {columns}) AS lots", *values
        )
        await connection.close()
        return [row["sound"] for row in rows]

    assert asyncio.run(judged()) == [history.is_valid for history in many]
