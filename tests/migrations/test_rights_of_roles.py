"""What the role of a service may not do in the database, tried as the role."""

import asyncpg
import pytest

from tests.postgres import Server, TestDatabase

REPORT = """
    INSERT INTO reports (id, year, unit, period, form, state, client_id, received_at, state_at, content_sha256,
                         receipt_code, nil, evidence, counts, units, standard)
    VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', 2024, '610', '2024', 'annual_review', 'submitted', 'd', now(), now(),
            repeat('a', 64), 'P-TEST', false, '[]', '{}', '{610}', '')
"""
REVIEW = """
    INSERT INTO reviews (report_id, action, client_id, at, content_sha256)
    SELECT id, $1, 'reviewer', state_at, content_sha256 FROM reports
"""
ACCEPT = "UPDATE reports SET state = 'accepted', state_at = clock_timestamp()"


def to_url(database: TestDatabase, owner: str) -> str:
    return database.url(owner).replace("+asyncpg", "")


@pytest.fixture
def owners() -> tuple[str, ...]:
    return ("rural", "poverty", "ethnic", "funding", "oversight", "papers", "gateway")


async def test_a_role_makes_nothing_and_enters_no_other_database(
    common_database: TestDatabase, postgres_server: Server, owners: tuple[str, ...]
) -> None:
    for owner in owners:
        url = to_url(common_database, owner)
        connection = await asyncpg.connect(url)
        try:
            for statement in (
                "CREATE TEMP TABLE t (a int)",
                "CREATE TABLE t (a int)",
                "SELECT lo_create(0)",
                "SELECT lo_from_bytea(0, 'x')",
                "CREATE SCHEMA s",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await connection.close()
        for other in ("postgres", "template1"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(url.replace(f"/{common_database.name}", f"/{other}"))


async def test_the_claim_of_a_voucher_is_deleted_by_no_role(common_database: TestDatabase) -> None:
    connection = await asyncpg.connect(to_url(common_database, "funding"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM vouchers")
        await connection.execute("SELECT release_vouchers('{x}')")
    finally:
        await connection.close()


async def test_the_totals_of_lots_are_written_by_no_role(common_database: TestDatabase) -> None:
    connection = await asyncpg.connect(to_url(common_database, "funding"))
    try:
        for statement in (
            "UPDATE lots SET allocated_vnd = 1",
            "UPDATE lots SET opening_balance_vnd = opening_balance_vnd",
            "INSERT INTO lots (year, allocated_vnd) VALUES (2023, 1)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_state_of_a_report_has_its_review(database: TestDatabase) -> None:
    connection = await asyncpg.connect(to_url(database, "poverty"))
    try:
        for statements in ((REPORT,), (REPORT, ACCEPT)):
            with pytest.raises(asyncpg.CheckViolationError, match="without a review"):
                async with connection.transaction():
                    for statement in statements:
                        await connection.execute(statement)
        async with connection.transaction():
            await connection.execute(REPORT)
            await connection.execute(REVIEW, "submitted")
        with pytest.raises(asyncpg.CheckViolationError, match="without a review"):
            await connection.execute(ACCEPT)
        with pytest.raises(asyncpg.CheckViolationError, match="without a review"):
            async with connection.transaction():
                await connection.execute(ACCEPT)
                await connection.execute(REVIEW, "returned")
        async with connection.transaction():
            await connection.execute(ACCEPT)
            await connection.execute(REVIEW, "accepted")
    finally:
        await connection.close()
